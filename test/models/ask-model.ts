/**
 * Asks with random deadlines, cancels, crashes, stops, kills and full mailboxes.
 *
 * Two actors under one supervisor are asked for what answers at once, late, never, with a failure or a
 * refusal, or after its handler returned; either may hand an ask on, once or twice, to the other or to
 * itself. The reference is one record per ask: whether the handler that answers began, how it ended, who
 * holds it on its way, and what its asker was told and when.
 *
 * Checks A1 to A4, S1 (one handler at a time), S6 and S15 (nothing begins after its deadline; `outcome`
 * tells the truth), S8 (a generation that is gone sends nothing), F1 and F2 (an ask that was handed on).
 */
import fc from "fast-check";
import { type ActorContext, actor } from "../../runtime/actor.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { child } from "../../runtime/child-spec.ts";
import { DeferredReply } from "../../runtime/deferred-reply.ts";
import { ask, type Operations, type Protocol, protocol, tell } from "../../runtime/protocol.ts";
import { supervisor } from "../../runtime/supervisor.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

interface Wish {
  readonly id: number;
  readonly ms: number;
}
/** An ask that is handed on along a path of callees before it is handled. */
interface Errand extends Wish {
  readonly path: readonly number[];
  readonly kind: (typeof KINDS)[number];
  /** How long each holds it. */
  readonly holdMs: number;
}
const KINDS = ["quick", "slow", "mindful", "boom", "refuse", "later"] as const;
const Callee = protocol("callee@1", {
  quick: ask<Wish, number>(),
  /** Answers after `ms`, whatever its signal says. */
  slow: ask<Wish, number>(),
  /** Waits for `ms` or for its signal. */
  mindful: ask<Wish, number>(),
  boom: ask<Wish, number>(),
  refuse: ask<Wish, number>(),
  /** Its handler returns at once, its answer comes after `ms`. */
  later: ask<Wish, number>(),
  onward: ask<Errand, number>(),
  crash: tell(),
  note: tell(),
});
type CalleeOperations = typeof Callee extends Protocol<infer O> ? O : never;
const NAMES = ["a", "b"] as const;
const LONGEST_MS = 60;
const SHUTDOWN_MS = 20;

type Command =
  | {
      readonly type: "ask";
      readonly callee: number;
      readonly kind: (typeof KINDS)[number];
      readonly ms: number;
      readonly timeoutMs: number;
      readonly path: readonly number[];
      readonly holdMs: number;
    }
  /** The asker of one of the asks so far gives up. */
  | { readonly type: "abort"; readonly ask: number }
  | { readonly type: "crash"; readonly callee: number }
  | {
      readonly type: "stop";
      readonly callee: number;
      readonly how: "stop" | "drain" | "kill";
    }
  | Passing;

interface Plan {
  readonly capacity: number;
  readonly onFull: "reject" | "drop-oldest" | "drop-newest";
  readonly strategy: "one-for-one" | "one-for-all";
  readonly commands: readonly Command[];
}

const callee = fc.nat(NAMES.length - 1);
const span = fc.integer({ min: 1, max: LONGEST_MS });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("ask" as const),
      callee,
      kind: fc.constantFrom(...KINDS),
      ms: span,
      timeoutMs: span,
      path: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(callee, { minLength: 1, maxLength: 2 }) },
      ),
      holdMs: fc.constantFrom(0, 0, 10),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("abort" as const), ask: fc.nat(20) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("crash" as const), callee }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stop" as const),
      callee,
      how: fc.constantFrom("stop" as const, "drain" as const, "kill" as const),
    }),
  },
  { weight: 8, arbitrary: passing(25) },
  // A handler must end and a deadline pass within one, in that order.
  { weight: 2, arbitrary: span.map((ms): Command => ({ type: "lag", ms })) },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  capacity: fc.integer({ min: 1, max: 4 }),
  onFull: fc.constantFrom("reject", "drop-oldest", "drop-newest"),
  strategy: fc.constantFrom("one-for-one", "one-for-all"),
  commands: listOf(command, 30),
});

/** The reference: what is known of one ask. */
interface Known {
  readonly deadlineMs: number;
  readonly abort: AbortController;
  began: boolean;
  /** Somebody who is to hand it on has it in hand. */
  isHeld: boolean;
  /** How its handler ended. */
  end: "returned" | "threw" | undefined;
  /** What its asker was told. */
  told: { readonly how: string; readonly wasHeld: boolean } | undefined;
}

type Ctx<S> = ActorContext<Operations, S, string>;

async function run({ capacity, onFull, strategy, commands }: Plan, seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const asks: Known[] = [];
  const inHand = new Map<unknown, number>();
  /** The generation that began last, by actor. */
  const current = new Map<string, unknown>();
  /** Each as it names itself. */
  const selves = new Map<string, ActorRef<CalleeOperations>>();
  let laggedMs = 0;

  const began = (ctx: Ctx<unknown>, id: number): Known => {
    const known = asks[id] as Known;
    world.expect(!known.began, `T1: ask ${id} was handled twice`);
    world.expect(!inHand.has(ctx), `S1: ask ${id} began while ${inHand.get(ctx)} was handled`);
    world.expect(
      world.nowMs <= known.deadlineMs,
      `S6: ask ${id} began after its deadline of ${known.deadlineMs}`,
    );
    world.expect(current.get(ctx.input) === ctx, `S8: an old generation handled ask ${id}`);
    known.began = true;
    inHand.set(ctx, id);
    return known;
  };
  const ended = (ctx: Ctx<unknown>, known: Known, end: "returned" | "threw"): void => {
    known.end = end;
    inHand.delete(ctx);
  };
  const defined = actor(
    Callee,
    (name: string, ctx) => {
      current.set(name, ctx);
      selves.set(name, ctx.self);
      return { name };
    },
    {
      quick: (ctx, { id }) => {
        ended(ctx, began(ctx, id), "returned");
        return id;
      },
      slow: async (ctx, { id, ms }) => {
        const known = began(ctx, id);
        await world.after(ms);
        const isOld = current.get(ctx.input) !== ctx;
        const sent = ctx.self.tell("note");
        world.expect(!(isOld && sent), `S8: a generation that is gone sent a message`);
        ended(ctx, known, "returned");
        return id;
      },
      mindful: async (ctx, { id, ms }) => {
        const known = began(ctx, id);
        const { signal } = ctx;
        const aborted = new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve());
        });
        await Promise.race([world.after(ms), aborted]);
        ended(ctx, known, "returned");
        return id;
      },
      boom: (ctx, { id }) => {
        ended(ctx, began(ctx, id), "threw");
        throw new Error("boom");
      },
      refuse: (ctx, { id }) => {
        ended(ctx, began(ctx, id), "threw");
        return ctx.fail("not-today", id);
      },
      later: (ctx, { id, ms }) => {
        ended(ctx, began(ctx, id), "returned");
        const reply = new DeferredReply<number>();
        world.clock.after(ms, () => reply.resolve(id));
        return reply;
      },
      onward: async (ctx, { id, ms, path, kind, holdMs }) => {
        const known = asks[id] as Known;
        world.expect(!inHand.has(ctx), `S1: ask ${id} began while ${inHand.get(ctx)} was handled`);
        inHand.set(ctx, id);
        known.isHeld = true;
        try {
          if (holdMs > 0) await world.after(holdMs);
          const [next = 0, ...rest] = path;
          const ref = selves.get(NAMES[next] ?? "");
          if (ref === undefined) throw new Error("nobody to hand it on to");
          if (rest.length === 0) return ctx.forward(ref, kind, { id, ms });
          return ctx.forward(ref, "onward", { id, ms, path: rest, kind, holdMs });
        } finally {
          known.isHeld = false;
          inHand.delete(ctx);
        }
      },
      crash: () => {
        throw new Error("crash");
      },
      note: () => {},
    },
    {
      mailbox: { capacity, onFull },
      shutdown: SHUTDOWN_MS,
      backoff: { initial: 5, max: 5, jitter: 0 },
    },
  );
  const top = world.system.spawn(
    supervisor({
      strategy,
      intensity: { restarts: 1_000, within: "1h" },
      children: NAMES.map((name) => child(defined, { name, input: name })),
    }),
    { name: "top" },
  );
  await world.until(top.ready, 0, "S10: the actors start");
  const refs = NAMES.map((name) => world.system.refOf(Callee, `local/top/${name}`));

  const send = (each: Command & { readonly type: "ask" }): void => {
    const { callee, kind, ms, timeoutMs, path, holdMs } = each;
    const ref = refs[callee];
    if (ref === undefined) return;
    const id = asks.length;
    const abort = new AbortController();
    const deadlineMs = world.nowMs + timeoutMs;
    const known: Known = {
      deadlineMs,
      abort,
      began: false,
      isHeld: false,
      end: undefined,
      told: undefined,
    };
    asks.push(known);
    const options = { timeout: timeoutMs, signal: abort.signal };
    const note = (how: string): void => {
      world.expect(known.told === undefined, `A1: ask ${id} settled twice`);
      known.told = { how, wasHeld: known.isHeld };
      const latestMs = deadlineMs + 100 + laggedMs;
      world.expect(world.nowMs <= latestMs, `A2: ask ${id} was due at ${deadlineMs}`);
    };
    const asked =
      path.length === 0
        ? ref.ask(kind, { id, ms }, options)
        : ref.ask("onward", { id, ms, path, kind, holdMs }, options);
    asked.then(
      (value) => {
        world.expect(value === id, `A3: ask ${id} got the answer to ${value}`);
        note("answered");
      },
      (error: unknown) => {
        const isCoded = error instanceof TroupeError;
        world.expect(isCoded, `S15: ask ${id} rejected without a code: ${String(error)}`);
        note(isCoded ? `${error.outcome}` : "unknown");
        const isDue = isCoded && (error.code === "ask.timeout" || error.code === "ask.expired");
        world.expect(
          !isDue || world.nowMs >= deadlineMs,
          `A2: ask ${id} was due at ${deadlineMs}, not yet`,
        );
      },
    );
  };

  for (const each of commands) {
    if (each.type === "lag") {
      // A deadline counts from the turn that follows: late is only what was late after it.
      await world.settle();
      laggedMs += each.ms;
    }
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "ask") send(each);
    else if (each.type === "abort") asks[each.ask]?.abort.abort();
    else {
      const ref = refs[each.callee];
      if (ref === undefined) continue;
      if (each.type === "crash") ref.tell("crash");
      else void world.system.stop(ref, each.how);
    }
    world.verdict();
  }
  await world.advance(LONGEST_MS + 100);
  for (const [id, { told }] of asks.entries()) {
    world.expect(told !== undefined, `A1, A2: ask ${id} did not settle`);
  }
  const { pendingReplies } = world.system;
  world.expect(pendingReplies === 0, `A4: ${pendingReplies} still pending after all have settled`);
  await world.end();
  for (const [id, { began, end, told }] of asks.entries()) {
    const { how, wasHeld } = told ?? { how: "nothing", wasHeld: false };
    const isTrue =
      how === "answered"
        ? began && end === "returned"
        : how === "never-ran"
          ? !began
          : how === "failed"
            ? end === "threw"
            : began || wasHeld;
    world.expect(isTrue, `S15: ask ${id} was told ${how}; began ${began}, its handler ${end}`);
  }
  world.verdict();
}

/** See the file's header. */
export const asks: Model = model("ask", "A1, A2, A3, A4, S1, S6, S8, S15, F1, F2", plans, run);
