/**
 * Chains of asks from actor to actor against the set of those who wait.
 *
 * An ask walks a path: each actor on it asks the next one, holding its turn meanwhile or giving it up
 * by a deferred reply, or hands the ask on. The reference is the set of actors that hold their turn; an
 * ask to one of them would never be answered.
 *
 * Checks S2 (a cycle is refused at once and named; nothing else is), S15 (the deadline shrinks hop by
 * hop), A1, A2, A4, F1, F2.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { DeferredReply } from "../../runtime/deferred-reply.ts";
import { ask, type Protocol, protocol } from "../../runtime/protocol.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { listOf, type Model, model } from "./model.ts";
import { ModelWorld } from "./model-world.ts";

interface Hop {
  readonly actor: number;
  /** It gives its turn up while it waits, or has the next one answer in its place. */
  readonly how: "holds" | "defers" | "forwards";
}
interface Walk {
  readonly hops: readonly Hop[];
  /** The last one never answers. */
  readonly stuck: boolean;
  readonly timeoutMs: number;
}
/** How far a walk came. */
interface Report {
  readonly visited: readonly number[];
  /** The code of what ended it early. */
  readonly code: string | undefined;
}
const Relay = protocol("relay@1", { walk: ask<Walk, Report>() });
type RelayOperations = typeof Relay extends Protocol<infer O> ? O : never;
const ACTORS = 4;

interface Plan {
  readonly walks: readonly Walk[];
  /** All at once, so that walks stand in each other's way. */
  readonly together: boolean;
}

const walk: fc.Arbitrary<Walk> = fc.record({
  hops: listOf(
    fc.record({
      actor: fc.nat(ACTORS - 1),
      how: fc.constantFrom("holds", "holds", "holds", "defers", "forwards"),
    }),
    8,
  ),
  stuck: fc.oneof(
    { weight: 3, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  timeoutMs: fc.integer({ min: 1, max: 200 }),
});
const plans: fc.Arbitrary<Plan> = fc.record({ walks: listOf(walk, 6), together: fc.boolean() });

/** The reference: where a walk that nobody disturbs ends. */
function expectedOf({ hops }: Walk): Report {
  const holding = new Set<number>();
  const visited: number[] = [];
  let last: Hop | undefined;
  for (const [i, hop] of hops.entries()) {
    // Who asks holds its turn at that moment, whether or not it gives it up afterwards.
    const isToItself = last?.actor === hop.actor && last.how !== "forwards";
    if (holding.has(hop.actor) || isToItself) return { visited, code: "ask.cycle" };
    if (last?.how === "holds") holding.add(last.actor);
    // Who hands it on is not asked by anybody to report.
    if (hop.how !== "forwards" || i === hops.length - 1) visited.push(hop.actor);
    last = hop;
  }
  return { visited, code: undefined };
}

async function run({ walks, together }: Plan, seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const addressOf = (i: number): string => `local/relay-${i}`;
  const failure = (me: number, error: unknown): Report => {
    const code = error instanceof TroupeError ? error.code : String(error);
    if (error instanceof TroupeError && code === "ask.cycle") {
      const { path } = error.data as { readonly path: readonly string[] };
      const isNamed = path.length > 1 && path[0] === path.at(-1) && path.includes(addressOf(me));
      world.expect(isNamed, `S2: the cycle is not named: ${path.join()}`);
      world.expect(error.outcome === "never-ran", `S2: a cycle's outcome is ${error.outcome}`);
    }
    return { visited: [me], code };
  };
  const selves = new Map<number, ActorRef<RelayOperations>>();
  const init = (me: number, ctx: { readonly self: ActorRef<RelayOperations> }): number => {
    selves.set(me, ctx.self);
    return me;
  };
  const relay = actor(Relay, init, {
    walk: (ctx, { hops, stuck, timeoutMs }) => {
      const me = ctx.state;
      const [mine, next, ...after] = hops;
      if (next === undefined) {
        // The signal aborts when nobody waits any more; so the turn is not held for ever.
        const { signal } = ctx;
        if (!stuck) return { visited: [me], code: undefined };
        return new Promise<Report>((resolve) => {
          signal.addEventListener("abort", () => resolve({ visited: [me], code: "stuck" }));
        });
      }
      const rest = { hops: [next, ...after], stuck, timeoutMs };
      const other = selves.get(next.actor);
      if (mine?.how === "forwards" && other !== undefined) return ctx.forward(other, "walk", rest);
      const ref = ctx.refOf(Relay, addressOf(next.actor));
      const report = ref.ask("walk", rest, { timeout: timeoutMs * 2 }).then(
        ({ visited, code }): Report => ({ visited: [me, ...visited], code }),
        (error: unknown) => failure(me, error),
      );
      if (mine?.how !== "defers") return report;
      const reply = new DeferredReply<Report>();
      void report.then((known) => reply.resolve(known));
      return reply;
    },
  });
  const refs = Array.from({ length: ACTORS }, (_, i) =>
    world.system.spawn(relay, { name: `relay-${i}`, input: i }),
  );
  await world.settle();

  const ends: (() => void)[] = [];
  for (const each of walks) {
    const first = refs[each.hops[0]?.actor ?? 0];
    const expected = expectedOf(each);
    const deadlineMs = world.nowMs + each.timeoutMs;
    let told: Report | undefined;
    void first?.ask("walk", each, { timeout: each.timeoutMs }).then(
      (report) => {
        world.expect(told === undefined, "A1: a walk settled twice");
        told = report;
      },
      (error: unknown) => {
        told = { visited: [], code: error instanceof TroupeError ? error.code : String(error) };
        world.expect(world.nowMs <= deadlineMs + 100, `A2: the walk was due at ${deadlineMs}`);
      },
    );
    ends.push(() => {
      world.expect(told !== undefined, "A1: a walk has no end");
      // Others may hold a walk up until its deadline; a cycle of its own they cannot make or break.
      const isFalse = told?.code === "ask.cycle" && expected.code !== "ask.cycle";
      world.expect(!isFalse, `S2: ${JSON.stringify(each.hops)} is no cycle`);
    });
    if (together) {
      await world.pass({ type: "turn" });
      continue;
    }
    await world.settle();
    if (each.stuck && expected.code === undefined) {
      world.expect(told === undefined, `A1: a walk that is stuck was answered`);
      await world.advance(each.timeoutMs);
      world.expect(told !== undefined, "A2: a walk has no end at its deadline");
      const { pendingReplies } = world.system;
      world.expect(pendingReplies === 0, `S15: ${pendingReplies} hops wait past the deadline`);
    } else {
      world.expect(
        JSON.stringify(told) === JSON.stringify(expected),
        `S2: ${JSON.stringify(each.hops)} ended as ${JSON.stringify(told)}`,
      );
    }
    world.verdict();
  }
  await world.advance(300);
  for (const check of ends) check();
  const { pendingReplies } = world.system;
  world.expect(pendingReplies === 0, `A4: ${pendingReplies} answers are awaited after the end`);
  await world.end();
}

/** See the file's header. */
export const chains: Model = model("chain", "S2, S15, A1, A2, A4, F1, F2", plans, run);
