/**
 * What can be seen of a job: its progress while it runs, its results page by page.
 *
 * Owns: the shapes and the counting. `orchestration.ts` owns what is counted. Plain data throughout.
 */
import type { ErrorRecord } from "../../runtime/troupe-error.ts";

/** Where a job stands; the last three are final. */
export type JobPhase = "running" | "done" | "failed" | "cancelled";

/** Where an assignment stands; the last four are final. */
export type AssignmentPhase =
  | "waiting"
  | "ready"
  | "submitting"
  | "submitted"
  | "done"
  | "failed"
  | "skipped"
  | "cancelled";

/** How many assignments stand where. */
export type PhaseCounts = Readonly<Record<AssignmentPhase, number>>;

/** A task that was tried for an assignment, as the ledger recorded its end. */
export interface HopRecord {
  readonly task: string;
  readonly capability: string;
  readonly phase: "done" | "failed" | "dead-lettered" | "cancelled";
  /** Claims of that task, 1 at the first; 0 when it was cancelled unclaimed. */
  readonly attempts: number;
  /** The node that committed the result. */
  readonly owner?: string;
  readonly error?: ErrorRecord;
}

/** A job in numbers. */
export interface Progress {
  readonly job: string;
  readonly phase: JobPhase;
  readonly assignments: number;
  readonly phases: PhaseCounts;
  /** By capability as the plan names it. */
  readonly capabilities: Readonly<
    Record<string, { readonly assignments: number; readonly settled: number }>
  >;
  /** Claims beyond the first, and tasks beyond the first of their assignment. */
  readonly retries: number;
  /** Assignments whose result is a declared default. */
  readonly defaults: number;
  /** Tasks of which two different terminal records were seen; anything but 0 is a fault of the store. */
  readonly duplicateResults: number;
  /** Why it failed or was cancelled; absent otherwise. */
  readonly reason?: string;
}

/** How one assignment ended, or where it stands. */
export interface AssignmentReport {
  readonly id: string;
  readonly phase: AssignmentPhase;
  /** Present when done. */
  readonly result?: unknown;
  /** Present when failed: of the last task tried. */
  readonly error?: ErrorRecord;
  /** Present when skipped: the need that did not come; when cancelled: why. */
  readonly reason?: string;
  /** All tasks tried, in order; none for one that never ran. */
  readonly hops: readonly HopRecord[];
}

/** A page of reports, in the plan's order. */
export interface ReportPage {
  readonly reports: readonly AssignmentReport[];
  /** Where the next page starts; absent after the last. */
  readonly next?: number;
}

/** Counters that a job's owner moves as assignments change phase. */
export function noPhases(): Record<AssignmentPhase, number> {
  return {
    waiting: 0,
    ready: 0,
    submitting: 0,
    submitted: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
}

/** Whether an assignment in this phase will not change any more. */
export function isSettled(phase: AssignmentPhase): boolean {
  switch (phase) {
    case "waiting":
    case "ready":
    case "submitting":
    case "submitted":
      return false;
    case "done":
    case "failed":
    case "skipped":
    case "cancelled":
      return true;
  }
}
