/**
 * The state of one job, written in place by `orchestration.ts` only.
 *
 * Owns: what is remembered, and nothing of what is decided. Whoever holds an {@link Orchestration} passes
 * it to `step` and goes on with the one returned.
 */
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import type { ErrorRecord } from "../../runtime/troupe-error.ts";
import type { Assignment, Hop } from "./assignment.ts";
import { hopsOf, needsOf } from "./assignment.ts";
import type { OrchestrationEffect } from "./orchestration-event.ts";
import type { Plan } from "./plan.ts";
import type { AssignmentPhase, JobPhase } from "./progress.ts";
import { noPhases } from "./progress.ts";

/** Bounds of a job. */
export interface OrchestrationOptions {
  /** Tasks submitted and not settled, at most; default 256. */
  readonly maxInFlight?: number;
}

/** An assignment's state. */
export type SlotState =
  | { readonly phase: "waiting" }
  | { readonly phase: "ready" | "submitting" | "submitted"; readonly hop: number }
  | { readonly phase: "done"; readonly result: unknown }
  | { readonly phase: "failed"; readonly error: ErrorRecord }
  | { readonly phase: "skipped" | "cancelled"; readonly reason: string };

/** An assignment with what is known of it; written only by this file. */
export interface Slot {
  readonly assignment: Assignment;
  readonly hops: readonly Hop[];
  readonly dependants: Slot[];
  /** Needs that are not done. */
  missing: number;
  state: SlotState;
  /** Terminal records by hop, as they were seen. */
  readonly outcomes: Map<number, TaskOutcome>;
}

/** A job's state; opaque, and owned by whoever holds it. */
export interface Orchestration {
  readonly job: string;
  readonly phase: JobPhase;
}

/** See the head of this file. */
export class JobState implements Orchestration {
  readonly job: string;
  readonly maxInFlight: number;
  readonly slots: readonly Slot[];
  readonly byId: ReadonlyMap<string, Slot>;
  readonly phases: Record<AssignmentPhase, number> = noPhases();
  readonly capabilities: Record<string, { assignments: number; settled: number }> = {};
  readonly ready: Record<"interactive" | "batch", Slot[]> = { interactive: [], batch: [] };
  readonly effects: OrchestrationEffect[] = [];
  /** Slots that settled and whose dependants do not know yet. */
  readonly news: Slot[] = [];
  phase: JobPhase = "running";
  reason: string | undefined;
  started: boolean = false;
  held: boolean = false;
  retries = 0;
  defaults = 0;
  duplicateResults = 0;

  constructor(plan: Plan, options: OrchestrationOptions) {
    this.job = plan.job;
    this.maxInFlight = options.maxInFlight ?? 256;
    this.slots = plan.assignments.map((assignment) => ({
      assignment,
      hops: hopsOf(assignment),
      dependants: [],
      missing: 0,
      state: { phase: "waiting" },
      outcomes: new Map(),
    }));
    this.byId = new Map(this.slots.map((slot) => [slot.assignment.id, slot]));
    this.phases.waiting = this.slots.length;
    for (const slot of this.slots) this.#link(slot);
  }

  #link(slot: Slot): void {
    const { capability } = slot.assignment;
    const count = this.capabilities[capability];
    if (count === undefined) this.capabilities[capability] = { assignments: 1, settled: 0 };
    else count.assignments++;
    for (const need of new Set(needsOf(slot.assignment))) {
      this.byId.get(need)?.dependants.push(slot);
      slot.missing++;
    }
  }
}
