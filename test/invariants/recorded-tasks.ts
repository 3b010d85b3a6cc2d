/**
 * Durable tasks whose submissions and outcomes are told.
 *
 * Owns: what a submitter and a reader see. What workers do is told by the events of their nodes.
 *
 * A result says who made it when it is an object with `maker`, as `makerName` has it.
 */
import type { TaskOutcome, TaskRequest, Tasks } from "../../runtime/durable/tasks.ts";
import type { Fact } from "./record.ts";
import type { Recorder } from "./recorder.ts";

/** Tasks that do what `tasks` do, and tell of it. */
export function recordedTasks(tasks: Tasks, recorder: Recorder): Tasks {
  return {
    submit: async (request: TaskRequest) => {
      const { id: task, capability } = request;
      recorder.tell({ type: "task.submitted", task, capability });
      const answer = await tasks.submit(request);
      if (answer !== "full") recorder.tell({ type: "task.confirmed", task, capability });
      return answer;
    },
    outcomeOf: async (id) => {
      const outcome = await tasks.outcomeOf(id);
      recorder.tell(seen(id, outcome));
      return outcome;
    },
    follow: (job, settled) =>
      tasks.follow(job, (id, outcome) => {
        recorder.tell(seen(id, outcome));
        settled(id, outcome);
      }),
    claimedBy: (node, job) => tasks.claimedBy(node, job),
    cancel: (id, reason) => tasks.cancel(id, reason),
    work: (capability, perform, options) => tasks.work(capability, perform, options),
  };
}

function seen(task: string, outcome: TaskOutcome | undefined): Fact {
  const type = "task.seen";
  if (outcome === undefined) return { type, task, phase: "none" };
  switch (outcome.phase) {
    case "done": {
      const { phase, attempt, owner, result } = outcome;
      const maker = makerIn(result);
      return { type, task, phase, attempt, owner, ...(maker === undefined ? {} : { maker }) };
    }
    case "failed":
    case "dead-lettered":
      return { type, task, phase: outcome.phase, attempt: outcome.attempt };
    case "cancelled":
      return { type, task, phase: outcome.phase };
  }
}

function makerIn(result: unknown): string | undefined {
  if (typeof result !== "object" || result === null || !("maker" in result)) return undefined;
  return typeof result.maker === "string" ? result.maker : undefined;
}
