import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { actor, ask, protocol } from "../../../runtime/index.ts";
import { checkedWorld, forSeeds, SeedFailure } from "../../../runtime/testing/index.ts";
import { keepSeed, keptSeeds } from "../../../runtime/testing/kept-seeds.ts";

const Dice = protocol("dice@1", { roll: ask<undefined, number>() });
const dice = actor(Dice, () => undefined, { roll: (ctx) => ctx.random.int(6) });

// What the run was started with is meant for other files.
delete process.env["TROUPE_SEED"];
delete process.env["TROUPE_KEEP_SEEDS"];

/** Sets an environment variable for the rest of a test. */
function withEnv(t: Test, name: string, value: string): void {
  process.env[name] = value;
  t.teardown(() => {
    delete process.env[name];
  });
}
t.test("forSeeds", async (t) => {
  const suite = "of this test";

  t.test("I1: tries kept seeds first, then the others, each once", async (t) => {
    const kept = join(t.testdir(), "seeds.json");
    keepSeed(kept, suite, 40);
    keepSeed(kept, suite, 2);
    keepSeed(kept, "another suite", 99);
    const tried: number[] = [];
    await forSeeds({ suite, seeds: 3, kept }, (seed) => tried.push(seed));
    t.strictSame(tried, [2, 40, 1, 3]);
  });

  t.test("I2: a failure ends the run and says how to try its seed again", async (t) => {
    const kept = join(t.testdir(), "seeds.json");
    const tried: number[] = [];
    const run = forSeeds({ suite, seeds: [5, 6, 7], kept }, async (seed) => {
      tried.push(seed);
      if (seed === 6) throw new Error("odd");
    });
    await t.rejects(run, SeedFailure);
    await run.catch((error: SeedFailure) => {
      t.equal(error.seed, 6);
      t.match(error.message, `${suite}: seed 6 failed: odd`);
      t.match(error.command, /^TROUPE_SEED=6 npm test -- dist\/test\/.*for-seeds\.test\.js$/);
      t.match(error.message, error.command);
      t.equal((error.cause as Error).message, "odd");
    });
    t.strictSame(tried, [5, 6]);
    t.strictSame(keptSeeds(kept), {}, "nothing is kept unless it is asked for");
  });

  t.test("TROUPE_SEED tries what it names and nothing else", async (t) => {
    withEnv(t, "TROUPE_SEED", "17,4");
    const tried: number[] = [];
    await forSeeds({ suite, seeds: 3, kept: "nowhere.json" }, (seed) => tried.push(seed));
    t.strictSame(tried, [17, 4]);
    process.env["TROUPE_SEED"] = "17,x";
    await t.rejects(
      forSeeds({ suite, seeds: 3 }, () => {}),
      TypeError,
    );
  });

  t.test("TROUPE_KEEP_SEEDS keeps what fails, beside what was kept", async (t) => {
    const kept = join(t.testdir({ "seeds.json": '{ "another suite": [3] }' }), "seeds.json");
    withEnv(t, "TROUPE_KEEP_SEEDS", "1");
    const failing = (seed: number) => {
      if (seed === 2) throw new Error("no");
    };
    await t.rejects(forSeeds({ suite, seeds: 3, kept }, failing), SeedFailure);
    await t.rejects(forSeeds({ suite, seeds: 3, kept }, failing), SeedFailure);
    t.equal(readFileSync(kept, "utf8"), '{\n  "another suite": [3],\n  "of this test": [2]\n}\n');
  });

  t.test("refuses a file that keeps something else", async (t) => {
    const kept = join(t.testdir({ "seeds.json": '{ "of this test": ["x"] }' }), "seeds.json");
    await t.rejects(
      forSeeds({ suite, seeds: 1, kept }, () => {}),
      TypeError,
    );
  });

  t.test("the project's own file of kept seeds can be read", async (t) => {
    t.type(keptSeeds("test/seeds.json"), Object);
  });
});

t.test("checkedWorld", async (t) => {
  t.test("S19: returns a world whose scenario has one history", async (t) => {
    const world = await checkedWorld({ seed: 4, nodes: ["n1"] }, async (world) => {
      world.note("rolled", { eyes: await world.system("n1").spawn(dice).ask("roll") });
    });
    t.equal(world.eventsOf("world.noted").length, 1);
  });

  t.test("finds chance that does not come from the seed, and shows where", async (t) => {
    let outside = 0;
    const run = checkedWorld({ seed: 4 }, async (world) => {
      world.note("counted", { times: ++outside });
    });
    await t.rejects(run, { message: /part at line 1:\n.*"times":1.*\n.*"times":2/ });
  });
});
