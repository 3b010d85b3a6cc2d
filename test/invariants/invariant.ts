/**
 * What an invariant is: a promise, and a check that reads a history once and says where it was broken.
 *
 * Owns: the shape of checks and of what they find. The invariants themselves are in the files beside
 * this one, all of them in `invariants.ts`; running them over a history is `judge.ts`.
 *
 * I1: a check is pure: what it finds follows from the records and the bounds alone.
 * I2: a check reads each record once, in order; it keeps what is open, not what is over, and is done
 *     in linear or n log n time.
 * I3: a check counts what it judged. One that judged nothing has proven nothing.
 * I4: violations are kept up to {@link MOST_VIOLATIONS}, the others counted.
 */
import type { Fact, HistoryRecord, RecordOf } from "./record.ts";

/** Where a promise was broken. */
export interface Violation {
  /** `T1`, `D3`, … of the guarantees. */
  readonly invariant: string;
  /** One line: what happened. */
  readonly what: string;
  /** The records that show it, as far as they are still at hand. */
  readonly records: readonly HistoryRecord[];
}

/** What became of one invariant in a history. */
export interface Verdict {
  readonly invariant: string;
  /** How many messages, asks, tasks, … were looked at. */
  readonly judged: number;
  /** The first {@link MOST_VIOLATIONS}. */
  readonly violations: readonly Violation[];
  /** How many violations there are in all. */
  readonly violated: number;
}

/** How many violations of one invariant are kept. */
export const MOST_VIOLATIONS = 100;

/** The bounds that some invariants name, in milliseconds, and what is known of the machine. */
export interface Bounds {
  /** A2: how long after its deadline an ask may settle. */
  readonly askMs: number;
  /** T3: how long a message may be under way before nothing that happens later excuses its loss. */
  readonly flightMs: number;
  /** D5: how often a fault that lasts may touch a task anew. */
  readonly redeliveryMs: number;
  /** V3: how long after healing, or after it was wanted, an activation may take to act. */
  readonly moveMs: number;
  /**
   * D5: whether a node that is suspected or degraded must have met a fault of the history, or may have
   * been late by itself, as on a machine that is shared.
   */
  readonly suspicion: "by-fault" | "by-itself";
}

/** One NATS server, nothing else on the machine. */
export const defaultBounds: Bounds = {
  askMs: 100,
  flightMs: 10_000,
  redeliveryMs: 3_000,
  moveMs: 6_000,
  suspicion: "by-fault",
};

/** Where a check says what it sees. */
export interface Findings {
  /** One more thing was looked at. */
  judged(): void;
  /** The promise is broken. `what` is one line that names who and what. */
  violated(what: string, ...records: readonly HistoryRecord[]): void;
}

/** What a check does with the records of each type, in order, and at the end of the history. */
export interface Check {
  readonly on: { readonly [T in Fact["type"]]?: (record: RecordOf<T>) => void };
  end?(): void;
}

/** A promise and its check. */
export interface Invariant {
  readonly name: string;
  /** As the guarantees have it. */
  readonly promise: string;
  /** Begins with a history. */
  check(findings: Findings, bounds: Bounds): Check;
}
