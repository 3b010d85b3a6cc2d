/**
 * Durable tasks over a queue and a ledger.
 *
 * Owns: the shell around `ledger.ts`; workers are `task-worker.ts`, followers `task-follower.ts`. The
 * promises D1–D6 are those of `tasks.ts`.
 *
 * Submitting costs one round trip; performing three (claim, commit, acknowledgement), of which the last
 * is not waited for.
 */

import type { EventSink } from "../event.ts";
import type { Log } from "../log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { DurableQueue } from "../ports/durable-queue.ts";
import { checkedKey } from "../ports/key-filter.ts";
import type { KeyValues } from "../ports/key-value.ts";
import type { Membership } from "../ports/membership.ts";
import type { Random } from "../ports/random.ts";
import { TroupeError } from "../troupe-error.ts";
import { cancelledRecord, type LedgerEntry } from "./ledger.ts";
import { LedgerStore } from "./ledger-store.ts";
import { DEFAULT_ATTEMPTS, type TaskBody } from "./task-body.ts";
import { TaskFollower } from "./task-follower.ts";
import type { Hand } from "./task-hands.ts";
import { PullingWorker } from "./task-worker.ts";
import type { PerformTask, TaskOutcome, TaskRequest, Tasks, TaskWorker } from "./tasks.ts";

/** What durable tasks stand on, and their times. */
export interface TasksOptions {
  readonly queue: DurableQueue;
  readonly keyValues: KeyValues;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventSink;
  readonly log: Log;
  /** How often a task in hand is kept alive; well below the queue's ack wait. Default 1,000. */
  readonly heartbeatMs?: number;
  /** How long a task whose owner lives is put back for; default 500. */
  readonly putBackMs?: number;
  /** How long one pull waits; default 1,000. */
  readonly pullWaitMs?: number;
  /** How long ended tasks are remembered; default a day. */
  readonly keepMs?: number;
  /** How soon a follower looks up what its watch did not bring; default 2,000. */
  readonly checkMs?: number;
  /** How often a follower reads all ends of its job; default 15,000. */
  readonly sweepMs?: number;
}

/** Durable tasks on the given ports. */
export function createTasks(options: TasksOptions): Tasks {
  return new DurableTasks(options);
}

const MOST_ROUNDS = 8;
const DAY_MS = 86_400_000;

class DurableTasks implements Tasks {
  readonly #options: TasksOptions;
  readonly #ledger: LedgerStore;
  readonly #hands = new Map<string, Hand>();
  readonly #followers = new Map<string, Set<TaskFollower>>();

  constructor(options: TasksOptions) {
    this.#options = options;
    this.#ledger = new LedgerStore(options.keyValues, options.log, options.keepMs ?? DAY_MS);
  }

  async submit(request: TaskRequest): Promise<"accepted" | "duplicate" | "full"> {
    const { id, capability, priority = "batch", input, maxAttempts = DEFAULT_ATTEMPTS } = request;
    checkedKey(id);
    if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1))
      throw new RangeError(`maxAttempts must be a whole number from 1: ${maxAttempts}`);
    const body: TaskBody = { v: 1, input, maxAttempts };
    const published = await this.#options.queue.publish({ id, capability, priority, body });
    if (published !== "full") {
      for (const follower of this.#followers.get(jobOf(id)) ?? []) follower.submitted(id);
    }
    if (published === "accepted")
      this.#options.events.emit({ type: "task.accepted", task: id, capability });
    return published;
  }

  async outcomeOf(id: string): Promise<TaskOutcome | undefined> {
    const standing = await this.#ledger.read(checkedKey(id));
    if (standing === undefined || standing === "foreign") return undefined;
    return standing.record.phase === "terminal" ? standing.record.outcome : undefined;
  }

  claimedBy(node: string, job: string): Promise<readonly string[]> {
    return this.#ledger.claimedOf(checkedKey(job), node);
  }

  async follow(job: string, settled: (id: string, outcome: TaskOutcome) => void): Promise<Cancel> {
    const { clock, log, checkMs = 2_000, sweepMs = 15_000 } = this.#options;
    const ledger = this.#ledger;
    checkedKey(job);
    const follower = new TaskFollower({ job, settled, ledger, clock, log, checkMs, sweepMs });
    const ofJob = this.#followers.get(job) ?? new Set();
    this.#followers.set(job, ofJob.add(follower));
    const cancel = () => {
      follower.cancel();
      ofJob.delete(follower);
      if (ofJob.size === 0) this.#followers.delete(job);
    };
    try {
      await follower.start();
    } catch (thrown) {
      cancel();
      throw thrown;
    }
    return cancel;
  }

  async cancel(id: string, reason: string): Promise<void> {
    let standing = await this.#ledger.read(checkedKey(id));
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (standing === "foreign") break;
      const record = cancelledRecord(standing, reason);
      if (record === undefined) return;
      const written = await this.#ledger.write(id, record, revisionOf(standing));
      if (written.ok) {
        await this.#hands.get(id)?.check();
        return;
      }
      standing = written.current;
    }
    throw new TroupeError("store.unavailable", `task ${id} is too contended to be cancelled`);
  }

  work(
    capability: string,
    perform: PerformTask,
    options: { readonly concurrency?: number } = {},
  ): TaskWorker {
    const { concurrency = 1 } = options;
    if (!(Number.isInteger(concurrency) && concurrency >= 1))
      throw new RangeError(`concurrency must be a whole number from 1: ${concurrency}`);
    const { queue, membership, clock, events, log, random } = this.#options;
    return new PullingWorker({
      capability,
      perform,
      concurrency,
      queue,
      membership,
      clock,
      events,
      log,
      random: random.fork(capability),
      ledger: this.#ledger,
      hands: this.#hands,
      pullWaitMs: this.#options.pullWaitMs ?? 1_000,
      heartbeatMs: this.#options.heartbeatMs ?? 1_000,
      putBackMs: this.#options.putBackMs ?? 500,
    });
  }
}

/** The revision to write over. */
function revisionOf(standing: LedgerEntry | undefined): number {
  return standing === undefined ? 0 : standing.revision;
}

/** The first token of a task's id. */
function jobOf(id: string): string {
  const dot = id.indexOf(".");
  return dot < 0 ? id : id.slice(0, dot);
}
