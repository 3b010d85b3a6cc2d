/**
 * Skynet: an actor starts ten, each of them ten more, and so on to a million leaves; every leaf
 * reports its number, every other actor the sum of its children's, and each stops when it has. The
 * rate is leaves per second, counted with the sum at the root; the sum is checked.
 *
 * The limit is a recursive async function: one call and one promise in the place of each actor. A
 * plain recursive sum would be no version of it: nothing in it could wait for anything.
 *
 * Source: the skynet 1M benchmark, github.com/atemerev/skynet.
 */
import {
  type ActorRef,
  actor,
  createSystem,
  protocol,
  silentLog,
  tell,
} from "../../runtime/index.ts";
import type { Benchmark, RateVariant, Setting } from "../benchmark.ts";
import { type NactContext, type NactRef, nactModule } from "../rivals/nact.ts";
import { Stopwatch } from "../stopwatch.ts";

const DIVISION = 10;
const LEAVES = 1_000_000;
/** nact is given as many as it bears. */
const NACT_LEAVES = 100_000;
const QUICK_LEAVES = 10_000;

/** What comes up the tree. */
interface Sum {
  readonly sum: number;
  readonly leaves: number;
}

const Skynet = protocol("skynet@1", { add: tell<Sum>() });

/** What an actor of the tree is made with. */
interface Branch {
  readonly number: number;
  readonly size: number;
  readonly report: ActorRef<typeof Skynet.operations> | ((sum: Sum) => void);
}

function reportTo(report: Branch["report"], sum: Sum): void {
  if (typeof report === "function") report(sum);
  else report.tell("add", sum);
}

const skynet = actor(
  Skynet,
  (branch: Branch, ctx) => {
    const { number, size, report } = branch;
    if (size === 1) {
      reportTo(report, { sum: number, leaves: 1 });
      ctx.stop();
    } else {
      const part = size / DIVISION;
      for (let i = 0; i < DIVISION; i++) {
        ctx.spawn(skynetOf(), {
          input: { number: number + i * part, size: part, report: ctx.self },
        });
      }
    }
    return { report, sum: 0, leaves: 0, missing: DIVISION };
  },
  {
    add: (ctx, { sum, leaves }) => {
      const { state } = ctx;
      state.sum += sum;
      state.leaves += leaves;
      if (--state.missing > 0) return;
      reportTo(state.report, { sum: state.sum, leaves: state.leaves });
      ctx.stop();
    },
  },
);

/** A definition may not name itself while it is being made. */
function skynetOf(): typeof skynet {
  return skynet;
}

function ours({ quick }: Setting): RateVariant {
  return {
    kind: "rate",
    batch: 1,
    exactly: quick ? QUICK_LEAVES : LEAVES,
    run: async (count) => {
      const system = createSystem({ log: silentLog });
      const watch = new Stopwatch();
      const { sum, leaves } = await new Promise<Sum>((report) => {
        system.spawn(skynet, { input: { number: 0, size: count, report } });
      });
      const { elapsedMs } = watch;
      await system.shutdown({ deadline: "60s" });
      return checked(count, sum, leaves, elapsedMs);
    },
  };
}

async function bareSkynet(number: number, size: number): Promise<Sum> {
  if (size === 1) return { sum: number, leaves: 1 };
  const part = size / DIVISION;
  const children: Promise<Sum>[] = [];
  for (let i = 0; i < DIVISION; i++) children.push(bareSkynet(number + i * part, part));
  let sum = 0;
  let leaves = 0;
  for (const child of children) {
    const one = await child;
    sum += one.sum;
    leaves += one.leaves;
  }
  return { sum, leaves };
}

function bare({ quick }: Setting): RateVariant {
  return {
    kind: "rate",
    batch: 1,
    exactly: quick ? QUICK_LEAVES : LEAVES,
    run: async (count) => {
      const watch = new Stopwatch();
      const { sum, leaves } = await bareSkynet(0, count);
      return checked(count, sum, leaves, watch.elapsedMs);
    },
  };
}

interface NactBranch {
  readonly sum: number;
  readonly leaves: number;
  readonly missing: number;
}

type NactMessage =
  | { readonly type: "begin"; readonly number: number; readonly size: number }
  | ({ readonly type: "add" } & Sum);

function onNact(setting: Setting): RateVariant {
  const nact = nactModule(setting);
  return {
    kind: "rate",
    batch: 1,
    exactly: setting.quick ? QUICK_LEAVES : NACT_LEAVES,
    run: async (count) => {
      const system = nact.start();
      const watch = new Stopwatch();
      const { sum, leaves } = await new Promise<Sum>((report) => {
        const initial = (): NactBranch => ({ sum: 0, leaves: 0, missing: DIVISION });
        const options = { initialStateFunc: initial };
        const up = (ctx: NactContext, isRoot: boolean, total: Sum): void => {
          if (isRoot) report(total);
          else nact.dispatch(ctx.parent, { type: "add", ...total });
          nact.stop(ctx.self);
        };
        const receive =
          (isRoot: boolean) =>
          (state: NactBranch, message: NactMessage, ctx: NactContext): NactBranch => {
            if (message.type === "add") {
              const next = {
                sum: state.sum + message.sum,
                leaves: state.leaves + message.leaves,
                missing: state.missing - 1,
              };
              if (next.missing === 0) up(ctx, isRoot, { sum: next.sum, leaves: next.leaves });
              return next;
            }
            const { number, size } = message;
            if (size === 1) up(ctx, isRoot, { sum: number, leaves: 1 });
            else {
              const part = size / DIVISION;
              for (let i = 0; i < DIVISION; i++) {
                const child = nact.spawn(ctx.self, receive(false), `${i}`, options);
                nact.dispatch(child, { type: "begin", number: number + i * part, size: part });
              }
            }
            return state;
          };
        const root: NactRef = nact.spawn(system, receive(true), "root", options);
        nact.dispatch(root, { type: "begin", number: 0, size: count });
      });
      const { elapsedMs } = watch;
      nact.stop(system);
      return checked(count, sum, leaves, elapsedMs);
    },
  };
}

function checked(count: number, sum: number, completed: number, elapsedMs: number) {
  const expected = (count * (count - 1)) / 2;
  if (sum !== expected) throw new Error(`the sum is ${sum}, not ${expected}`);
  return { completed, elapsedMs };
}

/** A tree of a million actors. */
export const skynetTree: Benchmark = {
  name: "skynet",
  about:
    "A tree of actors, ten below each, to a million leaves; the leaves' numbers are summed up.",
  unit: "leaves/s",
  better: "more",
  rounds: 3,
  launches: 1,
  variants: {
    troupe: { make: ours, nodeFlags: ["--max-old-space-size=4096"] },
    "async recursion": { make: bare, nodeFlags: ["--max-old-space-size=4096"] },
    nact: { make: onNact, rival: "nact" },
  },
  rows: [
    { name: "skynet 1M vs async recursion", against: ["async recursion"], goal: 0.2 },
    { name: "skynet 1M vs nact at 100,000", against: ["nact"], goal: 10 },
  ],
};
