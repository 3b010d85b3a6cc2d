/**
 * Actors that opted out of being serial, and pools, against counts of what runs.
 *
 * One actor handles several messages at a time, lets reads run beside its work, or hands its messages to
 * workers; it is told and asked for work of random length, which may fail or take longer than allowed, and
 * whose askers may give up.
 * The reference is the set of handlers that run and one fate per message.
 *
 * Checks S1 (`concurrency`, `interleave`; work starts in order), S5 (a message waits only while all are
 * busy), S7 and S11 (a handler over its time limit has failed), S9 (a drain ends with its queue), T1, T3,
 * A1, A4, S15.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { child } from "../../runtime/child-spec.ts";
import { pool } from "../../runtime/pool.ts";
import { ask, protocol, tell } from "../../runtime/protocol.ts";
import { supervisor } from "../../runtime/supervisor.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

interface Job {
  readonly n: number;
  readonly ms: number;
  readonly fails: boolean;
}
const Worker = protocol("worker@1", {
  work: tell<Job>(),
  answer: ask<Job, number>(),
  read: ask<Job, number>(),
});
const LIMIT_MS = 25;

type Command =
  | {
      readonly type: "job";
      readonly operation: "work" | "answer" | "read";
      /** 0 for a handler that does not wait. */
      readonly ms: number;
      readonly fails: boolean;
    }
  /** The asker of one of the messages so far gives up. */
  | { readonly type: "abort"; readonly n: number }
  | { readonly type: "stop"; readonly how: "stop" | "drain" | "kill" }
  | Passing;

interface Plan {
  readonly shape: "concurrent" | "interleaving" | "pool";
  readonly concurrency: number;
  /** Of a pool. */
  readonly size: number;
  readonly capacity: number;
  readonly isLimited: boolean;
  readonly mayFail: boolean;
  readonly commands: readonly Command[];
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("job" as const),
      operation: fc.constantFrom("work", "answer", "read"),
      // The longest outlasts a stop, which waits for 20 ms before and after it aborts.
      ms: fc.constantFrom(0, 0, 10, 20, 30, 60),
      fails: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("abort" as const), n: fc.nat(15) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stop" as const),
      how: fc.constantFrom("stop", "drain", "kill"),
    }),
  },
  { weight: 10, arbitrary: passing(15) },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  shape: fc.constantFrom("concurrent", "interleaving", "pool"),
  concurrency: fc.integer({ min: 1, max: 3 }),
  size: fc.integer({ min: 1, max: 3 }),
  capacity: fc.integer({ min: 2, max: 8 }),
  isLimited: fc.boolean(),
  mayFail: fc.boolean(),
  commands: listOf(command, 40),
});

/** The reference: what became of one message. */
interface Known {
  readonly operation: "work" | "answer" | "read";
  /** It takes longer than its actor allows. */
  readonly isTooLong: boolean;
  readonly abort: AbortController;
  begun: boolean;
  end: "returned" | "threw" | undefined;
  told: string | undefined;
  /** It was told, or counted, that the actor had stopped. */
  wasStopped: boolean;
}

async function run(plan: Plan, seed: number): Promise<void> {
  const { shape, concurrency, size, capacity, mayFail, commands } = plan;
  const isLimited = mayFail && plan.isLimited;
  const world = new ModelWorld(seed);
  const jobs: Known[] = [];
  /** By generation: the work that runs. Reads of an interleaving actor do not count. */
  const running = new Map<object, Set<number>>();
  /** Reads that run beside it; as many as its mailbox holds. */
  let reads = 0;
  let lastBegun = -1;
  let hasFailed: boolean = false;
  let isEnding: boolean = false;
  /** How many were sent before it was drained, and nothing but drained. */
  let owed = 0;

  const isFree = (known: Known): boolean => shape === "interleaving" && known.operation === "read";
  const perform = async (generation: object, { n, ms, fails }: Job): Promise<number> => {
    const known = jobs[n] as Known;
    world.expect(!known.begun, `T1: ${n} was handled twice`);
    known.begun = true;
    const mine = running.get(generation) ?? new Set();
    running.set(generation, mine);
    if (!isFree(known)) {
      mine.add(n);
      world.expect(mine.size <= concurrency, `S1: ${[...mine]} run at a time, not ${concurrency}`);
      const isOrdered = shape !== "pool" || (size === 1 && concurrency === 1);
      world.expect(!isOrdered || n > lastBegun, `S3: ${n} began after ${lastBegun}`);
      lastBegun = n;
    } else reads++;
    if (ms > 0) await world.after(ms);
    if (!mine.delete(n)) reads--;
    known.end = fails ? "threw" : "returned";
    if (!fails) return n;
    hasFailed = true;
    throw new Error("fails");
  };
  const definition = actor(
    Worker,
    () => ({}),
    {
      work: async (ctx, job) => void (await perform(ctx.state, job)),
      answer: (ctx, job) => perform(ctx.state, job),
      read: (ctx, job) => perform(ctx.state, job),
    },
    {
      concurrency,
      shutdown: 20,
      backoff: { initial: 5, max: 5, jitter: 0 },
      mailbox: { capacity },
      ...(isLimited ? { timeLimit: LIMIT_MS } : {}),
      ...(shape === "interleaving" ? { interleave: ["read"] } : {}),
    },
  );
  const made =
    shape === "pool"
      ? pool(definition, {
          size,
          mailbox: { capacity },
          intensity: { restarts: 1_000, within: "1h" },
        })
      : definition;
  const top = world.system.spawn(
    supervisor({
      intensity: { restarts: 1_000, within: "1h" },
      children: [child(made, { name: "it" })],
    }),
    { name: "top" },
  );
  await world.until(top.ready, 0, "S10: it starts");
  const ref = world.system.refOf(Worker, "local/top/it");

  const send = (each: Command & { readonly type: "job" }): void => {
    const { operation, ms } = each;
    const fails = mayFail && each.fails;
    const n = jobs.length;
    const isTooLong = isLimited && ms > LIMIT_MS;
    const abort = new AbortController();
    const known: Known = {
      operation,
      isTooLong,
      abort,
      begun: false,
      end: undefined,
      told: undefined,
      wasStopped: false,
    };
    jobs.push(known);
    if (isTooLong) hasFailed = true;
    if (operation === "work") {
      ref.tell("work", { n, ms, fails });
      return;
    }
    ref.ask(operation, { n, ms, fails }, { timeout: 10_000, signal: abort.signal }).then(
      (value) => {
        world.expect(value === n, `A3: ask ${n} got the answer to ${value}`);
        known.told = "answered";
      },
      (error: unknown) => {
        known.told = error instanceof TroupeError ? `${error.outcome}` : String(error);
        known.wasStopped = error instanceof TroupeError && error.code === "actor.stopped";
      },
    );
  };
  /** S5, S1: nothing waits while there is room for it. */
  const checkRoom = (): void => {
    if (hasFailed || isEnding) return;
    const dead = new Set(world.letters.map(({ body }) => (body as Job).n));
    const waiting = jobs.filter(
      ({ begun, told, operation }, n) =>
        !begun && told === undefined && !(operation === "work" && dead.has(n)),
    );
    const runs = [...running.values()].reduce((sum, each) => sum + each.size, 0);
    const room = shape === "pool" ? size * concurrency : concurrency;
    const blocked = waiting.filter((known) => !isFree(known));
    world.expect(
      blocked.length === 0 || runs === room,
      `S5: ${blocked.length} messages wait, ${runs} of ${room} handlers run`,
    );
    world.expect(
      waiting.length === blocked.length || reads >= capacity,
      "S1: a read that interleaves waits",
    );
  };

  for (const each of commands) {
    if (isPassing(each)) {
      await world.pass(each);
      if (each.type === "settle" || each.type === "advance") checkRoom();
    } else if (each.type === "job") send(each);
    else if (each.type === "abort") jobs[each.n]?.abort.abort();
    else {
      // A second command may cut the first one short.
      owed = !isEnding && each.how === "drain" ? jobs.length : 0;
      isEnding = true;
      void world.system.stop(ref, each.how);
    }
    world.verdict();
  }
  await world.advance(11_000);
  const { pendingReplies } = world.system;
  world.expect(pendingReplies === 0, `A4: ${pendingReplies} answers are awaited after the end`);
  await world.end();

  const letters = new Map<number, string[]>();
  for (const { type, body, reason } of world.letters) {
    if (type !== "worker.work@1") continue;
    const { n } = body as Job;
    letters.set(n, [...(letters.get(n) ?? []), reason]);
    const known = jobs[n];
    if (known !== undefined && reason === "stopped") known.wasStopped = true;
  }
  if (hasFailed) owed = 0;
  for (const [n, { operation, isTooLong, begun, end, told, wasStopped }] of jobs.entries()) {
    world.expect(n >= owed || !wasStopped, `S9: the drain ended before ${n} was handled`);
    if (operation === "work") {
      const reasons = letters.get(n) ?? [];
      const isCut = begun && reasons.length === 1;
      const isDone = end === "returned" && reasons.length === 0 && !isTooLong;
      const isRefused = !begun && reasons.length === 1;
      world.expect(
        isCut || isDone || isRefused,
        `T3: ${n} begun ${begun}, ended ${end}, letters: ${reasons.join()}`,
      );
      continue;
    }
    const isTrue =
      told === "answered"
        ? end === "returned" && !isTooLong
        : told === "never-ran"
          ? !begun
          : told === "failed" || told === "unknown"
            ? begun
            : false;
    world.expect(isTrue, `S15: ask ${n} was told ${told}; begun ${begun}, ended ${end}`);
  }
  world.verdict();
}

/** See the file's header. */
export const workers: Model = model("worker", "S1, S5, S7, S9, S15, T1, T3, A1, A4", plans, run);
