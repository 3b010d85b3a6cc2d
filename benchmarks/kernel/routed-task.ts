/**
 * One routed task: a caller asks a router, which looks at the task and forwards it to one of two workers;
 * the worker answers the caller. The ask has a deadline, which goes along.
 *
 * The rival is a graph of two nodes, a router and a worker, invoked as often and as many at a time.
 */
import {
  type ActorRef,
  actor,
  ask,
  createSystem,
  protocol,
  silentLog,
} from "../../runtime/index.ts";
import type { Benchmark, RateVariant, Setting } from "../benchmark.ts";
import { twoNodes } from "../rivals/langgraph.ts";
import { asking } from "./ask.ts";
import type { Parcel } from "./parcel.ts";

const OPTIONS = { timeout: 5_000 } as const;

const Worker = protocol("worker@1", {
  work: ask<Parcel, number>(),
  worked: ask<undefined, number>(),
});
const Router = protocol("router@1", { route: ask<Parcel, number>() });

const worker = actor(Worker, () => ({ worked: 0 }), {
  work: ({ state }, { left }) => {
    state.worked++;
    return left * 2;
  },
  worked: ({ state }) => state.worked,
});

const router = actor(
  Router,
  (workers: readonly ActorRef<typeof Worker.operations>[]) => ({ workers }),
  {
    route: (ctx, task) => {
      const { state } = ctx;
      const chosen = state.workers[task.left % state.workers.length];
      if (chosen === undefined) throw new Error("there is no worker");
      return ctx.forward(chosen, "work", task);
    },
  },
);

async function ours(callers: number): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const workers = [system.spawn(worker), system.spawn(worker)];
  const ref = system.spawn(router, { input: workers });
  await ref.ready;
  const worked = async (): Promise<number> => {
    let sum = 0;
    for (const one of workers) sum += await one.ask("worked");
    return sum;
  };
  return {
    kind: "rate",
    batch: callers,
    run: async (count) => {
      const before = await worked();
      const elapsedMs = await asking(callers, count, (left, from) =>
        ref.ask("route", { left, seq: left, from }, OPTIONS),
      );
      return { completed: (await worked()) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

function onLangGraph(setting: Setting, callers: number): RateVariant {
  let worked = 0;
  const invoke = twoNodes(
    setting,
    ({ left }) => ({ left }),
    ({ left }) => {
      worked++;
      return { answer: left * 2 };
    },
  );
  return {
    kind: "rate",
    batch: callers,
    // A graph takes a thousand times as long as a message: it needs as much longer to be compiled.
    pace: { warmMs: 2_000 },
    run: async (count) => {
      worked = 0;
      const elapsedMs = await asking(callers, count, async (left) => {
        const { answer } = await invoke({ left });
        return answer;
      });
      return { completed: worked, elapsedMs };
    },
  };
}

function routedTask(name: string, callers: number): Benchmark {
  return {
    name,
    about: "A caller asks a router, the router a worker, and the answer comes back.",
    unit: "tasks/s",
    better: "more",
    variants: {
      troupe: { make: () => ours(callers) },
      langgraph: {
        make: (setting) => onLangGraph(setting, callers),
        rival: "@langchain/langgraph",
      },
    },
    rows: [{ name: `${name} vs langgraph`, against: ["langgraph"], goal: 2_000 }],
  };
}

/** Tasks one after the other. */
export const routedTaskAlone: Benchmark = routedTask("routed task", 1);

/** 64 tasks in flight. */
export const routedTasksTogether: Benchmark = routedTask("routed tasks, 64 in flight", 64);
