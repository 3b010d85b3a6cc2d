/** A stream that a test produces: chunks as it pushes them, then a result or a failure. */

type End =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly data: unknown };

/** The producing side of a probe's stream; ends when its consumer gives up. */
export class ProbeStream {
  readonly #signal: AbortSignal;
  readonly #refuse: (code: string, data: unknown) => never;
  readonly #chunks: unknown[] = [];
  #end: End | undefined;
  #changed: () => void = () => {};

  /**
   * @param signal - aborts when nobody reads any more
   * @param refuse - breaks the stream with a code, from within its handler
   */
  constructor(signal: AbortSignal, refuse: (code: string, data: unknown) => never) {
    this.#signal = signal;
    this.#refuse = refuse;
  }

  /** Sends a chunk. */
  push(chunk: unknown): void {
    this.#chunks.push(chunk);
    this.#changed();
  }

  /** Ends the stream with its result. */
  resolve(value: unknown): void {
    this.#finish({ ok: true, value });
  }

  /** Breaks the stream. */
  fail(code: string, data: unknown): void {
    this.#finish({ ok: false, code, data });
  }

  /** What the actor's handler returns. */
  async *chunks(): AsyncGenerator<unknown, unknown> {
    const abort = () => this.#changed();
    this.#signal.addEventListener("abort", abort);
    try {
      while (!this.#signal.aborted) {
        if (this.#chunks.length > 0) yield this.#chunks.shift();
        else if (this.#end?.ok === true) return this.#end.value;
        else if (this.#end !== undefined) this.#refuse(this.#end.code, this.#end.data);
        else
          await new Promise<void>((resolve) => {
            this.#changed = resolve;
          });
      }
      return undefined;
    } finally {
      this.#signal.removeEventListener("abort", abort);
    }
  }

  #finish(end: End): void {
    this.#end ??= end;
    this.#changed();
  }
}
