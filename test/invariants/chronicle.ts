/** Histories made by hand, and what a test asks of an invariant about them. */
import assert from "node:assert/strict";
import type { Bounds, Invariant, Verdict } from "./invariant.ts";
import { judge } from "./judge.ts";
import { type Fact, type HistoryRecord, RECORD_VERSION } from "./record.ts";

/** A history in the making: who writes and when is set until it is set anew. */
export class Chronicle {
  readonly records: HistoryRecord[] = [];
  readonly #counts = new Map<string, number>();
  #node = "n1";
  #life = "1";
  #nowMs = 0;

  /** From now on this node writes, in this life. */
  by(node: string, life = "1"): this {
    this.#node = node;
    this.#life = life;
    return this;
  }

  /** It is so late now; from then on each record takes a millisecond. */
  at(nowMs: number): this {
    this.#nowMs = nowMs;
    return this;
  }

  tell(...facts: readonly Fact[]): this {
    for (const fact of facts) {
      const writer = `${this.#node}#${this.#life}`;
      const seq = (this.#counts.get(writer) ?? 0) + 1;
      this.#counts.set(writer, seq);
      const atMs = this.#nowMs++;
      const stamp = { v: RECORD_VERSION, node: this.#node, life: this.#life, seq, atMs } as const;
      this.records.push({ ...stamp, ...fact });
    }
    return this;
  }
}

/** A history of what one life of one node told, a millisecond apart. */
export function told(...facts: readonly Fact[]): Chronicle {
  return new Chronicle().tell(...facts);
}

/** The invariant finds nothing wrong with the history, and did look at something. */
export function holds(
  invariant: Invariant,
  { records }: Chronicle,
  bounds?: Partial<Bounds>,
): void {
  const { judged, violations } = verdictOn(invariant, records, bounds);
  assert.deepEqual(violations, []);
  assert.ok(judged > 0, `${invariant.name} judged nothing`);
}

/** The invariant finds one thing wrong with the history: this. */
export function breaks(
  invariant: Invariant,
  { records }: Chronicle,
  what: string,
  bounds?: Partial<Bounds>,
): void {
  const { violations, violated } = verdictOn(invariant, records, bounds);
  assert.deepEqual(
    violations.map((violation) => [violation.invariant, violation.what]),
    [[invariant.name, what]],
  );
  assert.equal(violated, 1);
  const shown = violations.flatMap((violation) => violation.records);
  assert.ok(shown.length > 0, "a violation shows records");
  assert.ok(
    shown.every((record) => records.includes(record)),
    "which are the history's",
  );
}

function verdictOn(
  invariant: Invariant,
  records: readonly HistoryRecord[],
  bounds: Partial<Bounds> = {},
): Verdict {
  const [verdict] = judge(records, [invariant], bounds);
  assert.ok(verdict !== undefined);
  return verdict;
}
