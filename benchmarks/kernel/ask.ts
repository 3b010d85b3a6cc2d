/**
 * Ask: callers that each wait for an answer before they ask again; every ask has a deadline.
 *
 * The limit is a raw promise, resolved by the plain queue loop in a microtask: no deadline, no
 * cancellation, no failure.
 */
import { actor, ask, createSystem, protocol, silentLog } from "../../runtime/index.ts";
import type { Benchmark, RateVariant, VariantSpec } from "../benchmark.ts";
import { startMoleculer } from "../rivals/moleculer.ts";
import type { RivalSystem } from "../rivals/rival.ts";
import { rivalVariant } from "../rivals/rivals.ts";
import { Stopwatch } from "../stopwatch.ts";
import type { Parcel } from "./parcel.ts";

const TIMEOUT_MS = 5_000;
const OPTIONS = { timeout: TIMEOUT_MS } as const;

const Doubler = protocol("doubler@1", {
  double: ask<Parcel, number>(),
  doubled: ask<undefined, number>(),
});
const doubler = actor(Doubler, () => ({ doubled: 0 }), {
  double: ({ state }, { left }) => {
    state.doubled++;
    return left * 2;
  },
  doubled: ({ state }) => state.doubled,
});

/**
 * `callers` at a time ask until `count` asks are answered; every answer is checked.
 *
 * @returns how long it took in ms
 * @throws {Error} when an answer is wrong
 */
export async function asking(
  callers: number,
  count: number,
  askOnce: (left: number, from: number) => Promise<unknown>,
): Promise<number> {
  const share = count / callers;
  const caller = async (number: number): Promise<void> => {
    for (let left = share; left > 0; left--) {
      const answer = await askOnce(left, number);
      if (answer !== left * 2) throw new Error(`asked to double ${left}, got ${answer}`);
    }
  };
  const watch = new Stopwatch();
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return watch.elapsedMs;
}

async function ours(callers: number): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const ref = system.spawn(doubler);
  await ref.ready;
  return {
    kind: "rate",
    batch: callers,
    run: async (count) => {
      const before = await ref.ask("doubled");
      const elapsedMs = await asking(callers, count, (left, from) =>
        ref.ask("double", { left, seq: left, from }, OPTIONS),
      );
      return { completed: (await ref.ask("doubled")) - before, elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

interface Question {
  readonly operation: string;
  readonly left: number;
  readonly from: number;
  readonly resolve: (answer: number) => void;
}

function bare(callers: number): RateVariant {
  const state = { doubled: 0 };
  const handlers: Readonly<Record<string, (question: Question) => void>> = {
    double: ({ left, resolve }) => {
      state.doubled++;
      resolve(left * 2);
    },
  };
  let queue: Question[] = [];
  let handled: Question[] = [];
  let isArmed = false;
  const drain = (): void => {
    isArmed = false;
    const waiting = queue;
    queue = handled;
    for (const question of waiting) handlers[question.operation]?.(question);
    waiting.length = 0;
    handled = waiting;
  };
  const askOnce = (left: number, from: number): Promise<number> =>
    new Promise((resolve) => {
      queue.push({ operation: "double", left, from, resolve });
      if (isArmed) return;
      isArmed = true;
      queueMicrotask(drain);
    });
  return {
    kind: "rate",
    batch: callers,
    run: async (count) => {
      state.doubled = 0;
      const elapsedMs = await asking(callers, count, askOnce);
      return { completed: state.doubled, elapsedMs };
    },
  };
}

async function on(system: RivalSystem, callers: number): Promise<RateVariant> {
  let doubled = 0;
  const ref = await system.spawn({
    double: ({ left }) => {
      doubled++;
      return left * 2;
    },
  });
  return {
    kind: "rate",
    batch: callers,
    run: async (count) => {
      doubled = 0;
      const elapsedMs = await asking(callers, count, (left, from) =>
        ref.ask({ type: "double", left, seq: left, from }),
      );
      return { completed: doubled, elapsedMs };
    },
  };
}

const WITH_TIMEOUT = ["nact", "moleculer with a time-out"];

function askBenchmark(
  callers: number,
  goals: { readonly bare?: number; readonly best?: number; readonly moleculer?: number },
): Benchmark {
  const name = `ask ${callers}`;
  const rival = (of: string): VariantSpec => rivalVariant(of, (system) => on(system, callers));
  const goal = (value: number | undefined) => (value === undefined ? {} : { goal: value });
  return {
    name,
    about: `${callers === 1 ? "One caller asks" : `${callers} callers ask`} one actor, with a deadline each.`,
    unit: "asks/s",
    better: "more",
    variants: {
      troupe: { make: () => ours(callers) },
      "raw promise": { make: () => bare(callers) },
      nact: rival("nact"),
      xstate: rival("xstate"),
      comedy: rival("comedy"),
      moleculer: rival("moleculer"),
      "moleculer with a time-out": rivalVariant(
        "moleculer",
        (system) => on(system, callers),
        (setting) => startMoleculer(setting, { timeoutMs: TIMEOUT_MS }),
      ),
    },
    rows: [
      { name: `${name} vs raw promise`, against: ["raw promise"], ...goal(goals.bare) },
      {
        name: `${name} vs best rival with a time-out`,
        against: WITH_TIMEOUT,
        label: "best with a time-out",
        ...goal(goals.best),
      },
      { name: `${name} vs moleculer`, against: ["moleculer"], ...goal(goals.moleculer) },
      {
        name: `${name} vs best rival without a time-out`,
        against: ["xstate", "comedy", "moleculer"],
        label: "best without a time-out",
      },
    ],
  };
}

/** One ask at a time. */
export const askAlone: Benchmark = askBenchmark(1, {});

/** 64 asks in flight. */
export const askTogether: Benchmark = askBenchmark(64, { bare: 0.5, best: 5, moleculer: 2 });
