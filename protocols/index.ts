/** The patterns as pure message protocols. What is not listed here is private to the folder. */
export type { Activation, Contributed } from "./activation.ts";
export type { Boost, Ksar } from "./agenda.ts";
export type { Assignment, Fallback } from "./assignment.ts";
export { hopOfTask, taskIdOf } from "./assignment.ts";
export * from "./auction.ts";
export * from "./beta.ts";
export * from "./bid-score.ts";
export { openBoard, step as stepBoard } from "./blackboard.ts";
export type { BoardEffect, BoardEvent } from "./board-event.ts";
export { bucketOf } from "./board-key.ts";
export { statusOf, subjectPage } from "./board-reading.ts";
export type { Blackboard, BoardOptions } from "./board-state.ts";
export type {
  BoardOutcome,
  BoardStatus,
  RefusedDraft,
  SubjectPage,
  SubjectReport,
} from "./board-status.ts";
export type { Capability } from "./capability.ts";
export { capability } from "./capability.ts";
export * from "./close-rule.ts";
export * from "./contract-net.ts";
export type { Contribution, Draft } from "./contribution.ts";
export * from "./delegation.ts";
export type { Entry } from "./entry.ts";
export type { EntryId } from "./entry-id.ts";
export { entryId } from "./entry-id.ts";
export type { Cause, Explanation } from "./explanation.ts";
export { explain, explanationLines } from "./explanation.ts";
export type { Goal, Settlement, SubjectView } from "./goal.ts";
export * from "./hierarchy.ts";
export { progressOf, reportPage } from "./job-report.ts";
export type { KnowledgeSource } from "./knowledge-source.ts";
export * from "./learned-quality.ts";
export type { Level } from "./level.ts";
export * from "./loop-guard.ts";
export * from "./market.ts";
export type { Merge, Merged } from "./merge.ts";
export { latest, noisyOr, strongest } from "./merge.ts";
export { begin as beginJob, step as stepJob } from "./orchestration.ts";
export type { OrchestrationEffect, OrchestrationEvent } from "./orchestration-event.ts";
export type { Orchestration, OrchestrationOptions } from "./orchestration-state.ts";
export type { Assign, Assigned, Plan, PlanFault } from "./plan.ts";
export { parsePlan, plan } from "./plan.ts";
export type {
  AssignmentPhase,
  AssignmentReport,
  HopRecord,
  JobPhase,
  Progress,
  ReportPage,
} from "./progress.ts";
export * from "./roster.ts";
export * from "./routing.ts";
export type { Condition, Trigger } from "./trigger.ts";
export * from "./verification.ts";
export * from "./work-rate.ts";
