/**
 * A request under way: its two starts, and when its last chunk came.
 *
 * One object a request: it is what `send` tells of chunks, and what the tally accounts for.
 */
import type { LoadRequest } from "./load-options.ts";
import type { Started } from "./load-tally.ts";

/** Who has the time and the account. */
export interface ChunkTimer {
  /** A part of an answer came; returns when. */
  chunk(request: Started, previousMs: number | undefined): number;
}

/** A request under way. */
export class SentRequest implements LoadRequest, Started {
  readonly intendedAtMs: number;
  readonly sentAtMs: number;
  readonly isHeld: boolean;
  readonly #run: ChunkTimer;
  #chunkAtMs: number | undefined = undefined;

  constructor(run: ChunkTimer, intendedAtMs: number, sentAtMs: number, isHeld: boolean) {
    this.#run = run;
    this.intendedAtMs = intendedAtMs;
    this.sentAtMs = sentAtMs;
    this.isHeld = isHeld;
  }

  chunk(): void {
    this.#chunkAtMs = this.#run.chunk(this, this.#chunkAtMs);
  }
}
