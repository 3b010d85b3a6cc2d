/**
 * Lets a bounded number of batches be under way at a time; the others wait in order.
 *
 * A server drops what exceeds 50 per stream without a word, and whoever committed it waits for nothing.
 */

/** A gate with room for a number of batches. */
export class BatchGate {
  readonly #waiting: (() => void)[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  /** Runs `batch` when there is room; each ends by its own deadline, so each wait does. */
  async through<T>(batch: () => Promise<T>): Promise<T> {
    if (this.#room > 0) this.#room--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await batch();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#room++;
      else next();
    }
  }
}
