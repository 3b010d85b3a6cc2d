/**
 * Many plans at once, since most of the time of one over a server is waiting.
 *
 * Owns: how many, and the sum of what they came to. One plan's verdict is `conformance.ts`.
 */
import { type Comparison, conforms, Difference, type PortsMaker } from "./conformance.ts";

/** What is wanted. */
export interface ManyPlans {
  readonly other: PortsMaker;
  /** Of the first plan; the others follow. */
  readonly seed: number;
  /** Plans are begun until so many commands agree. */
  readonly commands: number;
  /** How many plans at a time. */
  readonly atOnce: number;
  /** Looks for small plans that differ; default true. */
  readonly shrink?: boolean;
  /** Is told of each plan as it ends, and how many commands have agreed so far. */
  readonly progress?: (commands: number, difference: Difference | undefined) => void;
}

/** What came of them. */
export interface Conformance {
  readonly plans: number;
  readonly commands: number;
  /** Plans that took too long and were tried again, with longer spans. */
  readonly late: number;
  /** Plans that took too long each time. */
  readonly untold: number;
  readonly differences: readonly Difference[];
  /** Differences of plans that were never in time again. */
  readonly doubts: readonly Difference[];
  readonly kinds: ReadonlyMap<string, number>;
}

const MOST_DIFFERENCES = 10;
/** How many plans that were never in time it takes to say that the machine is too busy. */
const MOST_UNTOLD = 50;

/** Compares plans until there are commands enough, or too many differences. */
export async function compareMany(wanted: ManyPlans): Promise<Conformance> {
  const { other, seed, commands: goal, atOnce, progress } = wanted;
  const { shrink = true } = wanted;
  const kinds = new Map<string, number>();
  const differences: Difference[] = [];
  const doubts: Difference[] = [];
  let [plans, commands, late, untold] = [0, 0, 0, 0];
  const add = (comparison: Comparison): void => {
    commands += comparison.commands;
    if (comparison.late > 0) late++;
    if (comparison.commands === 0) untold++;
    if (comparison.doubt !== undefined) doubts.push(comparison.doubt);
    for (const [kind, times] of comparison.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + times);
  };
  const worker = async (): Promise<void> => {
    while (commands < goal && differences.length < MOST_DIFFERENCES && untold < MOST_UNTOLD) {
      let difference: Difference | undefined;
      try {
        add(await conforms(other, seed + plans++, { shrink }));
      } catch (thrown) {
        if (!(thrown instanceof Difference)) throw thrown;
        difference = thrown;
        differences.push(thrown);
      }
      progress?.(commands, difference);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { plans, commands, late, untold, differences, doubts, kinds };
}
