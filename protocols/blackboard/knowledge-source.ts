/**
 * Knowledge sources: who may be asked, about what, how good and how dear they are.
 *
 * Owns: the declaration, plain data that travels to the boards. What a source does is
 * `actors/blackboard/knowledge-source.ts`; when it is activated, `trigger.ts` and `agenda.ts`.
 *
 * KS1: a source is shown only levels that it reads, and may write only levels that it writes.
 *
 * Source: Hearsay-II's knowledge sources with their conditions and actions (Erman et al. 1980).
 */
import type { Trigger } from "./trigger.ts";

/** A knowledge source as a board knows it. Plain data. */
export interface KnowledgeSource {
  /** One token of letters, digits, `_` and `-`; instances of one source share it. */
  readonly name: string;
  /** What activates it. */
  readonly triggers: readonly Trigger[];
  /** Levels whose entries it is shown, beside those of its triggers. */
  readonly reads: readonly string[];
  /** Levels on which it may speak. */
  readonly writes: readonly string[];
  /** How often it is right, 0..1. */
  readonly credibility: number;
  /** What an activation is expected to cost, in the board's unit; more than 0. */
  readonly cost: number;
  /** Activations that one instance takes at a time. */
  readonly concurrency: number;
}

/**
 * The source itself, when its declaration is sound.
 *
 * @throws {TypeError} for a bad name or no trigger
 * @throws {RangeError} for a credibility, cost or concurrency out of range
 */
export function checkedSource(source: KnowledgeSource): KnowledgeSource {
  const { name, credibility, cost, concurrency } = source;
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new TypeError(`not a source's name: ${JSON.stringify(name)} (one token)`);
  }
  if (source.triggers.length === 0) throw new TypeError(`${name} needs a trigger`);
  if (!(credibility > 0 && credibility <= 1)) {
    throw new RangeError(`${name}: credibility must be more than 0, at most 1: ${credibility}`);
  }
  if (!(cost > 0 && Number.isFinite(cost))) {
    throw new RangeError(`${name}: cost must be more than 0: ${cost}`);
  }
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new RangeError(`${name}: concurrency must be a positive integer: ${concurrency}`);
  }
  return source;
}

/** Whether a source may see entries of `level` (KS1). */
export function maySee(source: KnowledgeSource, level: string): boolean {
  return source.reads.includes(level) || source.triggers.some((one) => one.level === level);
}
