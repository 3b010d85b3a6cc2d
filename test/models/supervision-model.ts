/**
 * A tree of supervised actors against the reference of S11's table, one event at a time.
 *
 * After each event the tree comes to rest; what was started, taken down and ended meanwhile must be
 * exactly what the reference says, in its order. Notes sent along with the event must survive in order
 * wherever the actor does.
 *
 * Checks S9 (children first, in reverse), S10 (failed starts), S11, G7 S1 to S4, S8.
 */
import fc from "fast-check";
import { listOf, type Model, model } from "./model.ts";
import { ModelWorld } from "./model-world.ts";
import { allOf, SupervisedTree, type TreeSpec, trees } from "./supervised-tree.ts";
import { agrees, TreeReference } from "./tree-reference.ts";

interface Step {
  /** Which of those that live, by their place in the tree. */
  readonly who: number;
  readonly what: "crash" | "leave" | "fatal" | "stop" | "kill" | "failing" | "adopt";
  /** How often its next inits fail; for `failing`, which is a crash otherwise. */
  readonly inits: number;
  /** Notes sent to everybody together with the event. */
  readonly notes: number;
  /** Time between this event and the next: within the intensities' windows or beyond them. */
  readonly restMs: number;
}
interface Plan {
  readonly spec: TreeSpec;
  /** Who fails at the very first start. */
  readonly failsAtFirst: number;
  readonly steps: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(20),
  what: fc.constantFrom(
    "crash",
    "crash",
    "crash",
    "crash",
    "failing",
    "failing",
    "adopt",
    "adopt",
    "leave",
    "fatal",
    "stop",
    "kill",
  ),
  inits: fc.integer({ min: 1, max: 3 }),
  notes: fc.nat(3),
  restMs: fc.constantFrom(300, 300, 500, 100_000),
});
const plans: fc.Arbitrary<Plan> = fc.record({
  spec: trees,
  failsAtFirst: fc.oneof(
    { weight: 8, arbitrary: fc.constant(-1) },
    { weight: 1, arbitrary: fc.nat(9) },
  ),
  steps: listOf(step, 10),
});

async function run({ spec, failsAtFirst, steps }: Plan, seed: number): Promise<void> {
  const world = new ModelWorld(seed, true);
  const tree = new SupervisedTree(world);
  world.onEvent((event) => tree.observe(event));
  // A significant child that fails to start ends its supervisor in two ways at once.
  const mayFail = allOf(spec).every(
    ({ autoShutdown, children }) =>
      autoShutdown === "never" || children.every(({ significant }) => !significant),
  );
  const first = mayFail ? allOf(spec)[failsAtFirst] : undefined;
  if (first !== undefined) tree.failing.set(first.name, 1);
  const reference = new TreeReference(spec, tree.failing);
  tree.spawn(spec).ready.catch(() => {});
  await world.advance(300);
  compare("start");

  for (const [i, { who, what, inits, notes, restMs }] of steps.entries()) {
    const names = allOf(spec).flatMap(({ name }) =>
      reference.find(name) === undefined ? [] : [name],
    );
    if (names.length === 0) break;
    const name = names[who % names.length] ?? "";
    const one = reference.find(name);
    const ref = tree.refs.get(name);
    if (one === undefined || ref === undefined) break;
    const cells = [...tree.notes];
    for (const each of names) if (notes > 0) tree.note(each);
    const nowMs = world.nowMs;
    switch (what) {
      case "crash":
      case "failing":
        if (what === "failing" && mayFail) {
          reference.fail(name, inits);
          tree.failing.set(name, inits);
        }
        ref.tell("crash");
        reference.exits(one, "failed", nowMs);
        break;
      case "leave":
        ref.tell("leave");
        reference.exits(one, "normal", nowMs);
        break;
      case "fatal":
        ref.tell("fatal");
        reference.exits(one, "fatal", nowMs);
        break;
      case "adopt":
        // What becomes of one that gives up and is told to go on is not specified.
        if (one.parent?.spec.decision === "resume") break;
        ref.tell("adopt");
        reference.adopts(one, nowMs);
        break;
      case "stop":
      case "kill":
        void world.system.stop(ref, what);
        reference.stopped(one, what);
        break;
    }
    for (let n = 1; n < notes; n++) for (const each of names) tree.note(each);
    await world.advance(restMs);
    compare(`${what} ${name} (event ${i})`);
    // S8: whoever lives on has handled all that was sent to it.
    for (const cell of cells) {
      const isSame = names.some((each) => tree.refs.get(each) === cell.ref && reference.find(each));
      const left = cell.sent.length - cell.handled.length;
      world.expect(!isSame || left === 0, `S8: ${left} notes to ${cell.ref.address} are missing`);
    }
    // Failures that were planned and did not come about must not surprise a later event.
    for (const each of tree.failing.keys()) {
      tree.failing.set(each, 0);
      reference.fail(each, 0);
    }
    world.verdict();
  }
  await world.end();
  tree.checkNotes();
  world.verdict();

  function compare(event: string): void {
    const seen = tree.log.splice(0);
    const expected = reference.log.splice(0);
    world.expect(
      agrees(seen, expected, reference.isUnordered),
      `S11: after ${event}: seen ${seen.join(", ")}; expected ${expected.join(", ")}`,
    );
    reference.isUnordered = false;
    world.verdict();
  }
}

/** See the file's header. */
export const supervision: Model = model(
  "supervision",
  "S8, S9, S10, S11, G7 S1, G7 S2, G7 S3, G7 S4",
  plans,
  run,
);
