/**
 * Histories that break nothing, drawn from a seed: threads of records that know nothing of each other,
 * interleaved, then healing, a last look at everything, and quiet.
 *
 * Owns: the interleaving and the end. What a thread tells is in `legal-threads.ts`.
 */
import { type Random, seededRandom } from "../../runtime/ports/random.ts";
import type { Thread } from "./legal-thread.ts";
import { type ThreadKind, threadOf } from "./legal-threads.ts";
import { type Fact, type HistoryRecord, RECORD_VERSION } from "./record.ts";

/** At most so long between two records, so that a history of hundreds takes a few seconds. */
const MOST_MS = 4;
/** Longer than every deadline and bound. */
const QUIET_AFTER_MS = 200_000;

/** What a history is drawn from. */
export interface HistoryDraw {
  readonly seed: number;
  readonly threads: readonly ThreadKind[];
}

/** Writes records, each a little later than the one before. */
class Scribe {
  readonly records: HistoryRecord[] = [];
  readonly #random: Random;
  readonly #counts = new Map<string, number>();
  nowMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  tell(writer: string, fact: Fact): void {
    this.nowMs += this.#random.int(MOST_MS);
    const seq = (this.#counts.get(writer) ?? 0) + 1;
    this.#counts.set(writer, seq);
    const [node = "", life = ""] = writer.split("#");
    this.records.push({ ...fact, v: RECORD_VERSION, node, life, seq, atMs: this.nowMs });
  }
}

/** A history that breaks no invariant. */
export function legalHistory({ seed, threads: kinds }: HistoryDraw): HistoryRecord[] {
  const random = seededRandom(seed);
  const scribe = new Scribe(random.fork("time"));
  const threads: Thread[] = kinds.map((kind, i) => threadOf(kind, `${i}`, random.fork(`${i}`)));
  const unended = threads.map(({ steps }) => [...steps]);
  const chance = random.fork("interleaving");
  for (;;) {
    const left = unended.filter((steps) => steps.length > 0);
    const next = left[chance.int(Math.max(1, left.length))]?.shift();
    if (next === undefined) break;
    scribe.tell(next.by, next.fact(scribe.nowMs));
  }
  scribe.tell("harness#1", { type: "run.healed" });
  for (const { atLast } of threads) {
    for (const { by, fact } of atLast) scribe.tell(by, fact(scribe.nowMs));
  }
  scribe.nowMs += QUIET_AFTER_MS;
  scribe.tell("harness#1", { type: "run.quiet" });
  return scribe.records;
}
