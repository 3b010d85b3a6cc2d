/**
 * Workers: actors that perform the durable tasks of one capability while they live.
 *
 * Owns: checking a task's input and lending the means to work. Claiming, keeping alive, committing and
 * retrying are the tasks' (`runtime/durable`); what the task is worth to a job is
 * `protocols/orchestration/orchestration.ts`.
 *
 * W1: an input that does not fit the capability's schema fails its task for good: no retry mends it.
 * W2: a stopping worker takes no more, gives what it has in hand `drain` to end, then puts it back.
 */
import type { Capability } from "../../protocols/orchestration/capability.ts";
import type { ActorDefinition, ActorOptions } from "../../runtime/actor.ts";
import { actor } from "../../runtime/actor.ts";
import type { TaskInHand, TaskWorker } from "../../runtime/durable/tasks.ts";
import type { Duration } from "../../runtime/duration.ts";
import { durationMs } from "../../runtime/duration.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Ask, Protocol } from "../../runtime/protocol.ts";
import { ask, protocol } from "../../runtime/protocol.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import type { Work } from "../work.ts";
import { workOf } from "../work.ts";

/** What a worker can be asked. */
export type WorkerOperations = {
  readonly load: Ask<undefined, WorkerLoad>;
};

/** How busy a worker is. */
export interface WorkerLoad {
  readonly capability: string;
  readonly inHand: number;
  /** Since its last start. */
  readonly done: number;
  readonly failed: number;
}

/** The protocol of workers. */
export const Worker: Protocol<WorkerOperations> = protocol("worker@1", {
  load: ask<undefined, WorkerLoad>(),
});

/** Work on one durable task. */
export interface TaskWork extends Work {
  readonly task: TaskInHand;
}

/** Options of {@link worker}. */
export interface WorkerOptions extends Omit<ActorOptions, "shutdown"> {
  /** Tasks at a time; default 1. */
  readonly concurrency?: number;
  /** How long tasks in hand may take to end when the worker stops; default 4 s. */
  readonly drain?: Duration;
}

/**
 * Defines a worker.
 *
 * @param of - what it can do
 * @param perform - does a task and returns its result, plain data; it may run more than once for one
 *   task, but only one result is recorded. A thrown `TroupeError` with `retry: 'never'` fails the task
 *   for good, anything else is retried.
 *
 * @example
 * const reader = worker(Read, async ({ path }) => ({ text: await readFile(path, "utf8") }), {
 *   concurrency: 8,
 * });
 * node.spawn(reader, { name: "reader" });
 */
export function worker<I, R>(
  of: Capability<I, R>,
  perform: (input: I, work: TaskWork) => R | Promise<R>,
  options: WorkerOptions = {},
): ActorDefinition<WorkerOperations, undefined> {
  const { concurrency = 1, drain = "4s", ...rest } = options;
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new RangeError(`concurrency must be a positive integer: ${concurrency}`);
  }
  const drainMs = durationMs(drain);
  return actor(
    Worker,
    (_input: undefined, ctx) => {
      const count = { done: 0, failed: 0 };
      const tasks = ctx.ports.tasks.work(
        of.name,
        async (task, signal) => {
          try {
            const input = await checkedInput(of, task.input);
            const result = await perform(input, { ...workOf(ctx, signal), task });
            count.done++;
            return result;
          } catch (error) {
            count.failed++;
            throw error;
          }
        },
        { concurrency },
      );
      return { tasks, count };
    },
    {
      load: (ctx) => {
        const { tasks, count } = ctx.state;
        return { capability: of.name, inHand: tasks.inHand, ...count };
      },
    },
    {
      capability: of.name,
      ...rest,
      // The stop must outlast the drain, or the actor is abandoned with tasks in hand.
      shutdown: drainMs + 1_000,
      stopping: (ctx) => leave(ctx.state.tasks, ctx.clock, drainMs),
    },
  );
}

async function checkedInput<I, R>(of: Capability<I, R>, input: unknown): Promise<I> {
  if (of.schema === undefined) return input as I;
  const checked = await of.schema["~standard"].validate(input);
  if (checked.issues === undefined) return checked.value;
  const issues = checked.issues.map((issue) => issue.message).join("; ");
  throw new TroupeError("ask.invalid", `the input does not fit ${of.name}: ${issues}`);
}

/** W2. */
async function leave(tasks: TaskWorker, clock: Clock, drainMs: number): Promise<void> {
  const late = new Promise<void>((resolve) => {
    clock.after(drainMs, resolve);
  });
  await Promise.race([tasks.drain(), late]);
  await tasks.stop();
}
