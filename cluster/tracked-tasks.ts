/**
 * Durable tasks that remember their workers, so that a node can drain them all when it stops.
 *
 * Owns: the list of workers. What workers do is `runtime/durable/`.
 */
import type { Tasks, TaskWorker } from "../runtime/durable/tasks.ts";

/** Tasks whose workers can be ended together. */
export interface TrackedTasks {
  readonly tasks: Tasks;
  /** Lets no worker take more; resolves when nothing is in hand. */
  drain(): Promise<void>;
  /** Aborts what is in hand and puts it back. */
  stop(): Promise<void>;
}

/** Remembers the workers that `tasks` starts. */
export function trackedTasks(tasks: Tasks): TrackedTasks {
  const workers = new Set<TaskWorker>();
  return {
    tasks: {
      submit: (request) => tasks.submit(request),
      outcomeOf: (id) => tasks.outcomeOf(id),
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
    drain: async () => {
      await Promise.all([...workers].map((worker) => worker.drain()));
    },
    stop: async () => {
      await Promise.all([...workers].map((worker) => worker.stop()));
    },
  };
}
