/**
 * The streams of a store that stands on a few of them: there when they are needed.
 *
 * Owns: making them at the first use, and anew when the server has lost them; publishing to them until it
 * is known that the message is stored. What the streams are like is their store's.
 *
 * I1: what is published under an id of its own, or replaces what stood in its place, may be repeated: one
 *     whose acknowledgement was lost is sent again, three times at the most.
 * I2: what nobody was there to hear had no effect. It is sent again for as long as the call may take, and
 *     before that the streams are looked for: they may be gone.
 */
import {
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamPublishOptions,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Clock } from "../../runtime/ports/clock.ts";
import { HEARD_AGAIN_MS } from "./election.ts";
import { isInDoubt, isUnheard, storeFailure } from "./store-failure.ts";

/** What {@link StandingStreams} are made of. */
export interface StandingStreamsSetting {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** How long one request may take. A publish makes at most three. */
  readonly timeoutMs: number;
  /** Names them in errors. */
  readonly what: string;
  /** Makes those that are missing. */
  readonly make: (manager: JetStreamManager) => Promise<void>;
}

const MOST_TRIES = 3;

/** Streams of a store; see the file's header. */
export class StandingStreams {
  readonly client: JetStreamClient;
  readonly #setting: StandingStreamsSetting;
  #opened: Promise<JetStreamManager> | undefined;

  constructor(setting: StandingStreamsSetting) {
    const { connection, timeoutMs } = setting;
    this.client = jetstream(connection, { timeout: timeoutMs, checkAPI: false });
    this.#setting = setting;
  }

  /**
   * Resolves when they are there.
   *
   * @throws {TroupeError} `store.unavailable` or `nats.too-old`
   */
  open(): Promise<JetStreamManager> {
    this.#opened ??= this.#open().catch((thrown: unknown) => {
      this.#opened = undefined; // the next caller tries again
      throw storeFailure(`${this.#setting.what} could not be opened`, thrown);
    });
    return this.#opened;
  }

  /** The server has lost one: the next call makes it anew. */
  lost(): void {
    this.#opened = undefined;
  }

  /**
   * Publishes until it is known to be stored; what is thrown is the server's last word.
   *
   * @param marks - its message id or headers
   * @returns `duplicate` when the server knew its id already, and not from this call
   */
  async publish(
    subject: string,
    bytes: Uint8Array,
    marks: Partial<Pick<JetStreamPublishOptions, "msgID" | "headers">>,
  ): Promise<"accepted" | "duplicate"> {
    const { clock, timeoutMs } = this.#setting;
    const untilMs = clock.monotonicMs() + MOST_TRIES * timeoutMs;
    let inDoubt = false;
    for (let tries = 1; ; ) {
      await this.open();
      try {
        const { duplicate } = await this.client.publish(subject, bytes, {
          ...marks,
          timeout: timeoutMs,
        });
        // Known again after a doubt: it is our own first try.
        return duplicate && !inDoubt ? "duplicate" : "accepted";
      } catch (thrown) {
        if (isUnheard(thrown) && clock.monotonicMs() + HEARD_AGAIN_MS < untilMs) {
          this.lost(); // I2
          await new Promise<void>((resolve) => clock.after(HEARD_AGAIN_MS, resolve));
          continue;
        }
        if (!isInDoubt(thrown) || tries === MOST_TRIES) throw thrown;
        tries++;
        inDoubt = true;
      }
    }
  }

  async #open(): Promise<JetStreamManager> {
    const { connection, timeoutMs, make } = this.#setting;
    const manager = await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false });
    await make(manager);
    return manager;
  }
}
