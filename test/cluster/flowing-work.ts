/**
 * Durable tasks, asks and tells that flow between two nodes while something befalls their servers, and what must
 * hold of them afterwards.
 *
 * The sender's node submits and asks, the worker's works and answers. Each flow takes a new step when its last one
 * has ended, or a little later.
 */
import type { Test } from "tap";
import type { Node } from "../../cluster/node/node.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import type { TaskOutcome } from "../../runtime/durable/tasks.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import { Parrot, parrot } from "./fixtures/parrot.ts";
import { until } from "./test-server.ts";

/** Two nodes and what flows between them. */
export interface FlowingWork {
  readonly sender: Node;
  readonly worker: Node;
  /** Resolves when a task that is submitted from now on is done; returns after how long, in milliseconds. */
  resumed(): Promise<number>;
  /** Ends the flows, waits for what is under way, and checks all of it. */
  check(t: Test): Promise<void>;
  end(): Promise<void>;
}

interface Asked {
  readonly outcome: "answered" | TroupeError["outcome"];
  readonly tookMs: number;
}

const PAUSE_MS = 25;
const ASK_MS = 5_000;
const PATIENCE_MS = 120_000;
const CAPABILITY = "flow@1";

const pause = (ms: number) => new Promise<void>((resolve) => systemClock.after(ms, resolve));

/** Starts the nodes, each with URLs of its own, and the flows. */
export async function startFlowingWork(
  cluster: string,
  nats: { readonly sender: string; readonly worker: string },
): Promise<FlowingWork> {
  const worker = await startNode({ name: "worker", cluster, nats: nats.worker, log: silentLog });
  const sender = await startNode({ name: "sender", cluster, nats: nats.sender, log: silentLog });
  const ended: string[] = [];
  for (const node of [worker, sender])
    void node.ended.then((end) => ended.push(`${node.name} ${end.kind}`));

  const terminal: string[] = [];
  worker.events.subscribe((event) => {
    if (event.type === "task.done") terminal.push(event.task);
  });
  const working = worker.system.ports.tasks.work(CAPABILITY, async ({ input }) => input, {
    concurrency: 4,
  });
  worker.spawn(parrot, { name: "parrot", mailbox: { capacity: 20_000 } });
  await until("the worker is seen", () =>
    sender.membership.members().some(({ name, phase }) => name === "worker" && phase === "up"),
  );
  const { tasks } = sender.system.ports;
  const outcomes = new Map<string, TaskOutcome>();
  const cancel = await tasks.follow("flow", (id, outcome) => outcomes.set(id, outcome));
  const ref = sender.refOf(Parrot, "worker/parrot");

  const accepted = new Map<string, number>();
  const asked: Asked[] = [];
  const told: number[] = [];
  let submitted = 0;
  let flowing = true;
  const submitting = (async () => {
    while (flowing) {
      const id = `flow.${submitted++}`;
      const outcome = await tasks
        .submit({ id, capability: CAPABILITY, input: id })
        .catch(() => "unknown");
      if (outcome === "accepted" || outcome === "duplicate") accepted.set(id, performance.now());
      await pause(PAUSE_MS);
    }
  })();
  const asking = (async () => {
    for (let n = 0; flowing; n++) {
      const startedMs = performance.now();
      const outcome = await ref.ask("repeat", n, { timeout: ASK_MS }).then(
        () => "answered" as const,
        (error: TroupeError) => error.outcome,
      );
      asked.push({ outcome, tookMs: performance.now() - startedMs });
      await pause(PAUSE_MS);
    }
  })();
  const telling = (async () => {
    for (let n = 0; flowing; n++) {
      if (ref.tell("hear", n)) told.push(n);
      await pause(PAUSE_MS);
    }
  })();
  await until("work flows", () => outcomes.size > 3 && asked.length > 3, PATIENCE_MS);

  return {
    sender,
    worker,
    resumed: async () => {
      const sinceMs = performance.now();
      await until(
        "tasks are done again",
        () => [...accepted].some(([id, atMs]) => atMs > sinceMs && outcomes.has(id)),
        PATIENCE_MS,
      );
      return performance.now() - sinceMs;
    },
    check: async (t) => {
      flowing = false;
      await Promise.all([submitting, asking, telling]);
      await until(
        "D1: every accepted task has ended",
        () => [...accepted.keys()].every((id) => outcomes.has(id)),
        PATIENCE_MS,
      );
      const failed = [...outcomes].filter(([, { phase }]) => phase !== "done");
      t.same(failed, [], `D1: all of ${accepted.size} accepted tasks are done`);
      t.equal(terminal.length, new Set(terminal).size, "D2: each result is recorded once");
      const silent = asked.filter(({ outcome }) => outcome === undefined);
      t.same(silent, [], `A1: each of ${asked.length} asks settles, and says how`);
      const late = asked.filter(({ tookMs }) => tookMs > ASK_MS + 1_000);
      t.same(late, [], "A2: by its deadline, or what a busy machine takes longer");
      let heard: readonly number[] = [];
      await until(
        "T3: what was sent has arrived",
        async () => {
          heard = await ref.ask("heard", undefined, { timeout: 5_000 }).catch(() => []);
          return heard.length >= told.length;
        },
        PATIENCE_MS,
      );
      t.same(heard, told, `T1, T2, T3: ${told.length} tells arrived once and in order`);
      t.same(ended, [], "both nodes are up");
    },
    end: async () => {
      flowing = false;
      cancel();
      await working.stop();
      await sender.stop();
      await worker.stop();
    },
  };
}
