/**
 * A worker: pulls tasks of one capability and performs them.
 *
 * Owns: tasks in hand, their heartbeat, and the order claim → perform → commit → acknowledge. What to do
 * in each case is decided in `ledger.ts`.
 *
 * W1: it pulls no more than it has room for: its credit is its free concurrency.
 * W2: the message is acknowledged only after a terminal record stands (D4).
 * W3: the end is written over the claim's own revision: a worker that lost its claim cannot write (D3).
 * W4: while a task is in hand its message is kept alive once a heartbeat; a task that lasts is looked up
 *     in the ledger, and aborted when its claim is gone (cancelled, or taken over).
 * W5: a write whose outcome is unknown is looked up until it is known, a bounded number of times; then
 *     the message is left to come back.
 * W6: whatever happens to one task does not end the loop.
 * W7: a node that lags, or drains, pulls nothing: what it has in hand is enough for it (S21).
 */

import type { Log } from "../log.ts";
import type { Cancel } from "../ports/clock.ts";
import type { Delivery, DurableQueue } from "../ports/durable-queue.ts";
import { takesNewWorkHere } from "../ports/membership.ts";
import type { Random } from "../ports/random.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import { returnedRecord, standingOf, type TerminalRecord } from "./ledger.ts";
import { parseTaskBody } from "./task-body.ts";
import {
  type Claim,
  type ClaimSetting,
  claimTask,
  commitOver,
  pauseAfter,
  readOrSilence,
} from "./task-claim.ts";
import { endOfFailure, endOfSuccess, type TaskEnd, uncarriable } from "./task-end.ts";
import type { PerformTask, TaskWorker } from "./tasks.ts";

/** What a worker works with. */
export interface WorkerSetting extends ClaimSetting {
  readonly perform: PerformTask;
  readonly concurrency: number;
  readonly queue: DurableQueue;
  readonly random: Random;
  readonly log: Log;
  /** All that this node has in hand, by id, whichever of its workers has it. */
  readonly hands: Map<string, Hand>;
  readonly pullWaitMs: number;
  readonly heartbeatMs: number;
  readonly putBackMs: number;
}

/** A task that a worker has. */
export interface Hand {
  /** The latest delivery of its message. */
  delivery: Delivery;
  readonly abort: AbortController;
  /** The claim, once it stands. */
  claim: Claim | undefined;
  /** When it was claimed, or last looked up. */
  seenAtMs: number;
  /** Looks the claim up, and aborts the work when it is gone. */
  readonly check: () => Promise<void>;
}

const UNREADABLE_MS = 2_000;
/** Looks again whether new work is taken after 200 ms. */
const LAGGING_PAUSE = 1;

/** The worker of one capability. */
export class PullingWorker implements TaskWorker {
  readonly #setting: WorkerSetting;
  readonly #hands = new Map<string, Hand>();
  readonly #pulling = new AbortController();
  readonly #loop: Promise<void>;
  #acknowledging = 0;
  #waiters: (() => void)[] = [];
  #cancelBeat: Cancel = () => {};

  constructor(setting: WorkerSetting) {
    this.#setting = setting;
    this.#beatLater();
    this.#loop = this.#run();
  }

  get inHand(): number {
    return this.#hands.size;
  }

  async drain(): Promise<void> {
    await this.#pullNoMore();
    while (this.#hands.size + this.#acknowledging > 0) await this.#change();
    this.#cancelBeat();
  }

  async stop(): Promise<void> {
    await this.#pullNoMore();
    await Promise.all([...this.#hands].map(([id, hand]) => this.#giveBack(id, hand)));
    while (this.#hands.size > 0) await this.#change(); // those that were on their way to a claim
    this.#cancelBeat();
  }

  async #pullNoMore(): Promise<void> {
    this.#pulling.abort();
    this.#tell(); // the loop may be waiting for room
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { queue, capability, clock, concurrency, membership, pullWaitMs, log } = this.#setting;
    const { signal } = this.#pulling;
    let failures = 0;
    while (!signal.aborted) {
      const count = concurrency - this.#hands.size;
      if (count <= 0) {
        await this.#change();
        continue;
      }
      if (!takesNewWorkHere(membership)) {
        await pauseAfter(LAGGING_PAUSE, clock, signal);
        continue;
      }
      try {
        const deliveries = await queue.pull(capability, { count, waitMs: pullWaitMs, signal });
        for (const delivery of deliveries) this.#receive(delivery);
        failures = 0;
      } catch (thrown) {
        log.warn({ capability, reason: messageOf(thrown) }, "pulling tasks failed");
        await pauseAfter(failures++, clock, signal);
      }
    }
  }

  #receive(delivery: Delivery): void {
    const { clock, hands, log } = this.#setting;
    const { id } = delivery.task;
    const known = hands.get(id);
    // Work that was aborted may never end: then the task is not in our hands any more.
    if (known !== undefined && !known.abort.signal.aborted) {
      // It came back although we have it, as after an absence of the queue's leader.
      known.delivery = delivery;
      return;
    }
    const hand: Hand = {
      delivery,
      abort: new AbortController(),
      claim: undefined,
      seenAtMs: clock.monotonicMs(),
      check: () => this.#check(id, hand),
    };
    hands.set(id, hand);
    this.#hands.set(id, hand);
    this.#handle(id, hand)
      .catch((thrown: unknown) => {
        log.warn({ task: id, reason: messageOf(thrown) }, "task left to come back");
      })
      .finally(() => this.#letGo(id, hand));
  }

  async #handle(id: string, hand: Hand): Promise<void> {
    const { log, putBackMs } = this.#setting;
    const { deliveries, task } = hand.delivery;
    const parsed = parseTaskBody(task.body);
    if (!parsed.ok) {
      log.error({ task: id, reason: parsed.error }, "task body left to nodes that can read it");
      hand.delivery.nak(UNREADABLE_MS);
      return;
    }
    const { input, maxAttempts } = parsed.value;
    const claimed = await claimTask(this.#setting, { id, deliveries, maxAttempts });
    switch (claimed.kind) {
      case "another's":
        hand.delivery.nak(putBackMs);
        return;
      case "ended":
        await this.#conclude(id, hand, claimed.record);
        return;
      case "ours":
        hand.claim = claimed.claim;
        if (hand.abort.signal.aborted) await this.#giveBack(id, hand);
        else await this.#work(id, hand, claimed.claim, { input, maxAttempts });
    }
  }

  async #work(
    id: string,
    hand: Hand,
    claim: Claim,
    body: { readonly input: unknown; readonly maxAttempts: number },
  ): Promise<void> {
    const { capability, perform } = this.#setting;
    const { record, token } = claim;
    let end: TaskEnd;
    try {
      const task = { id, capability, input: body.input, attempt: record.attempt, token };
      const result = await perform(task, hand.abort.signal);
      end = endOfSuccess(claim, result);
    } catch (thrown) {
      if (hand.abort.signal.aborted) return; // given back, cancelled or taken over
      end = this.#failed(id, claim, thrown, body.maxAttempts);
    }
    // Also when it was aborted meanwhile: the ledger decides whether a late result still counts.
    try {
      await this.#finish(id, hand, token, end);
    } catch (thrown) {
      const error = uncarriable(thrown);
      if (error === undefined) throw thrown;
      const failure = this.#failed(id, claim, error, body.maxAttempts);
      await this.#finish(id, hand, token, failure);
    }
  }

  #failed(id: string, claim: Claim, thrown: unknown, maxAttempts: number): TaskEnd {
    const { capability, events, random } = this.#setting;
    const end = endOfFailure(claim, thrown, { maxAttempts, spread: random.next() });
    const { attempt } = claim.record;
    const again = end.record.phase === "released";
    const message = messageOf(thrown);
    events.emit({ type: "task.failed", task: id, capability, attempt, message, again });
    return end;
  }

  /** Writes the end over the claim, and acts on what became of it. */
  async #finish(id: string, hand: Hand, token: number, end: TaskEnd): Promise<void> {
    const { capability, events } = this.#setting;
    const { record, retryAfterMs } = end;
    if (!(await commitOver(this.#setting, id, token, record))) {
      events.emit({ type: "task.fenced", task: id, token });
      return;
    }
    if (record.phase === "released") {
      hand.delivery.nak(retryAfterMs);
      return;
    }
    const { attempt, outcome } = record;
    if (outcome.phase === "done")
      events.emit({ type: "task.done", task: id, capability, attempt, token });
    if (outcome.phase === "dead-lettered")
      events.emit({ type: "task.dead-lettered", task: id, capability });
    await this.#conclude(id, hand, record);
  }

  /** A terminal record stands: buries what is dead, and lets the message go. */
  async #conclude(id: string, hand: Hand, record: TerminalRecord): Promise<void> {
    const { log, queue } = this.#setting;
    if (record.outcome.phase === "dead-lettered") {
      // After the record and before the acknowledgement: a crash in between repeats it, and the
      // queue keeps one letter per task.
      await queue.deadLetter(hand.delivery.task, record.history);
    }
    this.#acknowledging++;
    hand.delivery
      .ack()
      .catch((thrown: unknown) => {
        log.debug({ task: id, reason: messageOf(thrown) }, "acknowledgement lost: it comes back");
      })
      .finally(() => {
        this.#acknowledging--;
        this.#tell();
      });
  }

  /** Ends the work and lets others have the task at once. */
  async #giveBack(id: string, hand: Hand): Promise<void> {
    const { log } = this.#setting;
    hand.abort.abort(new TroupeError("system.stopped", "the worker stops"));
    if (hand.claim === undefined) return; // on its way to a claim, after which it comes here again
    const { record, token } = hand.claim;
    try {
      if (await commitOver(this.#setting, id, token, returnedRecord(record, token)))
        hand.delivery.nak(0);
    } catch (thrown) {
      log.warn({ task: id, reason: messageOf(thrown) }, "task left to come back");
    }
    this.#letGo(id, hand);
  }

  async #check(id: string, hand: Hand): Promise<void> {
    hand.seenAtMs = this.#setting.clock.monotonicMs();
    const { claim } = hand;
    if (claim === undefined) return;
    const standing = await readOrSilence(this.#setting.ledger, id);
    if (standing === "silence" || standing === "foreign") return;
    if (standingOf(standing, claim.token) !== "fenced" || this.#hands.get(id) !== hand) return;
    const cancelled = standing?.record.phase === "terminal";
    hand.abort.abort(
      new TroupeError("ask.cancelled", cancelled ? "the task has ended" : "another has the task"),
    );
    if (standing?.record.phase === "terminal") await this.#conclude(id, hand, standing.record);
  }

  #beatLater(): void {
    const { clock, heartbeatMs, log } = this.#setting;
    this.#cancelBeat = clock.after(heartbeatMs, () => {
      this.#beatLater();
      const oldestMs = clock.monotonicMs() - 2 * heartbeatMs;
      for (const [id, hand] of this.#hands) {
        if (hand.abort.signal.aborted) continue;
        hand.delivery.working();
        if (hand.seenAtMs > oldestMs) continue;
        hand.check().catch((thrown: unknown) => {
          log.warn({ task: id, reason: messageOf(thrown) }, "looking a claim up failed");
        });
      }
    });
  }

  #letGo(id: string, hand: Hand): void {
    if (this.#hands.get(id) !== hand) return;
    this.#hands.delete(id);
    const { hands } = this.#setting;
    if (hands.get(id) === hand) hands.delete(id);
    this.#tell();
  }

  /** Resolves when something was let go or acknowledged. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #tell(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
