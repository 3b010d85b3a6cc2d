/**
 * The simulated NATS against the real one.
 *
 * Owns: from a seed to a verdict. The same plan is carried out on the memory twins and on other ports, those over
 * a nats-server, and what came of it must be the same, line by line.
 *
 * C1: a seed always gives the same plan.
 * C2: a run whose rounds or waits took longer than their spans says nothing: it is made again, with spans
 *     twice as long, a few times.
 * C3: a difference is one when the next run, with longer spans, shows it at the same line.
 * C4: a difference comes with the smallest plan found that shows it, and the command that tries it again.
 */
import fc from "fast-check";
import { seededRandom } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { lengthOf, type Plan, plans } from "./command.ts";
import { type CommandRun, runCommands } from "./command-run.ts";
import type { PortsUnderTest } from "./ports-under-test.ts";
import { simulatedPorts } from "./simulated-ports.ts";
import { type Spans, spansOf } from "./spans.ts";

const UNITS_MS = [500, 1_000, 2_000, 4_000] as const;
/** How long a smaller plan is looked for. */
const SHRINK_MS = 120_000;

/** The two do not agree. */
export class Difference extends Error {
  override readonly name: string = "Difference";
}

/** What was compared. */
export interface Comparison {
  /** Commands whose outcomes agree; 0 when no run was in time (C2). */
  readonly commands: number;
  /** A difference that no other run in time could confirm or refute. */
  readonly doubt?: Difference;
  /** Runs that took too long and were made again. */
  readonly late: number;
  /** How often a kind of command had a kind of outcome. */
  readonly kinds: ReadonlyMap<string, number>;
}

/** How {@link conforms} goes about it. */
export interface ConformanceOptions {
  /** Looks for the smallest plan that differs, for two minutes at the most; default true. */
  readonly shrink?: boolean;
}

/** Makes ports of a fresh cluster. */
export type PortsMaker = (spans: Spans) => Promise<PortsUnderTest>;

/**
 * Compares what a seed's plan comes to.
 *
 * @throws {Difference}
 */
export async function conforms(
  other: PortsMaker,
  seed: number,
  { shrink = true }: ConformanceOptions = {},
): Promise<Comparison> {
  // Neighbouring seeds must not give neighbouring plans.
  const planSeed = seededRandom(seed)
    .fork("plan")
    .int(2 ** 31);
  const [plan = []] = fc.sample(plans, { seed: planSeed, numRuns: 1 });
  try {
    return await comparedOn(other, plan);
  } catch (thrown) {
    if (!(thrown instanceof Difference)) throw thrown;
    const smaller = shrink ? await smallerPlan(other, planSeed) : undefined;
    throw new Difference(
      [
        `seed ${seed}: ${smaller?.message ?? thrown.message}`,
        `plan: ${JSON.stringify(smaller?.plan ?? plan)}`,
        `again: npm run conformance -- --seed ${seed} --commands 1`,
      ].join("\n"),
      { cause: thrown },
    );
  }
}

/** The smallest plan that differs, as far as one is found in time. */
async function smallerPlan(
  other: PortsMaker,
  seed: number,
): Promise<{ readonly plan: Plan; readonly message: string } | undefined> {
  const result = await fc.check(
    fc.asyncProperty(plans, async (plan) => {
      await comparedOn(other, plan);
    }),
    { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS },
  );
  const { counterexample, errorInstance } = result;
  const plan = counterexample?.[0];
  if (plan === undefined || !(errorInstance instanceof Difference)) return undefined;
  return { plan, message: errorInstance.message };
}

async function comparedOn(other: PortsMaker, plan: Plan): Promise<Comparison> {
  let before: number | undefined;
  let doubt: Difference | undefined;
  for (const [late, unitMs] of UNITS_MS.entries()) {
    const spans = spansOf(unitMs);
    const simulated = await simulatedRun(spans, plan);
    const real = await otherRun(other, spans, plan, simulated.pulled);
    if (real === undefined) continue;
    if (real.roundMs > spans.roundMs || real.waitMs > spans.longestWaitMs) continue;
    const at = simulated.lines.findIndex((line, i) => line !== real.lines[i]);
    if (at < 0) return { commands: lengthOf(plan), late, kinds: real.kinds };
    doubt = differs(simulated, real, at);
    if (at === before) throw doubt;
    before = at;
  }
  const nothing = { commands: 0, late: UNITS_MS.length, kinds: new Map() };
  return doubt === undefined ? nothing : { ...nothing, doubt };
}

async function simulatedRun(spans: Spans, plan: Plan): Promise<CommandRun> {
  return runCommands(simulatedPorts(spans), spans, plan);
}

async function otherRun(
  other: PortsMaker,
  spans: Spans,
  plan: Plan,
  pulled: readonly number[],
): Promise<CommandRun | undefined> {
  const ports = await other(spans);
  try {
    return await runCommands(ports, spans, plan, pulled);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError)) throw thrown;
    return undefined; // the streams could not be made in time (C2)
  } finally {
    await ports.end();
  }
}

function differs(simulated: CommandRun, real: CommandRun, at: number): Difference {
  const before = real.lines.slice(0, at).map((line) => `  ${line}`);
  const [here, there] = [simulated.lines[at], real.lines[at]];
  return new Difference(
    ["after", ...before, `simulated: ${here}`, `real:      ${there}`].join("\n"),
  );
}
