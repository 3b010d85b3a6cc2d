/**
 * The faults of a history so far, and whom they touched when.
 *
 * Owns: what excuses what. Checks ask it about a node and a time; they differ in what they make of it.
 *
 * F1: a fault that touches nobody by name touches everybody.
 * F2: a fault that is not over yet lasts until it is.
 *
 * Cost: O(log faults) to find one fault, O(faults that could matter) to count them.
 */
import type { RecordOf } from "./record.ts";

/** A fault, from when until when. */
interface Fault {
  readonly fromMs: number;
  untilMs: number;
  readonly stalls: boolean;
}

/** Faults that may touch one node, in the order in which they began. */
class Line {
  readonly faults: Fault[] = [];

  /** Those that began by `toMs`. */
  begunBy(toMs: number): number {
    let [low, high] = [0, this.faults.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.faults[middle]?.fromMs ?? 0) <= toMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What a check hands to its findings about befallings. */
export interface FaultHandlers {
  readonly "fault.began": (record: RecordOf<"fault.began">) => void;
  readonly "fault.ended": (record: RecordOf<"fault.ended">) => void;
}

/** See the file's header. */
export class FaultLog {
  readonly #everybodys = new Line();
  readonly #of = new Map<string, Line>();
  readonly #open = new Map<string, Fault>();
  readonly #all = new Line();

  /** What a check must hand the records of faults to. */
  readonly on: FaultHandlers = {
    "fault.began": (record) => this.#began(record),
    "fault.ended": ({ fault, atMs }) => {
      const known = this.#open.get(fault);
      if (known !== undefined) known.untilMs = atMs;
      this.#open.delete(fault);
    },
  };

  /**
   * How much of faults touched any of these nodes between two times: 1 for each, and one more for each
   * `everyMs` that it lasted meanwhile.
   *
   * @param nodes - `undefined` = whoever it was
   */
  weight(
    nodes: Iterable<string> | undefined,
    fromMs: number,
    toMs: number,
    everyMs: number,
  ): number {
    let weight = 0;
    for (const fault of this.#between(nodes, fromMs, toMs)) {
      const lastedMs = Math.min(fault.untilMs, toMs) - Math.max(fault.fromMs, fromMs);
      weight += 1 + Math.floor(lastedMs / everyMs);
    }
    return weight;
  }

  /** Whether a fault touched any of these nodes, or whoever it was, between two times. */
  touched(nodes: Iterable<string> | undefined, fromMs: number, toMs: number): boolean {
    for (const _ of this.#between(nodes, fromMs, toMs)) return true;
    return false;
  }

  /** Until when a node stood still at some time between the two; `undefined` = it did not. */
  stalledUntil(node: string, fromMs: number, toMs: number): number | undefined {
    let untilMs: number | undefined;
    for (const fault of this.#between([node], fromMs, toMs)) {
      if (fault.stalls) untilMs = Math.max(untilMs ?? 0, fault.untilMs);
    }
    return untilMs;
  }

  /** A fault that no record tells of, over at once. */
  add(touches: readonly string[], atMs: number): void {
    this.#add(touches, { fromMs: atMs, untilMs: atMs, stalls: false });
  }

  #began({ fault, touches, forMs, stalls = false, atMs }: RecordOf<"fault.began">): void {
    const untilMs = forMs === undefined ? Number.POSITIVE_INFINITY : atMs + forMs;
    const begun: Fault = { fromMs: atMs, untilMs, stalls };
    if (forMs === undefined) this.#open.set(fault, begun);
    this.#add(touches, begun);
  }

  #add(touches: readonly string[], begun: Fault): void {
    this.#all.faults.push(begun);
    if (touches.length === 0) this.#everybodys.faults.push(begun);
    for (const node of touches) {
      const line = this.#of.get(node) ?? new Line();
      this.#of.set(node, line);
      line.faults.push(begun);
    }
  }

  *#between(nodes: Iterable<string> | undefined, fromMs: number, toMs: number): Iterable<Fault> {
    const lines = nodes === undefined ? [this.#all] : [this.#everybodys];
    const seen = new Set<Fault>();
    for (const node of nodes ?? []) {
      const line = this.#of.get(node);
      if (line !== undefined) lines.push(line);
    }
    for (const line of lines) {
      // From the newest back: what is asked about is mostly recent.
      for (let at = line.begunBy(toMs) - 1; at >= 0; at--) {
        const fault = line.faults[at];
        if (fault === undefined || fault.untilMs < fromMs || seen.has(fault)) continue;
        seen.add(fault);
        yield fault;
      }
    }
  }
}
