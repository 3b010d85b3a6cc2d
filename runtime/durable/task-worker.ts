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
 */
import type { Cancel, Clock } from "../clock.ts";
import type { Delivery, DurableQueue } from "../durable-queue.ts";
import type { EventSink } from "../event.ts";
import type { Log } from "../log.ts";
import type { Membership } from "../membership.ts";
import type { Random } from "../random.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import {
  type ClaimedRecord,
  decideDelivery,
  decideFailure,
  doneRecord,
  type LedgerEntry,
  type ReleasedRecord,
  returnedRecord,
  standingOf,
  type TerminalRecord,
} from "./ledger.ts";
import type { LedgerStore, Standing } from "./ledger-store.ts";
import { parseTaskBody, type TaskBody } from "./task-body.ts";
import type { PerformTask, TaskWorker } from "./tasks.ts";

/** What a worker works with. */
export interface WorkerSetting {
  readonly capability: string;
  readonly perform: PerformTask;
  readonly concurrency: number;
  readonly queue: DurableQueue;
  readonly ledger: LedgerStore;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventSink;
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

interface Claim {
  readonly record: ClaimedRecord;
  readonly token: number;
}

const MOST_ROUNDS = 8;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

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
    const { queue, capability, concurrency, pullWaitMs, log } = this.#setting;
    const { signal } = this.#pulling;
    let failures = 0;
    while (!signal.aborted) {
      const count = concurrency - this.#hands.size;
      if (count <= 0) {
        await this.#change();
        continue;
      }
      try {
        const deliveries = await queue.pull(capability, { count, waitMs: pullWaitMs, signal });
        for (const delivery of deliveries) this.#receive(delivery);
        failures = 0;
      } catch (thrown) {
        log.warn({ capability, reason: messageOf(thrown) }, "pulling tasks failed");
        await this.#pause(failures++, signal);
      }
    }
  }

  #receive(delivery: Delivery): void {
    const { clock, hands, log } = this.#setting;
    const { id } = delivery.task;
    const known = hands.get(id);
    if (known !== undefined) {
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
    const { capability, events, log, perform } = this.#setting;
    const parsed = parseTaskBody(hand.delivery.task.body);
    if (!parsed.ok) {
      log.error({ task: id, reason: parsed.error }, "task body left to nodes that can read it");
      hand.delivery.nak(LONGEST_PAUSE_MS);
      return;
    }
    const { input, maxAttempts } = parsed.value;
    const claim = await this.#claim(id, hand, parsed.value);
    if (claim === undefined) return;
    hand.claim = claim;
    if (hand.abort.signal.aborted) {
      await this.#giveBack(id, hand);
      return;
    }
    const { record, token } = claim;
    const { attempt } = record;
    let end: TerminalRecord | ReleasedRecord;
    let retryAfterMs = 0;
    try {
      const task = { id, capability, input, attempt, token };
      end = doneRecord(record, token, await perform(task, hand.abort.signal));
    } catch (thrown) {
      if (hand.abort.signal.aborted) return; // given back, cancelled or taken over
      const decision = decideFailure(record, token, thrown, maxAttempts);
      const again = decision.kind === "retry";
      const message = messageOf(thrown);
      events.emit({ type: "task.failed", task: id, capability, attempt, message, again });
      end = decision.record;
      if (again) retryAfterMs = decision.afterMs * (0.8 + 0.4 * this.#setting.random.next());
    }
    // Also when it was aborted meanwhile: the ledger decides whether a late result still counts.
    if (!(await this.#commit(id, token, end))) {
      events.emit({ type: "task.fenced", task: id, token });
      return;
    }
    if (end.phase === "released") {
      hand.delivery.nak(retryAfterMs);
      return;
    }
    if (end.outcome.phase === "done")
      events.emit({ type: "task.done", task: id, capability, attempt, token });
    if (end.outcome.phase === "dead-lettered")
      events.emit({ type: "task.dead-lettered", task: id, capability });
    await this.#conclude(id, hand, end);
  }

  /** Takes the task, or does what its record asks for and returns nothing. */
  async #claim(id: string, hand: Hand, body: TaskBody): Promise<Claim | undefined> {
    const { capability, events, ledger, membership } = this.#setting;
    let entry: LedgerEntry | undefined;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const owner = entry?.record.phase === "claimed" ? entry.record.owner : undefined;
      const decision = decideDelivery({
        entry,
        deliveries: hand.delivery.deliveries,
        self: membership.self,
        ownerPhase: owner && membership.phaseOf(owner),
        maxAttempts: body.maxAttempts,
      });
      if (decision.kind === "put-back") break;
      if (decision.kind === "acknowledge") {
        await this.#conclude(id, hand, decision.record);
        return undefined;
      }
      const written = await ledger.write(id, decision.record, entry?.revision ?? 0);
      if (written.ok) {
        if (decision.kind === "bury") {
          events.emit({ type: "task.dead-lettered", task: id, capability });
          await this.#conclude(id, hand, decision.record);
          return undefined;
        }
        const { record, takenFrom } = decision;
        const { attempt } = record;
        const token = written.revision;
        events.emit({ type: "task.claimed", task: id, capability, attempt, token, takenFrom });
        return { record, token };
      }
      if (written.current === "foreign") break;
      entry = written.current;
    }
    hand.delivery.nak(this.#setting.putBackMs);
    return undefined;
  }

  /** Whether the record stands, written under our token; `false` = fenced. */
  async #commit(
    id: string,
    token: number,
    record: TerminalRecord | ReleasedRecord,
  ): Promise<boolean> {
    const { ledger } = this.#setting;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (round > 0) await this.#pause(round - 1);
      let standing: Standing;
      try {
        const written = await ledger.write(id, record, token);
        if (written.ok) return true;
        standing = written.current;
      } catch (thrown) {
        if (!isUnavailable(thrown)) throw thrown;
        const read = await ledger.read(id).catch(nothingWhenUnavailable);
        if (read === "unavailable") continue;
        standing = read;
      }
      if (standing === "foreign") return false;
      const stands = standingOf(standing, token);
      if (stands !== "claimed") return stands === "written";
    }
    throw new TroupeError("store.unavailable", "whether the result was recorded is unknown");
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
      if (await this.#commit(id, token, returnedRecord(record, token))) hand.delivery.nak(0);
    } catch (thrown) {
      log.warn({ task: id, reason: messageOf(thrown) }, "task left to come back");
    }
    this.#letGo(id, hand);
  }

  async #check(id: string, hand: Hand): Promise<void> {
    hand.seenAtMs = this.#setting.clock.monotonicMs();
    const { claim } = hand;
    if (claim === undefined) return;
    const standing = await this.#setting.ledger.read(id).catch(nothingWhenUnavailable);
    if (standing === "unavailable" || standing === "foreign") return;
    if (standingOf(standing, claim.token) !== "fenced" || this.#hands.get(id) !== hand) return;
    const cancelled = standing?.record.phase === "terminal";
    hand.abort.abort(
      new TroupeError("ask.cancelled", cancelled ? "the task has ended" : "another has the task"),
    );
    if (standing?.record.phase === "terminal") await this.#conclude(id, hand, standing.record);
  }

  #beatLater(): void {
    const { clock, heartbeatMs } = this.#setting;
    this.#cancelBeat = clock.after(heartbeatMs, () => {
      this.#beatLater();
      const oldestMs = clock.monotonicMs() - 2 * heartbeatMs;
      for (const hand of this.#hands.values()) {
        if (hand.abort.signal.aborted) continue;
        hand.delivery.working();
        if (hand.seenAtMs <= oldestMs) void hand.check();
      }
    });
  }

  #letGo(id: string, hand: Hand): void {
    if (this.#hands.get(id) !== hand) return;
    this.#hands.delete(id);
    this.#setting.hands.delete(id);
    this.#tell();
  }

  async #pause(failures: number, signal?: AbortSignal): Promise<void> {
    const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.#setting.clock.after(pauseMs, end);
      signal?.addEventListener("abort", end);
    });
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

function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof TroupeError && thrown.code === "store.unavailable";
}

function nothingWhenUnavailable(thrown: unknown): "unavailable" {
  if (isUnavailable(thrown)) return "unavailable";
  throw thrown;
}
