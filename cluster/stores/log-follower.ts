/**
 * One follower of a log: reads what is there, and again whenever there may be more.
 *
 * Owns: that each entry is told once and in order, whatever hints come or fail to come.
 *
 * F1: entries come from reads of the log, one at a time, each from where the last one ended; a hint only
 *     says when to read. So a subscription that is silent, or that a reconnection broke, costs time and
 *     loses nothing.
 * F2: a hint may come before its entry is stored: a read that finds nothing is repeated once, soon.
 *     Without hints there is a read every `lookEveryMs`.
 * F3: what a listener throws is thrown on as an uncaught exception, and the following goes on.
 */
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { LogEntry } from "../../runtime/ports/event-log.ts";

/** What a follower reads and whom it tells. */
export interface LogFollowerSetting {
  /** The first sequence that is wanted. */
  readonly from: number;
  /** At most a bounded number of entries from a sequence on. */
  readonly read: (from: number) => Promise<readonly LogEntry[]>;
  readonly listener: (entry: LogEntry) => void;
  readonly clock: Clock;
  readonly lookEveryMs: number;
}

const SOON_MS = 50;

/** Follows a log until it is ended. */
export class LogFollower {
  readonly #setting: LogFollowerSetting;
  #next: number;
  #phase: "idle" | "reading" | "hinted" | "over" = "idle";
  #cancel: Cancel = () => {};

  constructor(setting: LogFollowerSetting) {
    this.#setting = setting;
    this.#next = setting.from;
  }

  /** Makes the first read; rejects with what that rejects with. */
  async begin(): Promise<void> {
    this.#phase = "reading";
    await this.#readAll();
    this.#rest(this.#setting.lookEveryMs);
  }

  /** There may be more. */
  hint(): void {
    if (this.#phase === "reading") this.#phase = "hinted";
    else if (this.#phase === "idle") this.#look("hint");
  }

  /** Tells nothing more. */
  end(): void {
    this.#phase = "over";
    this.#cancel();
  }

  #look(why: "hint" | "time"): void {
    this.#cancel();
    this.#phase = "reading";
    this.#readAll().then(
      (found) => this.#rest(why === "hint" && found === 0 ? SOON_MS : this.#setting.lookEveryMs),
      // The store is away; the next look tries again.
      () => this.#rest(this.#setting.lookEveryMs),
    );
  }

  /** Reads until there is nothing more; returns how much there was. */
  async #readAll(): Promise<number> {
    let found = 0;
    for (;;) {
      const entries = await this.#setting.read(this.#next);
      found += entries.length;
      for (const entry of entries) {
        if (this.#isOver) return found;
        this.#next = entry.sequence + 1;
        this.#tell(entry);
      }
      if (entries.length === 0) return found;
    }
  }

  get #isOver(): boolean {
    return this.#phase === "over";
  }

  #tell(entry: LogEntry): void {
    try {
      this.#setting.listener(entry);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #rest(forMs: number): void {
    if (this.#isOver) return;
    const wasHinted = this.#phase === "hinted";
    this.#phase = "idle";
    this.#cancel = this.#setting.clock.after(wasHinted ? SOON_MS : forMs, () => this.#look("time"));
  }
}
