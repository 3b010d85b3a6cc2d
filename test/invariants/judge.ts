/**
 * Judges a history by invariants, in one pass.
 *
 * Owns: handing each record to the checks that want its type, and collecting what they find.
 */
import {
  type Bounds,
  defaultBounds,
  type Invariant,
  MOST_VIOLATIONS,
  type Verdict,
  type Violation,
} from "./invariant.ts";
import type { HistoryRecord } from "./record.ts";

/** A judgement in the making. */
export class Judgement {
  readonly #handlers = new Map<string, ((record: HistoryRecord) => void)[]>();
  readonly #ends: (() => void)[] = [];
  readonly #collected: Collected[] = [];
  #isOver: boolean = false;

  /** @param bounds - those that differ from {@link defaultBounds} */
  constructor(invariants: readonly Invariant[], bounds: Partial<Bounds> = {}) {
    for (const invariant of invariants) {
      const collected = new Collected(invariant.name);
      this.#collected.push(collected);
      const check = invariant.check(collected, { ...defaultBounds, ...bounds });
      for (const [type, handler] of Object.entries(check.on)) {
        const handlers = this.#handlers.get(type) ?? [];
        handlers.push(handler as (record: HistoryRecord) => void);
        this.#handlers.set(type, handlers);
      }
      if (check.end !== undefined) this.#ends.push(check.end);
    }
  }

  /** The next record of the history. */
  see(record: HistoryRecord): void {
    const handlers = this.#handlers.get(record.type);
    if (handlers === undefined) return;
    for (const handler of handlers) handler(record);
  }

  /** The history is over: what each invariant came to, in the order given. */
  verdicts(): readonly Verdict[] {
    if (!this.#isOver) for (const end of this.#ends) end();
    this.#isOver = true;
    return this.#collected.map((collected) => collected.verdict());
  }
}

/** Judges a whole history. */
export function judge(
  history: Iterable<HistoryRecord>,
  invariants: readonly Invariant[],
  bounds: Partial<Bounds> = {},
): readonly Verdict[] {
  const judgement = new Judgement(invariants, bounds);
  for (const record of history) judgement.see(record);
  return judgement.verdicts();
}

/** Every violation of a history; see {@link judge}. */
export function violationsOf(
  history: Iterable<HistoryRecord>,
  invariants: readonly Invariant[],
  bounds: Partial<Bounds> = {},
): readonly Violation[] {
  return judge(history, invariants, bounds).flatMap(({ violations }) => violations);
}

/** What one check found. */
class Collected {
  readonly #invariant: string;
  readonly #violations: Violation[] = [];
  #judged = 0;
  #violated = 0;

  constructor(invariant: string) {
    this.#invariant = invariant;
  }

  judged(): void {
    this.#judged++;
  }

  violated(what: string, ...records: readonly HistoryRecord[]): void {
    if (++this.#violated > MOST_VIOLATIONS) return;
    this.#violations.push({ invariant: this.#invariant, what, records });
  }

  verdict(): Verdict {
    return {
      invariant: this.#invariant,
      judged: this.#judged,
      violations: this.#violations,
      violated: this.#violated,
    };
  }
}
