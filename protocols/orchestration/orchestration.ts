/**
 * Carrying out a plan: which task is submitted when, and what its end means for the rest.
 *
 * Owns: the decisions of one job. Its neighbours: `plan.ts` has checked the plan, `actors/orchestration/orchestrator.ts`
 * performs the effects, the ledger (`runtime/durable`) records who did what.
 *
 * O1: an assignment is submitted only when all its needs are done, and at most `maxInFlight` at once.
 * O2: the ledger decides: a task's first terminal record counts, whenever it is seen, also before the
 *     task was submitted here; so a job begun again from its plan goes on where it was.
 * O3: the order in which records are seen does not change the reports.
 * O4: a job ends: every assignment becomes done, failed, skipped or cancelled.
 * O5: after a refusal nothing is submitted until `roomMade`.
 *
 * State is moved, not copied: `step` consumes the orchestration it is given and returns the one to go
 * on with; whoever passes it in gives it up. That keeps the signature of a pure step while an event
 * costs only what it touches. Replaying the same events from `begin` gives the same effects.
 *
 * Cost: O(needs) per assignment over the whole job; O(1) amortised per event.
 */
import { isDeepStrictEqual } from "node:util";
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import { hopOfTask, taskIdOf } from "./assignment.ts";
import type { OrchestrationEffect, OrchestrationEvent } from "./orchestration-event.ts";
import type {
  Orchestration,
  OrchestrationOptions,
  Slot,
  SlotState,
} from "./orchestration-state.ts";
import { JobState } from "./orchestration-state.ts";
import type { Plan } from "./plan.ts";
import { isSettled } from "./progress.ts";

/**
 * A job that has not started.
 *
 * @param plan - checked by `plan` or `parsePlan`
 * @throws {RangeError} when `maxInFlight` is not a positive integer
 */
export function begin(plan: Plan, options: OrchestrationOptions = {}): Orchestration {
  const { maxInFlight } = options;
  if (maxInFlight !== undefined && !(Number.isInteger(maxInFlight) && maxInFlight > 0)) {
    throw new RangeError(`maxInFlight must be a positive integer: ${maxInFlight}`);
  }
  return new JobState(plan, options);
}

/**
 * What an event means for a job.
 *
 * @param orchestration - given up by the caller; go on with the one returned
 * @returns the job and the effects to perform, in order
 */
export function step(
  orchestration: Orchestration,
  event: OrchestrationEvent,
): readonly [Orchestration, readonly OrchestrationEffect[]] {
  const job = orchestration as JobState;
  apply(job, event);
  spread(job);
  submitReady(job);
  finishWhenSettled(job);
  return [job, job.effects.splice(0)];
}

function apply(job: JobState, event: OrchestrationEvent): void {
  switch (event.type) {
    case "started":
      if (job.started) return;
      job.started = true;
      for (const slot of job.slots) if (slot.missing === 0) makeReady(job, slot, 0);
      return;
    case "submitted":
      noteSubmission(job, event.task, event.answer);
      return;
    case "unsubmittable":
      noteOutcome(job, event.task, { phase: "failed", error: event.error, attempt: 1 });
      return;
    case "roomMade":
      job.held = false;
      return;
    case "settled":
      noteOutcome(job, event.task, event.outcome);
      return;
    case "cancelled":
      end(job, "cancelled", event.reason);
      return;
    case "expired":
      end(job, "failed", "the job's deadline passed");
      return;
  }
}

function noteSubmission(job: JobState, task: string, answer: "taken" | "refused"): void {
  const found = hopOfTask(job.job, task);
  const slot = found && job.byId.get(found.assignment);
  if (slot === undefined || slot.state.phase !== "submitting") return;
  if (slot.state.hop !== found?.hop) return;
  if (answer === "taken") {
    enter(job, slot, { phase: "submitted", hop: slot.state.hop });
    return;
  }
  enter(job, slot, { phase: "ready", hop: slot.state.hop });
  job.ready[slot.assignment.priority].push(slot);
  if (job.held) return;
  job.held = true;
  job.effects.push({ type: "awaitRoom" });
}

function noteOutcome(job: JobState, task: string, outcome: TaskOutcome): void {
  const found = hopOfTask(job.job, task);
  const slot = found && job.byId.get(found.assignment);
  if (found === undefined || slot === undefined) return;
  const known = slot.outcomes.get(found.hop);
  if (known !== undefined) {
    if (!isDeepStrictEqual(known, outcome)) job.duplicateResults++;
    return;
  }
  slot.outcomes.set(found.hop, outcome);
  // A record of a hop that is not reached yet waits in `outcomes` until `makeReady` comes to it (O3).
  const { state } = slot;
  switch (state.phase) {
    case "ready":
    case "submitting":
    case "submitted":
      if (state.hop === found.hop) useOutcome(job, slot, state.hop, outcome);
      return;
    case "waiting":
    case "done":
    case "failed":
    case "skipped":
    case "cancelled":
      return;
  }
}

/** Goes to a hop: by its record when the ledger has one, by the declared value, or by a task. */
function makeReady(job: JobState, slot: Slot, at: number): void {
  const hop = slot.hops[at];
  if (hop === undefined) throw new RangeError(`no hop ${at} in ${slot.assignment.id}`);
  if (at > 0 && hop.kind === "task") job.retries++;
  const known = slot.outcomes.get(at);
  if (hop.kind === "default") {
    job.defaults++;
    settleSlot(job, slot, { phase: "done", result: hop.value });
  } else if (known !== undefined) {
    useOutcome(job, slot, at, known);
  } else {
    enter(job, slot, { phase: "ready", hop: at });
    job.ready[slot.assignment.priority].push(slot);
  }
}

function useOutcome(job: JobState, slot: Slot, at: number, outcome: TaskOutcome): void {
  if (outcome.phase !== "cancelled") job.retries += outcome.attempt - 1;
  switch (outcome.phase) {
    case "done":
      settleSlot(job, slot, { phase: "done", result: outcome.result });
      return;
    case "cancelled":
      // Cancelled by somebody else: the fallback chain answers failures, not decisions.
      settleSlot(job, slot, { phase: "cancelled", reason: outcome.reason });
      return;
    case "failed":
    case "dead-lettered":
      if (at + 1 < slot.hops.length) makeReady(job, slot, at + 1);
      else settleSlot(job, slot, { phase: "failed", error: outcome.error });
      return;
  }
}

function settleSlot(job: JobState, slot: Slot, state: SlotState): void {
  enter(job, slot, state);
  const count = job.capabilities[slot.assignment.capability];
  if (count !== undefined) count.settled++;
  job.effects.push({ type: "announce", assignment: slot.assignment.id, phase: state.phase });
  job.news.push(slot);
}

/** Lets dependants know of settled slots. A list and no recursion: a plan may be a long chain. */
function spread(job: JobState): void {
  for (let slot = job.news.pop(); slot !== undefined; slot = job.news.pop()) {
    const { phase } = slot.state;
    const reason = `${slot.assignment.id} is ${phase}`;
    for (const dependant of slot.dependants) {
      dependant.missing--;
      if (dependant.state.phase !== "waiting") continue;
      if (phase !== "done") settleSlot(job, dependant, { phase: "skipped", reason });
      else if (dependant.missing === 0) makeReady(job, dependant, 0);
    }
  }
}

function enter(job: JobState, slot: Slot, state: SlotState): void {
  job.phases[slot.state.phase]--;
  job.phases[state.phase]++;
  slot.state = state;
}

function submitReady(job: JobState): void {
  if (!job.started || job.held || job.phase !== "running") return;
  for (const priority of ["interactive", "batch"] as const) {
    const ready = job.ready[priority];
    let taken = 0;
    while (taken < ready.length && job.phases.submitting + job.phases.submitted < job.maxInFlight) {
      const slot = ready[taken++];
      // One that was settled by its record while it waited here is no longer ready.
      if (slot?.state.phase === "ready") submit(job, slot, slot.state.hop);
    }
    ready.splice(0, taken);
  }
}

function submit(job: JobState, slot: Slot, at: number): void {
  const { assignment } = slot;
  const hop = slot.hops[at];
  if (hop?.kind !== "task") throw new RangeError(`hop ${at} of ${assignment.id} is no task`);
  enter(job, slot, { phase: "submitting", hop: at });
  const input: Record<string, unknown> = { ...assignment.given };
  for (const [field, need] of Object.entries(assignment.needs)) {
    input[field] =
      typeof need === "string" ? resultOf(job, need) : need.map((id) => resultOf(job, id));
  }
  job.effects.push({
    type: "submit",
    request: {
      id: taskIdOf(job.job, assignment.id, at),
      capability: hop.capability,
      priority: assignment.priority,
      input,
      ...(assignment.maxAttempts === undefined ? {} : { maxAttempts: assignment.maxAttempts }),
    },
  });
}

function resultOf(job: JobState, id: string): unknown {
  const state = job.byId.get(id)?.state;
  return state?.phase === "done" ? state.result : undefined;
}

function end(job: JobState, phase: "failed" | "cancelled", reason: string): void {
  if (job.phase !== "running") return;
  job.phase = phase;
  job.reason = reason;
  for (const slot of job.slots) {
    const { state } = slot;
    if (isSettled(state.phase)) continue;
    if (state.phase === "submitting" || state.phase === "submitted") {
      const task = taskIdOf(job.job, slot.assignment.id, state.hop);
      job.effects.push({ type: "cancelTask", task, reason });
    }
    settleSlot(job, slot, { phase: "cancelled", reason });
  }
  job.effects.push({ type: "finish", phase });
}

function finishWhenSettled(job: JobState): void {
  const { done, failed, skipped, cancelled } = job.phases;
  if (job.phase !== "running" || !job.started) return;
  if (done + failed + skipped + cancelled < job.slots.length) return;
  job.phase = done === job.slots.length ? "done" : "failed";
  if (job.phase === "failed") job.reason = `${job.slots.length - done} assignments have no result`;
  job.effects.push({ type: "finish", phase: job.phase });
}
