/**
 * The producing end of a stream: drives a handler's generator under its consumer's credit.
 *
 * Owns: how far the generator may go. The handler is done when the generator is, so that an actor
 * handles nothing else meanwhile.
 *
 * I1: never sends a chunk beyond the credit.
 * I2: a consumer that left gets nothing more; the generator's `finally` blocks run.
 */

import type { CopyMessage, NotPlain } from "../plain-data.ts";
import type { Result } from "../result.ts";
import { TroupeError } from "../troupe-error.ts";
import type { AnyContext, OperationHandler } from "./behavior.ts";
import { Deferred } from "./deferred.ts";
import type { ChunkSink, Upstream } from "./message.ts";
import { validated } from "./validation.ts";

/** What a stream handler returns. */
export type ChunkGenerator = AsyncGenerator<unknown, unknown, undefined>;

/** Lets sends from the generator's synchronous parts be attributed to its actor. */
export interface Running {
  current: AnyContext | undefined;
  readonly copyMessage: CopyMessage | undefined;
  copied(value: unknown): Result<unknown, NotPlain>;
}

/** Drives one generator. */
export class StreamProducer implements Upstream {
  readonly #handler: OperationHandler;
  readonly #generator: ChunkGenerator;
  readonly #sink: ChunkSink;
  #credit = 0;
  #sent = 0;
  #isCancelled: boolean = false;
  #wake: Deferred<void> | undefined;

  constructor(handler: OperationHandler, generator: ChunkGenerator, sink: ChunkSink) {
    this.#handler = handler;
    this.#generator = generator;
    this.#sink = sink;
    sink.attach(this);
  }

  credit(total: number): void {
    if (total <= this.#credit) return;
    this.#credit = total;
    this.#wake?.resolve();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#wake?.resolve();
  }

  /**
   * Drives the generator to its end and returns its result.
   *
   * @throws what the generator throws; `ask.cancelled` when the consumer left; `ask.invalid` when a
   *   chunk does not fit its schema
   */
  async run(running: Running, ctx: AnyContext): Promise<unknown> {
    try {
      for (;;) {
        if (this.#isCancelled) throw consumerLeft();
        if (this.#sent >= this.#credit) {
          this.#wake = new Deferred<void>();
          await this.#wake.promise;
          this.#wake = undefined;
          continue;
        }
        running.current = ctx;
        const pending = this.#generator.next();
        running.current = undefined;
        const step = await pending;
        if (this.#isCancelled) throw consumerLeft();
        if (step.done) return step.value;
        this.#sink.chunk(++this.#sent, this.#checked(running, step.value));
      }
    } catch (error) {
      // Its `finally` blocks run; what they throw must not hide why it ended.
      await this.#generator.return(undefined).catch(() => {});
      throw error;
    }
  }

  #checked(running: Running, value: unknown): unknown {
    const { chunk, type } = this.#handler;
    if (chunk === undefined && running.copyMessage === undefined) return value;
    const copied = running.copied(value);
    if (!copied.ok) {
      const { code, why } = copied.error;
      throw new TroupeError(code, `a chunk of ${type}: ${why}`, { outcome: "failed" });
    }
    const checked = validated(chunk, copied.value);
    if (checked.ok) return checked.value;
    throw new TroupeError("ask.invalid", `a chunk of ${type}: ${checked.error}`, {
      outcome: "failed",
    });
  }
}

function consumerLeft(): TroupeError {
  return new TroupeError("ask.cancelled", "the consumer left the stream");
}
