/**
 * Durable tasks that remember their workers, so that a node can drain them all when it stops.
 *
 * Owns: the list of workers. What workers do is `runtime/durable/`.
 */

import type { Tasks, TaskWorker } from "../../runtime/durable/tasks.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";

/** Tasks whose workers can be ended together. */
export interface TrackedTasks {
  readonly tasks: Tasks;
  /** Lets no worker take more; what is not done within `drainMs` is aborted and put back. */
  end(drainMs: number): Promise<void>;
}

/** Remembers the workers that `tasks` starts. */
export function trackedTasks(tasks: Tasks, clock: Clock): TrackedTasks {
  const workers = new Set<TaskWorker>();
  return {
    tasks: {
      submit: (request) => tasks.submit(request),
      outcomeOf: (id) => tasks.outcomeOf(id),
      claimedBy: (node, job) => tasks.claimedBy(node, job),
      follow: (job, settled) => tasks.follow(job, settled),
      cancel: (id, reason) => tasks.cancel(id, reason),
      work: (capability, perform, options) => {
        const worker = tasks.work(capability, perform, options);
        workers.add(worker);
        const forgetting = {
          get inHand() {
            return worker.inHand;
          },
          drain: async () => {
            await worker.drain();
            workers.delete(worker);
          },
          stop: async () => {
            await worker.stop();
            workers.delete(worker);
          },
        };
        return forgetting;
      },
    },
    end: async (drainMs) => {
      let cancel: Cancel = () => {};
      const late = new Promise<"late">((resolve) => {
        cancel = clock.after(drainMs, () => resolve("late"));
      });
      const drained = Promise.all([...workers].map((worker) => worker.drain()));
      const outcome = await Promise.race([drained, late]);
      cancel();
      if (outcome === "late") await Promise.all([...workers].map((worker) => worker.stop()));
    },
  };
}
