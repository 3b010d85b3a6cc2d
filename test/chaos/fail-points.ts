/**
 * The steps at which a test can kill a process: before and after whatever others will find done or not.
 *
 * Owns: their labels and where they are. `fail-point-loader.ts` plants one of them in a process.
 *
 * P1: a fail point is no part of the code that it stops: it is written into the compiled file as that is
 *     loaded, in processes of tests only. What is shipped has neither a call nor a branch for it.
 * P2: a label has one place, and the place stands once in its file; a step that is moved or rewritten
 *     is noticed by the test of this list, not by a fail point that is never reached.
 */
import type { Rewrite } from "../mutants/rewrite.ts";

/** What a process does when it reaches a fail point. */
export type FailPointArea =
  | "node"
  | "lease"
  | "hand-over"
  | "submission"
  | "claim"
  | "commit"
  | "acknowledgement"
  | "journal"
  | "state"
  | "award";

/** A place to be killed at. */
export interface FailPoint {
  readonly label: `${FailPointArea}.${string}`;
  /** Below `dist/`. */
  readonly file: string;
  /** The beginning of a statement when it is before that, a whole one when it is after it. */
  readonly statement: string;
  readonly side: "before" | "after";
}

const AUCTIONEER = "actors/market/auctioneer.js";
const BIDDER = "actors/market/bidder.js";
const CLAIM = "runtime/durable/task-claim.js";
const CREATE_TASKS = "runtime/durable/create-tasks.js";
const DRAIN = "cluster/node/drain.js";
const HANDS = "runtime/durable/task-hands.js";
const HAND_OVER = "runtime/virtual/hand-over.js";
const INCARNATION = "cluster/node/incarnation.js";
const JOURNAL = "runtime/persistence/journal.js";
const LEASE = "cluster/membership/lease.js";
const REGION = "runtime/virtual/region.js";
const START_NODE = "cluster/node/start-node.js";
const STATE_STORE = "runtime/persistence/state-store.js";
const WORKER = "runtime/durable/task-worker.js";

const before = (label: FailPoint["label"], file: string, statement: string): FailPoint => ({
  label,
  file,
  statement,
  side: "before",
});
const after = (label: FailPoint["label"], file: string, statement: string): FailPoint => ({
  label,
  file,
  statement,
  side: "after",
});

const GIVEN = "const owner = await ownership.give(holding.unit, holding.token, to);";
const RELEASED = "await this.#options.bucket.delete(this.#key, this.#revision);";
const UNIT_CLAIMED =
  'const claimed = this.#phase === "open" ? await ownership.claim(unit) : await ownership.read(unit);';

/** All of them, by what they are steps of. */
export const failPoints: readonly FailPoint[] = [
  // A node's life: it has its name, others may hear of it, it serves; it takes nothing more, it leaves.
  before("node.leased", INCARNATION, "const self = { name, incarnation: lease.incarnation };"),
  before("node.joining", START_NODE, "pulse = await startPulse("),
  before("node.running", START_NODE, 'condition.phase = "running";'),
  before("node.draining", DRAIN, "entrances.drain();"),
  before("node.leaving", HAND_OVER, "hosting.leave();"),

  before("lease.created", LEASE, "const lease = new Lease("),
  before("lease.renewing", LEASE, "const put = await bucket.update(this.#key,"),
  after("lease.renewed", LEASE, 'this.#failure = "";'),
  before("lease.releasing", LEASE, RELEASED),
  after("lease.released", LEASE, RELEASED),

  // A unit of virtual actors is taken; it is given to another node.
  before("hand-over.claiming", REGION, UNIT_CLAIMED),
  after("hand-over.claimed", REGION, UNIT_CLAIMED),
  before("hand-over.begun", REGION, "const { kernel, ownership } = this.#setting;"),
  before("hand-over.emptied", REGION, GIVEN),
  after("hand-over.given", REGION, GIVEN),
  after(
    "hand-over.told",
    HAND_OVER,
    'postbox.send(owner.node, EnvelopeKind.moved, { to: "", body: givenBody(unit) });',
  ),

  // A durable task from its queue to its end.
  before("submission.queued", CREATE_TASKS, 'if (published !== "full") {'),
  before("claim.writing", CLAIM, "const written = await ledger.write(id, decision.record,"),
  before("claim.written", CLAIM, "const { record, takenFrom } = decision;"),
  before("commit.performed", WORKER, "end = endOfSuccess(claim, result);"),
  before("commit.writing", CLAIM, "const written = await ledger.write(id, record, token);"),
  before("commit.written", WORKER, 'if (record.phase === "released") {'),
  after("commit.buried", WORKER, "await queue.deadLetter(hand.delivery.task, record.history);"),
  before("acknowledgement.sending", WORKER, "this.#hands.acknowledge(id, hand);"),
  before("acknowledgement.sent", HANDS, "this.#acknowledging--;"),

  // What is kept of actors: logs and their snapshots, and states.
  before("journal.claimed", JOURNAL, "this.#moved(append.sequence, [entry]);"),
  before("journal.appending", JOURNAL, "append = await this.#events.append(entries,"),
  before("journal.appended", JOURNAL, "if (!append.ok)"),
  before("journal.snapshot-kept", JOURNAL, 'if (keep === "since-snapshot")'),
  before("state.claimed", STATE_STORE, "const claimed = { token: record.token,"),
  before("state.writing", STATE_STORE, "put = await this.#bucket.update(this.#id.key,"),
  before("state.written", STATE_STORE, "this.#revision = put.revision;"),

  // An auction, on both sides.
  after(
    "award.sending",
    AUCTIONEER,
    'ctx.ports.events.emit({ type: "auction.awarded", auction, bidder, priceMicros, round });',
  ),
  before("award.received", BIDDER, 'if (ctx.self.tell("turn", { type: "start" }))'),
  before("award.performing", BIDDER, "const at = { signal: job.abort.signal,"),
  before("award.performed", BIDDER, 'ctx.refOf(Auctioneer, job.auctioneer).tell("inform",'),
  before("award.settling", AUCTIONEER, "const verify = verificationAdvice("),
];

/** Where to die. */
export interface CrashAt {
  readonly point: FailPoint;
  /** At which time that it is reached, counted from 1. */
  readonly time: number;
}

/**
 * Reads `label:n`; without `:n` the first time.
 *
 * @throws {RangeError} when there is no such label, or `n` is no whole number from 1
 */
export function parsedCrash(text: string): CrashAt {
  const [label, times = "1", ...rest] = text.split(":");
  const point = failPoints.find((one) => one.label === label);
  if (point === undefined) {
    const labels = failPoints.map((one) => one.label).join(", ");
    throw new RangeError(`no fail point ${label}; there are: ${labels}`);
  }
  const time = Number(times);
  if (!Number.isInteger(time) || time < 1 || rest.length > 0)
    throw new RangeError(`not a fail point and a number from 1, like ${label}:3: ${text}`);
  return { point, time };
}

/**
 * The rewrite that plants a fail point.
 *
 * @param call - what is run there, a whole statement
 */
export function planted({ file, statement, side }: FailPoint, call: string): Rewrite {
  const replace = side === "before" ? `${call} ${statement}` : `${statement} ${call}`;
  return { file, find: statement, replace };
}
