/**
 * Runs the models until one breaks: `catch.js <first seed> <seeds>`; a process of its own per bug.
 *
 * Prints one JSON line: `{"seed", "model", "message"}` of the first broken rule, or `{"schedules"}` when
 * all held. The plan is not made smaller: that a bug is noticed is all that is asked here.
 */
import { kernelModels } from "../models/kernel-models.ts";

const [first = 1, seeds = 1_000] = process.argv.slice(2).map(Number);

/** The first broken rule. */
async function firstBroken(): Promise<object> {
  let schedules = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    for (const { name, check } of kernelModels) {
      schedules++;
      try {
        await check(seed, { shrink: false });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { seed, model: name, message };
      }
    }
  }
  return { schedules };
}

process.stdout.write(`${JSON.stringify(await firstBroken())}\n`);
