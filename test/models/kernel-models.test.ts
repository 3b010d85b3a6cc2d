import fc from "fast-check";
import t from "tap";
import { forSeeds } from "../../runtime/testing/index.ts";
import { kernelModels } from "./kernel-models.ts";
import { model } from "./model.ts";
import { BrokenRule } from "./model-world.ts";

/** Of each model; together more than ten thousand. */
const SCHEDULES = 1_500;

t.test("The kernel's models", async (t) => {
  for (const { name, rules, check } of kernelModels) {
    t.test(`${rules} hold in ${SCHEDULES} random schedules of the model "${name}"`, async (t) => {
      await t.resolves(
        forSeeds({ suite: `model ${name}`, seeds: SCHEDULES }, (seed) => check(seed)),
      );
    });
  }

  t.test(
    "a broken rule comes with the smallest plan and the command that replays it",
    async (t) => {
      const broken = model("broken", "none", fc.integer({ min: 10, max: 1_000 }), async (n) => {
        throw new BrokenRule(`${n} is too many`);
      });
      const seed = 5;
      await t.rejects(broken.check(seed), {
        message:
          "broken: 10 is too many\nplan: 10\n" +
          `replay: npm run soak -- kernel --only broken --seed ${seed} --quick`,
      });
      await t.rejects(broken.check(seed, { shrink: false }), BrokenRule);
    },
  );
});
