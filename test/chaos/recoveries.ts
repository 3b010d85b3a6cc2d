/**
 * How soon a cluster was itself again, read from a history.
 *
 * Owns: what counts as recovered. Samples are of what did recover; what never did is a matter of the invariants.
 *
 * R1: only what recovered from the one fault that there was since the last quiet window is a sample: of several
 *     that overlap nobody can say which was recovered from.
 *
 * Cost: what nodes hold, and a few words per server fault that is not over.
 */
import { type HistoryRecord, lifeName, type RecordOf, writerOf } from "../invariants/record.ts";
import { AFTERMATH_MS } from "./nemesis.ts";

/** What recovers. */
export type Recovery =
  /** From the end of a life to the next claim of a task that it held. */
  | "task reclaimed"
  /** From the end of a life to the next owner of a unit that it owned and somebody wants. */
  | "unit owned again"
  /** From a kill until a node of that name serves again: it waits until the lease before it has run out. */
  | "node back"
  /** The longest time without any task done, from when a server was lost, less how long it was away if it was the only one. */
  | "tasks done again";

/** What one life holds. */
interface Held {
  readonly tasks: Set<string>;
  readonly units: Set<string>;
}

/** The loss of a server that is being watched. */
interface Outage {
  readonly fault: string;
  readonly fromMs: number;
  lastMs: number;
  longestMs: number;
  /** How much of it the only server was away. */
  awayMs: number;
}

/** See the file's header. */
export class Recoveries {
  /** In milliseconds, in the order in which they came. */
  readonly samples: ReadonlyMap<Recovery, number[]> = new Map<Recovery, number[]>([
    ["task reclaimed", []],
    ["unit owned again", []],
    ["node back", []],
    ["tasks done again", []],
  ]);
  readonly #servers: number;
  readonly #held = new Map<string, Held>();
  /** When the life that held it ended, by task and by unit. */
  readonly #tasks = new Map<string, number>();
  readonly #units = new Map<string, number>();
  readonly #kills = new Map<string, number>();
  readonly #outages: Outage[] = [];
  /** Since the last quiet window. */
  #faults = 0;

  constructor(servers: number) {
    this.#servers = servers;
  }

  /** The next record of the history. */
  see(record: HistoryRecord): void {
    switch (record.type) {
      case "task.claimed":
        this.#sample("task reclaimed", this.#tasks, record.task, record.atMs);
        this.#of(writerOf(record)).tasks.add(record.task);
        return;
      case "task.done":
        this.#of(writerOf(record)).tasks.delete(record.task);
        this.#done(record.atMs);
        return;
      case "task.failed":
      case "task.fenced":
        this.#of(writerOf(record)).tasks.delete(record.task);
        return;
      case "shard.taken":
        this.#sample("unit owned again", this.#units, record.unit, record.atMs);
        this.#of(writerOf(record)).units.add(record.unit);
        return;
      case "shard.given":
        this.#of(writerOf(record)).units.delete(record.unit);
        return;
      case "life.ended":
        this.#lifeEnded(record);
        return;
      case "fault.began":
        this.#faults++;
        if (/^(server|leader) /.test(record.kind)) this.#outage(record);
        if (/^kill/.test(record.kind)) this.#kills.set(record.fault, record.atMs);
        return;
      case "fault.ended":
        this.#faultEnded(record);
        return;
      case "run.healed":
        for (const { longestMs, awayMs } of this.#outages.splice(0))
          this.#add("tasks done again", Math.max(0, longestMs - awayMs));
        return;
      case "run.quiet":
        this.#faults = 0;
        for (const since of [this.#tasks, this.#units, this.#kills]) since.clear();
        return;
      default:
        return;
    }
  }

  #lifeEnded({ of, ofLife, how, atMs }: RecordOf<"life.ended">): void {
    const held = this.#held.get(lifeName(of, ofLife));
    this.#held.delete(lifeName(of, ofLife));
    if (held === undefined || how !== "killed") return;
    for (const task of held.tasks) this.#tasks.set(task, atMs);
    for (const unit of held.units) this.#units.set(unit, atMs);
  }

  #outage({ fault, atMs }: RecordOf<"fault.began">): void {
    this.#outages.push({ fault, fromMs: atMs, lastMs: atMs, longestMs: 0, awayMs: 0 });
  }

  #faultEnded({ fault, atMs }: RecordOf<"fault.ended">): void {
    const outage = this.#outages.find((one) => one.fault === fault);
    if (outage !== undefined && this.#servers === 1)
      outage.awayMs = atMs - AFTERMATH_MS - outage.fromMs;
    this.#sample("node back", this.#kills, fault, atMs);
  }

  #done(atMs: number): void {
    for (const outage of this.#outages) {
      outage.longestMs = Math.max(outage.longestMs, atMs - outage.lastMs);
      outage.lastMs = atMs;
    }
  }

  #sample(what: Recovery, since: Map<string, number>, name: string, atMs: number): void {
    const endedMs = since.get(name);
    if (endedMs === undefined) return;
    since.delete(name);
    this.#add(what, atMs - endedMs);
  }

  #add(what: Recovery, tookMs: number): void {
    if (this.#faults <= 1) this.samples.get(what)?.push(tookMs);
  }

  #of(life: string): Held {
    const known = this.#held.get(life);
    if (known !== undefined) return known;
    const held: Held = { tasks: new Set(), units: new Set() };
    this.#held.set(life, held);
    return held;
  }
}

/** The value below which that share of samples lies; 0 of none. */
export function quantileOf(samples: readonly number[], share: number): number {
  const inOrder = samples.toSorted((a, b) => a - b);
  return inOrder[Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))] ?? 0;
}
