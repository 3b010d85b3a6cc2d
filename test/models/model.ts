/**
 * A model: random plans for the real kernel, and a small reference that says what must come of them.
 *
 * Owns: from a seed to a verdict. One seed is one random schedule.
 *
 * I1: a seed always gives the same plan and the same schedule.
 * I2: a failure names the model, the rule, the smallest plan found, and the command that replays it.
 */
import fc from "fast-check";
import { seededRandom } from "../../runtime/ports/random.ts";
import { BrokenRule, type Passing } from "./model-world.ts";

/** How a check is run. */
export interface CheckOptions {
  /** Looks for the smallest plan that fails; default true. Costs up to a few hundred runs. */
  readonly shrink?: boolean;
}

/** A model under a name. */
export interface Model {
  readonly name: string;
  /** The rules it checks, for example `S6, S17, T3`. */
  readonly rules: string;
  /**
   * Runs the schedule of one seed.
   *
   * @throws {BrokenRule} when a rule was broken
   */
  readonly check: (seed: number, options?: CheckOptions) => Promise<void>;
}

/** A plan with the schedule's own seed. */
type Run<Plan> = (plan: Plan, seed: number) => Promise<void>;

/** Makes a model of plans and a run that throws when a rule is broken. */
export function model<Plan>(
  name: string,
  rules: string,
  plans: fc.Arbitrary<Plan>,
  run: Run<Plan>,
): Model {
  return {
    name,
    rules,
    check: async (seed, { shrink = true } = {}) => {
      // Neighbouring seeds must not give neighbouring plans.
      const random = seededRandom(seed);
      const schedule = random.fork("schedule").int(2 ** 31);
      const result = await fc.check(
        fc.asyncProperty(plans, (plan) => run(plan, schedule)),
        {
          seed: random.fork("plan").int(2 ** 31),
          numRuns: 1,
          endOnFailure: !shrink,
          interruptAfterTimeLimit: 20_000,
        },
      );
      if (!result.failed) return;
      const { errorInstance, counterexample } = result;
      throw new BrokenRule(
        [
          `${name}: ${errorInstance instanceof Error ? errorText(errorInstance) : String(errorInstance)}`,
          `plan: ${JSON.stringify(counterexample?.[0])}`,
          `replay: npm run soak -- kernel --only ${name} --seed ${seed} --quick`,
        ].join("\n"),
        { cause: errorInstance },
      );
    },
  };
}

function errorText(error: Error): string {
  return error instanceof BrokenRule ? error.message : (error.stack ?? error.message);
}

/** A list of commands of exactly the lengths named, not mostly short ones. */
export function listOf<T>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength, size: "max" });
}

/** What happens between commands. `mostMs` bounds how far time moves at once. */
export function passing(mostMs: number): fc.Arbitrary<Passing> {
  const ms = fc.integer({ min: 1, max: mostMs });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Passing>({ type: "turn" }) },
    { weight: 3, arbitrary: fc.constant<Passing>({ type: "tick" }) },
    { weight: 3, arbitrary: fc.constant<Passing>({ type: "settle" }) },
    { weight: 3, arbitrary: ms.map((ms): Passing => ({ type: "advance", ms })) },
    { weight: 1, arbitrary: ms.map((ms): Passing => ({ type: "lag", ms })) },
  );
}

/** Whether a command is one that any world knows. */
export function isPassing(command: { readonly type: string }): command is Passing {
  switch (command.type) {
    case "turn":
    case "tick":
    case "settle":
    case "advance":
    case "lag":
      return true;
    default:
      return false;
  }
}
