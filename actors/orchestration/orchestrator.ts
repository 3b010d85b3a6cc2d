/**
 * Orchestrators: one actor per job, which has its assignments done as durable tasks.
 *
 * Owns: performing what `protocols/orchestration/orchestration.ts` decides. Who works is `worker.ts`, what counts is
 * the ledger: the orchestrator keeps nothing of its own that the ledger and the plan do not hold, so
 * that one that is started again with the same plan goes on where the job was.
 *
 * OR1: a job whose plan is in the actor's input begins at once, and again after a restart.
 * OR2: a queue that is full or away is tried again every 100 ms, at the longest until the job's deadline.
 */

import { progressOf, reportPage } from "../../protocols/orchestration/job-report.ts";
import { begin, step } from "../../protocols/orchestration/orchestration.ts";
import type {
  OrchestrationEffect,
  OrchestrationEvent,
} from "../../protocols/orchestration/orchestration-event.ts";
import type { Orchestration } from "../../protocols/orchestration/orchestration-state.ts";
import type { Plan } from "../../protocols/orchestration/plan.ts";
import { parsePlan } from "../../protocols/orchestration/plan.ts";
import type { Progress, ReportPage } from "../../protocols/orchestration/progress.ts";
import type { ActorContext, ActorDefinition } from "../../runtime/actor.ts";
import { actor } from "../../runtime/actor.ts";
import type { TaskRequest } from "../../runtime/durable/tasks.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { Cancel } from "../../runtime/ports/clock.ts";
import type { Ask, Protocol, Tell } from "../../runtime/protocol.ts";
import { ask, protocol, tell } from "../../runtime/protocol.ts";
import { errorRecord, messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { Inbox } from "../inbox.ts";

/** What an orchestrator can be asked. */
export type OrchestratorOperations = {
  /**
   * Begins the job of a plan. Asked again for the same job, it only answers. Refused with
   * `plan.invalid` and the faults, or with `job.other` when it has another job already.
   */
  readonly start: Ask<Plan, Progress>;
  /** Refused with `job.none` before there is a job. */
  readonly progress: Ask<undefined, Progress>;
  /** A page of reports, in the plan's order: `limit` (default 100) from index `from` (default 0). */
  readonly report: Ask<{ readonly from?: number; readonly limit?: number }, ReportPage>;
  readonly cancel: Tell<{ readonly reason: string }>;
  /** Its own: something came, or a timer fired. */
  readonly wake: Tell<"inbox" | "room" | "deadline">;
};

/** The protocol of orchestrators. */
export const Orchestrator: Protocol<OrchestratorOperations> = protocol("orchestrator@1", {
  start: ask<Plan, Progress>(),
  progress: ask<undefined, Progress>(),
  report: ask<{ readonly from?: number; readonly limit?: number }, ReportPage>(),
  cancel: tell<{ readonly reason: string }>(),
  wake: tell<"inbox" | "room" | "deadline">(),
});

/** What an orchestrator is started with. */
export interface OrchestratorInput {
  /** The job's plan; without one it waits for `start`, and forgets that job when it is restarted. */
  readonly plan?: Plan;
  /** Tasks under way at a time; default 256. */
  readonly maxInFlight?: number;
  /** The job's deadline; default 1 h. */
  readonly timeout?: Duration;
}

interface State {
  job: Orchestration | undefined;
  readonly inbox: Inbox<OrchestrationEvent>;
  unfollow: Cancel;
}

type Context = ActorContext<OrchestratorOperations, State, OrchestratorInput>;

const ROOM_MS = 100;
/** So that a wake-up which a full mailbox refused costs time and not the job (IN1). */
const ROUND_MS = 1_000;

/** An orchestrator; see {@link Orchestrator}. */
export const orchestrator: ActorDefinition<OrchestratorOperations, OrchestratorInput> = actor(
  Orchestrator,
  async (input: OrchestratorInput, ctx) => {
    const inbox = new Inbox<OrchestrationEvent>(() => ctx.self.tell("wake", "inbox"));
    const state: State = { job: undefined, inbox, unfollow: () => {} };
    if (input.plan !== undefined) {
      // Through the inbox, because handlers run only once the state is in place.
      const plan = checkedPlan(input.plan);
      await follow(state, ctx, plan.job);
      state.job = begin(plan, bounds(input));
      inbox.push({ type: "started" });
    }
    return state;
  },
  {
    start: async (ctx, given) => {
      const parsed = parsePlan(given);
      if (!parsed.ok) return ctx.fail("plan.invalid", parsed.error);
      const { job } = ctx.state;
      if (job !== undefined && job.job !== parsed.value.job) return ctx.fail("job.other", job.job);
      if (job === undefined) {
        await follow(ctx.state, ctx, parsed.value.job);
        ctx.state.job = begin(parsed.value, bounds(ctx.input));
        run(ctx, { type: "started" });
      }
      return progressOf(jobOf(ctx));
    },
    progress: (ctx) => progressOf(jobOf(ctx)),
    report: (ctx, { from = 0, limit = 100 }) => reportPage(jobOf(ctx), from, limit),
    cancel: (ctx, { reason }) => run(ctx, { type: "cancelled", reason }),
    wake: (ctx, why) => {
      if (why === "room") run(ctx, { type: "roomMade" });
      if (why === "deadline") run(ctx, { type: "expired" });
      for (const event of ctx.state.inbox.takeAll()) run(ctx, event);
    },
  },
  { stopping: (ctx) => ctx.state.unfollow() },
);

function bounds(input: OrchestratorInput): { readonly maxInFlight?: number } {
  return input.maxInFlight === undefined ? {} : { maxInFlight: input.maxInFlight };
}

function checkedPlan(plan: Plan): Plan {
  const parsed = parsePlan(plan);
  if (parsed.ok) return parsed.value;
  throw new TypeError(`faulty plan: ${parsed.error.map((fault) => fault.message).join("; ")}`);
}

function jobOf(ctx: Context): Orchestration {
  return ctx.state.job ?? ctx.fail("job.none");
}

async function follow(
  state: State,
  ctx: Pick<Context, "ports" | "timers" | "input">,
  job: string,
): Promise<void> {
  state.unfollow = await ctx.ports.tasks.follow(job, (task, outcome) => {
    state.inbox.push({ type: "settled", task, outcome });
  });
  ctx.timers.after("deadline", ctx.input.timeout ?? "1h", "wake", "deadline");
  ctx.timers.every("round", ROUND_MS, "wake", "inbox");
}

function run(ctx: Context, event: OrchestrationEvent): void {
  if (ctx.state.job === undefined) return;
  const [job, effects] = step(ctx.state.job, event);
  ctx.state.job = job;
  for (const effect of effects) perform(ctx, job, effect);
}

function perform(ctx: Context, { job }: Orchestration, effect: OrchestrationEffect): void {
  const { tasks, events } = ctx.ports;
  switch (effect.type) {
    case "submit":
      submit(ctx, effect.request);
      return;
    case "awaitRoom":
      ctx.timers.after("room", ROOM_MS, "wake", "room");
      return;
    case "cancelTask":
      tasks.cancel(effect.task, effect.reason).catch((error: unknown) => {
        // The job has ended; a task that goes on costs work, and nothing waits for it.
        ctx.log.warn({ task: effect.task, error: messageOf(error) }, "a task was not cancelled");
      });
      return;
    case "announce":
      events.emit({
        type: "assignment.settled",
        job,
        assignment: effect.assignment,
        phase: effect.phase,
      });
      return;
    case "finish":
      ctx.state.unfollow();
      for (const timer of ["deadline", "room", "round"]) ctx.timers.cancel(timer);
      return;
  }
}

function submit(ctx: Context, request: TaskRequest): void {
  const { inbox } = ctx.state;
  const task = request.id;
  ctx.ports.tasks.submit(request).then(
    (answer) => {
      inbox.push({ type: "submitted", task, answer: answer === "full" ? "refused" : "taken" });
    },
    (error: unknown) => {
      if (error instanceof TroupeError && error.retry !== "never") {
        inbox.push({ type: "submitted", task, answer: "refused" });
      } else {
        inbox.push({ type: "unsubmittable", task, error: errorRecord(error) });
      }
    },
  );
}
