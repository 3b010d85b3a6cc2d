/**
 * Follows the tasks of a job to their ends.
 *
 * Owns: that every end is told, once each, although watches may be silent (K4). The watch is the fast
 * way; what it does not bring is fetched from the leader: known tasks one by one while nothing is
 * heard, and at longer intervals all that the job has.
 *
 * F1: `settled` is called once per task and follower.
 * F2: an end is told at most `sweepMs` after it stands, whatever the watch does; `checkMs` for tasks
 *     that were submitted here.
 */

import type { Log } from "../log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import { messageOf } from "../troupe-error.ts";
import type { LedgerRecord } from "./ledger.ts";
import type { LedgerStore } from "./ledger-store.ts";
import type { TaskOutcome } from "./tasks.ts";

/** What a follower works with. */
export interface FollowerSetting {
  readonly job: string;
  readonly settled: (id: string, outcome: TaskOutcome) => void;
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkMs: number;
  readonly sweepMs: number;
}

/** How many known tasks are looked up in one check. */
const MOST_LOOKED_UP = 64;

/** Follows one job until it is cancelled. */
export class TaskFollower {
  readonly #setting: FollowerSetting;
  readonly #settled = new Set<string>();
  /** Known and not settled, the longest not looked up first. */
  readonly #open = new Set<string>();
  #heardAtMs: number;
  #sweptAtMs: number;
  #cancelWatch: Cancel = () => {};
  #cancelTimer: Cancel = () => {};
  #phase: "following" | "over" = "following";

  constructor(setting: FollowerSetting) {
    this.#setting = setting;
    this.#heardAtMs = setting.clock.monotonicMs();
    this.#sweptAtMs = this.#heardAtMs;
  }

  /** Rejects with `store.unavailable` when the ledger cannot be watched. */
  async start(): Promise<void> {
    const { ledger, job } = this.#setting;
    this.#cancelWatch = await ledger.watch(job, (id, record) => this.#heard(id, record));
    this.#checkLater();
  }

  /** A task of the job was submitted here. */
  submitted(id: string): void {
    if (!this.#settled.has(id)) this.#open.add(id);
  }

  cancel(): void {
    this.#phase = "over";
    this.#cancelWatch();
    this.#cancelTimer();
  }

  #heard(id: string, record: LedgerRecord): void {
    this.#heardAtMs = this.#setting.clock.monotonicMs();
    if (record.phase === "terminal") this.#settle(id, record.outcome);
    else this.submitted(id);
  }

  #settle(id: string, outcome: TaskOutcome): void {
    if (this.#phase === "over" || this.#settled.has(id)) return;
    this.#settled.add(id);
    this.#open.delete(id);
    this.#setting.settled(id, outcome);
  }

  #checkLater(): void {
    const { clock, checkMs, log, job } = this.#setting;
    this.#cancelTimer = clock.after(checkMs, () => {
      this.#check()
        .catch((thrown: unknown) => {
          log.debug({ job, reason: messageOf(thrown) }, "looking up tasks failed");
        })
        .finally(() => {
          if (this.#phase === "following") this.#checkLater();
        });
    });
  }

  async #check(): Promise<void> {
    const { clock, ledger, job, checkMs, sweepMs } = this.#setting;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#sweptAtMs >= sweepMs) {
      this.#sweptAtMs = nowMs;
      for (const { id, record } of await ledger.terminalsOf(job)) this.#settle(id, record.outcome);
      return;
    }
    if (nowMs - this.#heardAtMs < checkMs) return;
    const ids = [...this.#open].slice(0, MOST_LOOKED_UP);
    const standings = await Promise.all(ids.map((id) => ledger.read(id)));
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] ?? "";
      const standing = standings[at];
      if (
        standing !== undefined &&
        standing !== "foreign" &&
        standing.record.phase === "terminal"
      ) {
        this.#settle(id, standing.record.outcome);
      } else if (this.#open.delete(id)) {
        this.#open.add(id); // to the back
      }
    }
  }
}
