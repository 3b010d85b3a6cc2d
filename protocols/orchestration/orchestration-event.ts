/**
 * What happens to a job, and what is to be done for it.
 *
 * Owns: the shapes. `orchestration.ts` goes from the one to the other, `actors/orchestration/orchestrator.ts` observes
 * the one and performs the other.
 */
import type { TaskOutcome, TaskRequest } from "../../runtime/durable/tasks.ts";
import type { ErrorRecord } from "../../runtime/troupe-error.ts";
import type { AssignmentPhase, JobPhase } from "./progress.ts";

/** What happened to a job. */
export type OrchestrationEvent =
  | { readonly type: "started" }
  /** The queue answered a submission; `refused` = full or unavailable, try later. */
  | { readonly type: "submitted"; readonly task: string; readonly answer: "taken" | "refused" }
  /** The queue will never take it, for example because it is too large. */
  | { readonly type: "unsubmittable"; readonly task: string; readonly error: ErrorRecord }
  /** The time to wait after a refusal is over. */
  | { readonly type: "roomMade" }
  /** A terminal record was seen in the ledger. */
  | { readonly type: "settled"; readonly task: string; readonly outcome: TaskOutcome }
  | { readonly type: "cancelled"; readonly reason: string }
  /** The job's deadline passed. */
  | { readonly type: "expired" };

/** What is to be done for a job. */
export type OrchestrationEffect =
  | { readonly type: "submit"; readonly request: TaskRequest }
  /** Wait a little, then say `roomMade`. */
  | { readonly type: "awaitRoom" }
  | { readonly type: "cancelTask"; readonly task: string; readonly reason: string }
  | { readonly type: "announce"; readonly assignment: string; readonly phase: AssignmentPhase }
  | { readonly type: "finish"; readonly phase: Exclude<JobPhase, "running"> };
