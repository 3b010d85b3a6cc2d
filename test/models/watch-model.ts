/**
 * Watches of actors and of a program against a set of who watches whom.
 *
 * Two watchers watch and unwatch three targets, which stop, fail, are killed and are started again under
 * their names. The reference is one entry per watch that stands; news take it away.
 *
 * Checks S12: exactly once per watch, at once when the target is not there, never after `unwatch`, with
 * the right reason; a watcher's own restart ends its watches.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import type { ExitReason, Terminated } from "../../runtime/exit-reason.ts";
import type { Cancel } from "../../runtime/ports/clock.ts";
import { protocol, tell } from "../../runtime/protocol.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

const Watcher = protocol("watcher@1", {
  watch: tell<string>(),
  unwatch: tell<string>(),
  /** Busy for `ms`, then unwatches: news may be queued by then. */
  lateUnwatch: tell<{ readonly address: string; readonly ms: number }>(),
  crash: tell(),
});
const Target = protocol("target@1", { crash: tell(), leave: tell(), restart: tell() });
type TargetOperations = (typeof Target)["operations"];

const WATCHERS = 2;
const TARGETS = 3;

type Command =
  | { readonly type: "watch" | "unwatch"; readonly watcher: number; readonly target: number }
  | {
      readonly type: "lateUnwatch";
      readonly watcher: number;
      readonly target: number;
      readonly ms: number;
    }
  | { readonly type: "watcherCrash"; readonly watcher: number }
  /** The program outside any actor watches, or calls its oldest watch off. */
  | { readonly type: "outside" | "outsideEnd"; readonly target: number }
  | {
      readonly type: "end";
      readonly target: number;
      readonly how: "stop" | "kill" | "crash" | "leave" | "restart";
    }
  | { readonly type: "spawn"; readonly target: number }
  | Passing;

const watcher = fc.nat(WATCHERS - 1);
const target = fc.nat(TARGETS - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant("watch" as const), watcher, target }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("unwatch" as const), watcher, target }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("lateUnwatch" as const),
      watcher,
      target,
      ms: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("watcherCrash" as const), watcher }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("outside" as const), target }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("outsideEnd" as const), target }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      target,
      how: fc.constantFrom("stop", "kill", "crash", "leave", "restart"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("spawn" as const), target }) },
  { weight: 8, arbitrary: passing(20) },
);

/** The reference: who is told if the target ends now. */
class Watches {
  readonly #world: ModelWorld;
  readonly #standing = new Set<string>();
  /** How the targets were made to end so far. */
  readonly causes = new Map<string, Set<ExitReason>>();

  constructor(world: ModelWorld) {
    this.#world = world;
  }

  add(watcher: string, address: string): void {
    this.#standing.add(`${watcher} ${address}`);
  }

  remove(watcher: string, address: string): void {
    this.#standing.delete(`${watcher} ${address}`);
  }

  /** A watcher began anew. */
  forget(watcher: string): void {
    for (const each of this.#standing) {
      if (each.startsWith(`${watcher} `)) this.#standing.delete(each);
    }
  }

  told(watcher: string, { address, reason }: Terminated): void {
    const stood = this.#standing.delete(`${watcher} ${address}`);
    this.#world.expect(stood, `S12: ${watcher} was told of ${address} and did not watch it`);
    const causes = this.causes.get(address);
    const fits = reason === "no-such-actor" || causes?.has(reason) === true;
    this.#world.expect(fits, `S12: ${address} ended as ${reason}, not ${[...(causes ?? [])]}`);
  }

  /** Who watches `address`. */
  of(address: string): readonly string[] {
    return [...this.#standing].filter((each) => each.endsWith(` ${address}`));
  }
}

async function run(commands: readonly Command[], seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const watches = new Watches(world);
  const alive = new Map<string, boolean>();
  const watcherActor = actor(
    Watcher,
    (name: string) => {
      watches.forget(name);
      return { name };
    },
    {
      watch: (ctx, address) => {
        watches.add(ctx.state.name, address);
        ctx.watch(address);
      },
      unwatch: (ctx, address) => {
        watches.remove(ctx.state.name, address);
        ctx.unwatch(address);
      },
      lateUnwatch: async (ctx, { address, ms }) => {
        await world.after(ms);
        watches.remove(ctx.state.name, address);
        ctx.unwatch(address);
      },
      crash: () => {
        throw new Error("crash");
      },
    },
    { terminated: (ctx, ended) => watches.told(ctx.state.name, ended) },
  );
  const targetActor = actor(Target, () => 0, {
    crash: (ctx) => ctx.fatal("crash"),
    leave: (ctx) => ctx.stop(),
    restart: () => {
      throw new Error("restart");
    },
  });
  // More restarts than intensity allows are another model's business.
  const quick = { backoff: { initial: 1, max: 1, jitter: 0 } } as const;
  const watchers = Array.from({ length: WATCHERS }, (_, i) =>
    world.system.spawn(watcherActor, { name: `w${i}`, input: `w${i}`, ...quick }),
  );
  const targets: (ActorRef<TargetOperations> | undefined)[] = [];
  const addressOf = (i: number): string => `local/t${i}`;
  const spawn = (i: number): void => {
    targets[i] = world.system.spawn(targetActor, { name: `t${i}`, ...quick });
    alive.set(addressOf(i), true);
    const address = addressOf(i);
    // News of an earlier life may still be queued: its causes stay.
    if (!watches.causes.has(address)) watches.causes.set(address, new Set(["intensity"]));
    world.system.watch(targets[i] ?? address, () => alive.set(address, false));
  };
  for (let i = 0; i < TARGETS; i++) spawn(i);
  const outside: { readonly name: string; readonly address: string; readonly end: Cancel }[] = [];
  let programs = 0;
  await world.settle();

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "watcherCrash") watchers[each.watcher]?.tell("crash");
    else {
      const address = addressOf(each.target);
      const causes = watches.causes.get(address);
      switch (each.type) {
        case "watch":
        case "unwatch":
          watchers[each.watcher]?.tell(each.type, address);
          break;
        case "lateUnwatch":
          watchers[each.watcher]?.tell(each.type, { address, ms: each.ms });
          break;
        case "outside": {
          const name = `program${programs++}`;
          watches.add(name, address);
          const end = world.system.watch(address, (ended) => watches.told(name, ended));
          outside.push({ name, address, end });
          break;
        }
        case "outsideEnd": {
          const first = outside.shift();
          if (first === undefined) break;
          watches.remove(first.name, first.address);
          first.end();
          break;
        }
        case "end": {
          const ref = targets[each.target];
          if (ref === undefined) break;
          if (each.how === "stop" || each.how === "kill") {
            causes?.add(each.how === "stop" ? "normal" : "killed");
            void world.system.stop(ref, each.how);
          } else {
            if (each.how !== "restart") causes?.add(each.how === "leave" ? "normal" : "failed");
            ref.tell(each.how);
          }
          break;
        }
        case "spawn":
          if (alive.get(address) === false) spawn(each.target);
          break;
      }
    }
    world.verdict();
  }
  await world.advance(1_000);
  for (const [address, lives] of alive) {
    const left = watches.of(address);
    world.expect(lives || left.length === 0, `S12: never told of the end of ${address}: ${left}`);
  }
  for (const causes of watches.causes.values()) causes.add("normal");
  await world.end();
  for (const address of alive.keys()) {
    const left = watches.of(address).filter((each) => each.startsWith("program"));
    world.expect(left.length === 0, `S12: a program was never told of the end of ${address}`);
  }
  world.verdict();
}

/** See the file's header. */
export const watches: Model = model("watch", "S12", listOf(command, 40), run);
