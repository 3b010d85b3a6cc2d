/**
 * A worker: pulls tasks of one capability and performs them.
 *
 * Owns: the order claim → perform → commit → acknowledge. What to do in each case is decided in
 * `ledger.ts`; what is in hand, and its heartbeat, is `task-hands.ts`.
 *
 * W1: it pulls no more than it has room for: its credit is its free concurrency.
 * W2: the message is acknowledged only after a terminal record stands (D4).
 * W3: the end is written over the claim's own revision: a worker that lost its claim cannot write (D3).
 * W4: a task that lasts is looked up in the ledger, and aborted when its claim is gone (cancelled, or taken
 *     over).
 * W5: a write whose outcome is unknown is looked up until it is known, a bounded number of times; then
 *     the message is left to come back.
 * W6: whatever happens to one task does not end the loop.
 * W7: a node that lags, or drains, pulls nothing: what it has in hand is enough for it (S21).
 */

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
import { type Hand, TaskHands, type TaskHandsSetting } from "./task-hands.ts";
import type { PerformTask, TaskWorker } from "./tasks.ts";

/** What a worker works with. */
export interface WorkerSetting extends ClaimSetting, TaskHandsSetting {
  readonly perform: PerformTask;
  readonly concurrency: number;
  readonly queue: DurableQueue;
  readonly random: Random;
  readonly pullWaitMs: number;
  readonly putBackMs: number;
}

const UNREADABLE_MS = 2_000;
/** Looks again whether new work is taken after 200 ms. */
const LAGGING_PAUSE = 1;

/** The worker of one capability. */
export class PullingWorker implements TaskWorker {
  readonly #setting: WorkerSetting;
  readonly #hands: TaskHands;
  readonly #pulling = new AbortController();
  readonly #loop: Promise<void>;

  constructor(setting: WorkerSetting) {
    this.#setting = setting;
    this.#hands = new TaskHands(setting);
    this.#loop = this.#run();
  }

  get inHand(): number {
    return this.#hands.size;
  }

  async drain(): Promise<void> {
    await this.#pullNoMore();
    while (!this.#hands.isIdle) await this.#hands.change();
    this.#hands.end();
  }

  async stop(): Promise<void> {
    await this.#pullNoMore();
    await Promise.all([...this.#hands].map(([id, hand]) => this.#giveBack(id, hand)));
    while (this.#hands.size > 0) await this.#hands.change(); // those that were on their way to a claim
    this.#hands.end();
  }

  async #pullNoMore(): Promise<void> {
    this.#pulling.abort();
    this.#hands.changed(); // the loop may be waiting for room
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { queue, capability, clock, concurrency, membership, pullWaitMs, log } = this.#setting;
    const { signal } = this.#pulling;
    let failures = 0;
    while (!signal.aborted) {
      const count = concurrency - this.#hands.size;
      if (count <= 0) {
        await this.#hands.change();
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
    const { clock, log } = this.#setting;
    const { id } = delivery.task;
    const known = this.#hands.known(id);
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
    this.#hands.take(id, hand);
    this.#handle(id, hand)
      .catch((thrown: unknown) => {
        log.warn({ task: id, reason: messageOf(thrown) }, "task left to come back");
      })
      .finally(() => this.#hands.letGo(id, hand));
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
    const { events, queue } = this.#setting;
    if (record.outcome.phase === "dead-lettered") {
      // After the record and before the acknowledgement: a crash in between repeats it, and the
      // queue keeps one letter per task.
      await queue.deadLetter(hand.delivery.task, record.history);
    }
    events.emit({ type: "task.acknowledged", task: id });
    this.#hands.acknowledge(id, hand);
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
    this.#hands.letGo(id, hand);
  }

  async #check(id: string, hand: Hand): Promise<void> {
    hand.seenAtMs = this.#setting.clock.monotonicMs();
    const { claim } = hand;
    if (claim === undefined) return;
    const standing = await readOrSilence(this.#setting.ledger, id);
    if (standing === "silence" || standing === "foreign") return;
    if (standingOf(standing, claim.token) !== "fenced" || !this.#hands.has(id, hand)) return;
    const cancelled = standing?.record.phase === "terminal";
    hand.abort.abort(
      new TroupeError("ask.cancelled", cancelled ? "the task has ended" : "another has the task"),
    );
    if (standing?.record.phase === "terminal") await this.#conclude(id, hand, standing.record);
  }
}
