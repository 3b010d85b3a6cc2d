/**
 * The ledger of durable tasks: one record per task, and every decision about it. Pure.
 *
 * Owns: the record's format and its arrows. Reading and writing records is `ledger-store.ts`, doing the
 * work `task-worker.ts`.
 *
 *     (no record = queued) ──► claimed ──► done | failed | dead-lettered | cancelled
 *                               ▲    │
 *                               └─ released
 *
 * L1: each arrow is a compare-and-set on the revision of the record it leaves; the revision of a claim
 *     is the fencing token of whoever made it.
 * L2: a terminal record is never left.
 * L3: a claim counts while its owner lives; once the message comes back and its owner is suspected,
 *     degraded, down or unknown, anybody may claim the next attempt: the old owner is fenced by L1.
 * L4: an owner that lives, yet lets the message come back over and over, has lost the task: after
 *     `MOST_RETURNS` returns anybody may claim it. So no failure between two writes can strand a task.
 * L5: readers accept format versions up to their own; a newer record is left to newer nodes.
 */
import type { MemberPhase, NodeIdentity } from "../ports/membership.ts";
import { err, ok, type Result } from "../result.ts";
import { shown } from "../shown.ts";
import { type ErrorRecord, errorRecord, TroupeError } from "../troupe-error.ts";
import type { TaskOutcome } from "./tasks.ts";

/** The version that is written. */
export const LEDGER_VERSION = 1;

/** How an earlier attempt ended; at most the last 16 are kept. */
export interface PastAttempt {
  readonly attempt: number;
  readonly owner: string;
  /** Absent when its owner was lost. */
  readonly error?: ErrorRecord;
}

/** What every record says. */
interface RecordBase {
  readonly v: typeof LEDGER_VERSION;
  /** Attempts so far, this one included. */
  readonly attempt: number;
  readonly history: readonly PastAttempt[];
}

/** Somebody works on it. */
export interface ClaimedRecord extends RecordBase {
  readonly phase: "claimed";
  readonly owner: NodeIdentity;
  /** Which delivery of the message it was claimed on. */
  readonly delivery: number;
}

/** An attempt was given up by the holder of `token`; the next delivery may claim it. */
export interface ReleasedRecord extends RecordBase {
  readonly phase: "released";
  readonly token: number;
}

/** How it ended; `token` is the claim that wrote it, 0 when its claim did not. */
export interface TerminalRecord extends RecordBase {
  readonly phase: "terminal";
  readonly token: number;
  readonly outcome: TaskOutcome;
}

/** A task's record. */
export type LedgerRecord = ClaimedRecord | ReleasedRecord | TerminalRecord;

/** A record and the revision it stands at. */
export interface LedgerEntry {
  readonly record: LedgerRecord;
  readonly revision: number;
}

/** What to do with a delivered task. */
export type DeliveryDecision =
  /** Write this claim over the entry. */
  | {
      readonly kind: "claim";
      readonly record: ClaimedRecord;
      readonly takenFrom: string | undefined;
    }
  /** It has ended: acknowledge the message. */
  | { readonly kind: "acknowledge"; readonly record: TerminalRecord }
  /** Its owner lives: put the message back for a while. */
  | { readonly kind: "put-back" }
  /** Its attempts are used up: write this end over the entry. */
  | { readonly kind: "bury"; readonly record: TerminalRecord };

/** What a delivered task meets; it is not in this node's hands, or it would not be asked about. */
export interface DeliveryFacts {
  readonly entry: LedgerEntry | undefined;
  /** How often the message was delivered, this time included. */
  readonly deliveries: number;
  readonly self: NodeIdentity;
  /** The phase of the claim's owner; `undefined` when it was never heard of. */
  readonly ownerPhase: MemberPhase | undefined;
  readonly maxAttempts: number;
}

/** How often a message may come back while its owner lives; a second apart or so. */
export const MOST_RETURNS = 20;
const LONGEST_HISTORY = 16;

/** Decides what to do with a delivered task. */
export function decideDelivery(facts: DeliveryFacts): DeliveryDecision {
  const { entry, self } = facts;
  if (entry === undefined) return claim(facts, 1, [], undefined);
  const { record } = entry;
  switch (record.phase) {
    case "terminal":
      return { kind: "acknowledge", record };
    case "released":
      return claim(facts, record.attempt + 1, record.history, undefined);
    case "claimed": {
      const isOurs = sameNode(record.owner, self);
      const isStranded = facts.deliveries - record.delivery > MOST_RETURNS;
      if (!isOurs && !isStranded && isAlive(facts.ownerPhase)) return { kind: "put-back" };
      const lost: PastAttempt = { attempt: record.attempt, owner: record.owner.name };
      const history = lengthened(record.history, lost);
      if (record.attempt < facts.maxAttempts)
        return claim(facts, record.attempt + 1, history, record.owner.name);
      const error: ErrorRecord = {
        code: "node.down",
        message: `its worker was lost ${record.attempt} times`,
      };
      const end = buried({ ...record, history }, error, 0);
      return { kind: "bury", record: end };
    }
  }
}

/** What becomes of an attempt that threw. */
export type FailureDecision =
  | { readonly kind: "retry"; readonly record: ReleasedRecord; readonly afterMs: number }
  | { readonly kind: "fail" | "bury"; readonly record: TerminalRecord };

const SHORTEST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

/**
 * Decides what becomes of a claimed task whose worker threw.
 *
 * @param token - the revision of the claim
 */
export function decideFailure(
  record: ClaimedRecord,
  token: number,
  thrown: unknown,
  maxAttempts: number,
): FailureDecision {
  const error = errorRecord(thrown);
  const { attempt } = record;
  const past: PastAttempt = { attempt, owner: record.owner.name, error };
  const history = lengthened(record.history, past);
  if (thrown instanceof TroupeError && thrown.retry === "never") {
    const outcome: TaskOutcome = { phase: "failed", error, attempt };
    return { kind: "fail", record: terminal({ ...record, history }, outcome, token) };
  }
  if (attempt >= maxAttempts)
    return { kind: "bury", record: buried({ ...record, history }, error, token) };
  const afterMs = Math.min(SHORTEST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
  return { kind: "retry", record: released(attempt, history, token), afterMs };
}

/** The end of a task that was done. */
export function doneRecord(record: ClaimedRecord, token: number, result: unknown): TerminalRecord {
  const { attempt, owner } = record;
  return terminal(record, { phase: "done", result, attempt, owner: owner.name }, token);
}

/** A claim given back unused, as on a clean stop: the attempt does not count. */
export function returnedRecord(record: ClaimedRecord, token: number): ReleasedRecord {
  return released(record.attempt - 1, record.history, token);
}

/** The end of a cancelled task; `undefined` when it has ended already. */
export function cancelledRecord(
  entry: LedgerEntry | undefined,
  reason: string,
): TerminalRecord | undefined {
  if (entry?.record.phase === "terminal") return undefined;
  const before = entry?.record ?? { attempt: 0, history: [] };
  return terminal(before, { phase: "cancelled", reason }, 0);
}

/** Where the holder of a token stands: something it wrote stands, its claim still does, or neither. */
export type TokenStanding = "written" | "claimed" | "fenced";

/** Decides, from what the leader says now, where the holder of `token` stands. */
export function standingOf(entry: LedgerEntry | undefined, token: number): TokenStanding {
  if (entry === undefined) return "fenced";
  switch (entry.record.phase) {
    case "claimed":
      return entry.revision === token ? "claimed" : "fenced";
    case "released":
    case "terminal":
      return entry.record.token === token ? "written" : "fenced";
  }
}

/**
 * Whether `record` itself is what stands. The token alone does not tell: a claim that was given back
 * and one that ended carry the same.
 */
export function stands(
  entry: LedgerEntry | undefined,
  record: ReleasedRecord | TerminalRecord,
): boolean {
  const standing = entry?.record;
  if (standing === undefined || standing.phase === "claimed") return false;
  if (standing.token !== record.token || standing.phase !== record.phase) return false;
  if (standing.phase === "released" || record.phase === "released") return true;
  return standing.outcome.phase === record.outcome.phase;
}

/** Reads a stored value; an error says in one line what it is instead. */
export function parseLedgerRecord(value: unknown): Result<LedgerRecord, string> {
  if (typeof value !== "object" || value === null || !("v" in value) || !("phase" in value))
    return err("is no ledger record");
  if (value.v !== LEDGER_VERSION) return err(`has format version ${shown(value.v)}`);
  switch (value.phase) {
    case "claimed":
    case "released":
    case "terminal":
      return ok(value as LedgerRecord);
    default:
      return err("has a phase that is none");
  }
}

function claim(
  facts: DeliveryFacts,
  attempt: number,
  history: readonly PastAttempt[],
  takenFrom: string | undefined,
): DeliveryDecision {
  const record: ClaimedRecord = {
    v: LEDGER_VERSION,
    phase: "claimed",
    attempt,
    history,
    owner: { name: facts.self.name, incarnation: facts.self.incarnation },
    delivery: facts.deliveries,
  };
  return { kind: "claim", record, takenFrom };
}

function released(attempt: number, history: readonly PastAttempt[], token: number): ReleasedRecord {
  return { v: LEDGER_VERSION, phase: "released", attempt, history, token };
}

function buried(
  before: Pick<RecordBase, "attempt" | "history">,
  error: ErrorRecord,
  token: number,
): TerminalRecord {
  const { attempt } = before;
  return terminal(before, { phase: "dead-lettered", error, attempt }, token);
}

function terminal(
  before: Pick<RecordBase, "attempt" | "history">,
  outcome: TaskOutcome,
  token: number,
): TerminalRecord {
  const { attempt, history } = before;
  return { v: LEDGER_VERSION, phase: "terminal", attempt, history, token, outcome };
}

function lengthened(history: readonly PastAttempt[], past: PastAttempt): PastAttempt[] {
  return [...history, past].slice(-LONGEST_HISTORY);
}

function isAlive(phase: MemberPhase | undefined): boolean {
  switch (phase) {
    case "up":
    case "draining":
      return true;
    case "degraded":
    case "suspected":
    case "down":
    case undefined:
      return false;
  }
}

function sameNode(a: NodeIdentity, b: NodeIdentity): boolean {
  return a.name === b.name && a.incarnation === b.incarnation;
}
