/**
 * Reading a job: its progress in numbers, its assignments page by page. Nothing here changes it.
 */
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import { taskIdOf } from "./assignment.ts";
import type { JobState, Orchestration, Slot } from "./orchestration-state.ts";
import type { AssignmentReport, HopRecord, Progress, ReportPage } from "./progress.ts";

/** A job in numbers. Cost: O(capabilities). */
export function progressOf(orchestration: Orchestration): Progress {
  const job = orchestration as JobState;
  return {
    job: job.job,
    phase: job.phase,
    assignments: job.slots.length,
    phases: { ...job.phases },
    capabilities: structuredClone(job.capabilities),
    retries: job.retries,
    defaults: job.defaults,
    duplicateResults: job.duplicateResults,
    ...(job.reason === undefined ? {} : { reason: job.reason }),
  };
}

/**
 * A page of reports, in the plan's order.
 *
 * @param from - index of the first, from 0
 * @param limit - how many at most
 */
export function reportPage(orchestration: Orchestration, from: number, limit: number): ReportPage {
  const job = orchestration as JobState;
  const to = Math.min(from + limit, job.slots.length);
  const reports = job.slots.slice(from, to).map((slot) => reportOf(job, slot));
  return { reports, ...(to < job.slots.length ? { next: to } : {}) };
}

function reportOf(job: JobState, slot: Slot): AssignmentReport {
  const { assignment, state } = slot;
  const hops: HopRecord[] = [];
  for (const [at, hop] of slot.hops.entries()) {
    const outcome = slot.outcomes.get(at);
    if (hop.kind !== "task" || outcome === undefined) break;
    hops.push(hopRecord(taskIdOf(job.job, assignment.id, at), hop.capability, outcome));
  }
  const report = { id: assignment.id, phase: state.phase, hops };
  switch (state.phase) {
    case "done":
      return { ...report, result: state.result };
    case "failed":
      return { ...report, error: state.error };
    case "skipped":
    case "cancelled":
      return { ...report, reason: state.reason };
    case "waiting":
    case "ready":
    case "submitting":
    case "submitted":
      return report;
  }
}

function hopRecord(task: string, capability: string, outcome: TaskOutcome): HopRecord {
  const { phase } = outcome;
  switch (outcome.phase) {
    case "done":
      return { task, capability, phase, attempts: outcome.attempt, owner: outcome.owner };
    case "failed":
    case "dead-lettered":
      return { task, capability, phase, attempts: outcome.attempt, error: outcome.error };
    case "cancelled":
      return { task, capability, phase, attempts: 0 };
  }
}
