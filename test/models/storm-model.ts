/**
 * A tree of supervised actors under events that do not wait for one another.
 *
 * Crashes, stops, kills and failing inits fall into restarts that are under way, into handlers and into
 * shut-downs. What comes of it depends on the schedule; the reference is what may never happen, and
 * that the tree comes to rest.
 *
 * Checks G7 S1 (restarts per window), S3 (no orphan; who lives runs), S4 (nothing between stop and
 * start), S8 and T3 (notes in order, none lost), S9 (a stop ends within its bounds).
 */
import fc from "fast-check";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";
import { allOf, PAUSE_MS, SupervisedTree, type TreeSpec, trees } from "./supervised-tree.ts";

type Command =
  | {
      readonly type: "event";
      readonly who: number;
      readonly what: "crash" | "adopt" | "leave" | "fatal" | "stop" | "drain" | "kill";
    }
  | { readonly type: "failing"; readonly who: number }
  /** A handler takes its time. */
  | { readonly type: "work"; readonly who: number; readonly ms: number }
  /** The next inits do. */
  | { readonly type: "slow"; readonly who: number; readonly ms: number }
  /** A group is restarted while one of its inits is still under way. */
  | { readonly type: "overlap"; readonly who: number; readonly ms: number }
  | { readonly type: "note"; readonly who: number }
  | Passing;

interface Plan {
  readonly spec: TreeSpec;
  readonly commands: readonly Command[];
}

const who = fc.nat(20);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("event" as const),
      who,
      what: fc.oneof(
        { weight: 9, arbitrary: fc.constant("crash" as const) },
        {
          weight: 2,
          arbitrary: fc.constantFrom("adopt", "leave", "fatal", "stop", "drain", "kill"),
        },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("failing" as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom("work" as const, "slow" as const),
      who,
      ms: fc.integer({ min: 1, max: 70 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("overlap" as const),
      who,
      ms: fc.integer({ min: 1, max: 100 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("note" as const), who }) },
  { weight: 8, arbitrary: passing(12) },
);
const plans: fc.Arbitrary<Plan> = fc.record({ spec: trees, commands: listOf(command, 40) });

async function run({ spec, commands }: Plan, seed: number): Promise<void> {
  const world = new ModelWorld(seed, true);
  const tree = new SupervisedTree(world);
  world.onEvent((event) => tree.observe(event));
  const all = allOf(spec);
  tree.spawn(spec).ready.catch(() => {});

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else {
      const name = all[each.who % all.length]?.name ?? "";
      const ref = tree.refs.get(name);
      if (ref === undefined) continue;
      if (each.type === "note") tree.note(name);
      else if (each.type === "work") ref.tell("work", each.ms);
      else if (each.type === "slow") tree.slow.set(name, [each.ms, each.ms, 1]);
      else if (each.type === "overlap") await overlap(name, each.ms);
      else if (each.type === "failing") tree.failing.set(name, 2);
      // With the root all would be over.
      else if (name === spec.name && each.what !== "crash") continue;
      else if (each.what === "stop" || each.what === "drain" || each.what === "kill") {
        void world.system.stop(ref, each.what);
      } else ref.tell(each.what);
    }
    world.verdict();
  }
  async function overlap(name: string, ms: number): Promise<void> {
    const siblings = all.find(({ children }) => children.some((one) => one.name === name));
    const eldest = siblings?.children[0];
    if (eldest === undefined || eldest.name === name) return;
    tree.slow.set(name, [ms, ms]);
    for (let times = 0; times < 2; times++) {
      tree.refs.get(eldest.name)?.tell("crash");
      await world.advance(PAUSE_MS + 5);
      tree.note(name);
    }
  }

  for (const name of tree.failing.keys()) tree.failing.set(name, 0);
  // Every restart that was due has come about by then, and every wait has ended.
  await world.advance(5_000);
  for (const name of tree.living) {
    world.expect(tree.isRunning(name), `G7 S3: ${name} neither runs nor has ended`);
    tree.note(name);
  }
  await world.settle();
  for (const { ref, sent, handled } of tree.notes) {
    const name = ref.address.slice(ref.address.lastIndexOf("/") + 1);
    if (!tree.living.includes(name) || tree.refs.get(name) !== ref) continue;
    const isIdle = handled.at(-1) === sent.at(-1);
    world.expect(isIdle, `S8: ${name} is at rest and has not handled its last note`);
  }
  await world.end();
  world.expect(tree.living.length === 0, `G7 S3: ${tree.living.join()} outlived the system`);
  const timers = world.clock.pending;
  world.expect(timers === 0, `S9: ${timers} timers of the clock are left after the end`);
  tree.checkNotes();
  world.verdict();
}

/** See the file's header. */
export const storm: Model = model("storm", "S8, S9, G7 S1, G7 S3, G7 S4, T3", plans, run);
