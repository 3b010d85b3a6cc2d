/**
 * The root supervisor's record: its children's specs and restarts, kept for whoever runs it next.
 *
 * Owns: writing it. What is in it is `root-crew.ts`'s business.
 *
 * W1: writes follow one another, each with everything that is known when it begins.
 * W2: after a write of unknown outcome the record is claimed anew before the next try; whoever was
 *     overtaken by a later activation writes nothing more.
 */
import type { Activation } from "../activation.ts";
import { Stale } from "../kernel/ask-error.ts";
import { Delay } from "../kernel/delay.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { persistenceIdOf } from "../persistence/persistence-id.ts";
import { stateCopy } from "../persistence/state-copy.ts";
import { StateStore } from "../persistence/state-store.ts";
import { type KeptChild, type KeptChildren, Root } from "./root-protocol.ts";

const VERSION = 1;
const WHAT = "what the root supervisor keeps";
const TRIES = 5;
const PAUSE_MS = 500;

/** The record; see the file's header. */
export class RootRecord {
  readonly #kernel: Kernel;
  readonly #activation: Activation | undefined;
  #store: StateStore | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(kernel: Kernel, activation: Activation | undefined) {
    this.#kernel = kernel;
    this.#activation = activation;
  }

  /** Claims it, and reads it. */
  async claim(): Promise<readonly KeptChild[]> {
    const { keyValues } = this.#kernel.ports;
    const id = persistenceIdOf(Root.name, this.#activation, undefined, undefined);
    const { store, record } = await StateStore.claim(keyValues, id, this.#activation, VERSION);
    this.#store = store;
    return (record.state?.value as KeptChildren | undefined)?.children ?? [];
  }

  /**
   * Writes what `now` says when its turn has come.
   *
   * @throws {Stale} when a later activation has claimed it
   * @throws {TroupeError} `store.unavailable` after the last try; `payload.too-large`
   * @throws {TypeError} when something of it is no plain data
   */
  write(now: () => readonly KeptChild[]): Promise<void> {
    const written = this.#last.then(() => this.#write(now));
    this.#last = written.catch(() => {});
    return written;
  }

  async #write(now: () => readonly KeptChild[]): Promise<void> {
    const kept: KeptChildren = { children: now() };
    const value = stateCopy(WHAT, kept);
    for (let tries = 1; ; tries++) {
      try {
        if (this.#store === undefined) await this.claim();
        await this.#store?.write(value);
        return;
      } catch (error) {
        if (error instanceof Stale || tries >= TRIES) throw error;
        this.#store = undefined;
        await new Delay(this.#kernel.wheel, this.#kernel.nowMs(), PAUSE_MS).over;
      }
    }
  }
}
