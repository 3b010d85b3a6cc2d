/**
 * What ought to happen to a tree of supervised actors, one event at a time: S11's table in code.
 *
 * Owns: the expected log. It knows nothing of cells, promises or turns: an event has all its
 * consequences before the next one. Times are exact, since the pause before a restart has no jitter.
 *
 * E1: children end before their parent, the youngest first; they start in order, before their parent
 *     has started.
 * E2: the strategy names the set; it goes down in reverse order and comes up in order.
 */
import type { Exit, RestartType } from "../../runtime/supervision.ts";
import { PAUSE_MS, type TreeSpec } from "./supervised-tree.ts";

/** An actor that lives. */
export interface Life {
  readonly spec: TreeSpec;
  /** Absent for the topmost: its supervisor never gives up and has no decider. */
  readonly parent: Life | undefined;
  children: Life[];
  generation: number;
  hasStarted: boolean;
  isRunning: boolean;
  hasEnded: boolean;
  /** When it was restarted. */
  restarts: number[];
  /** When any of its children was. */
  childRestarts: number[];
}

/** A child on its own, and all children of one supervisor, may be restarted so often. */
const CHILD_LIMIT = { restarts: 5, withinMs: 30_000 };
const LIMIT = { restarts: 20, withinMs: 60_000 };

/** The reference. */
export class TreeReference {
  /** In the form of `SupervisedTree`'s log; a reason that is not specified is `?`. */
  readonly log: string[] = [];
  readonly root: Life;
  /** A start below failed and is cleared away while those above fail already: in no order. */
  isUnordered: boolean = false;
  readonly #failing: Map<string, number>;
  readonly #topRestarts: number[] = [];
  #nowMs = 0;

  constructor(spec: TreeSpec, failing: ReadonlyMap<string, number>) {
    this.#failing = new Map(failing);
    this.root = life(spec, undefined);
    this.#start(this.root);
  }

  /** Who lives under that name. */
  find(name: string): Life | undefined {
    return living(this.root).find(({ spec }) => spec.name === name);
  }

  /** Inits of that name fail so often from now on. */
  fail(name: string, times: number): void {
    this.#failing.set(name, times);
  }

  /** It stopped by itself, threw, or declared itself unable to go on. */
  exits(one: Life, exit: "normal" | "failed" | "fatal", atMs: number): void {
    this.#nowMs = atMs;
    if (exit === "normal") this.#leaves(one);
    else this.#exit(one, exit, "failed");
  }

  /** It started a child that failed to start, and did not wait for it. */
  adopts(one: Life, atMs: number): void {
    this.#nowMs = atMs;
    if (this.#countFailedStart(one)) this.#exit(one, "failed", "intensity");
  }

  /** Somebody outside stopped it. */
  stopped(one: Life, how: "stop" | "kill"): void {
    this.#end(one, how === "stop" ? "normal" : "killed", how === "kill");
  }

  #exit(one: Life, exit: Exclude<Exit, "group">, reason: "failed" | "intensity"): void {
    const isFirst = exit === "failed" && !one.hasStarted;
    const { parent } = one;
    const decision = exit === "failed" && !isFirst ? parent?.spec.decision : undefined;
    if (decision === "resume" && one.isRunning) return;
    if (decision === "stop") {
      this.#endsByItself(one, reason);
      return;
    }
    if (decision === "escalate" && parent !== undefined) {
      this.#exit(parent, "failed", "failed");
      return;
    }
    if (!comesBack(isFirst ? "temporary" : one.spec.restart, exit)) {
      this.#endsByItself(one, exit === "normal" ? "normal" : reason);
      return;
    }
    if (this.#isSpent(one)) {
      if (parent === undefined) this.#end(one, "intensity");
      else this.#exit(parent, "failed", "intensity");
      return;
    }
    one.restarts.push(this.#nowMs);
    (parent?.childRestarts ?? this.#topRestarts).push(this.#nowMs);
    this.#restart(one);
  }

  /** It stops by its own wish. */
  #leaves(one: Life): void {
    if (one.spec.restart === "permanent") this.#exit(one, "normal", "failed");
    else this.#endsByItself(one, "normal");
  }

  /** It was not stopped: for its supervisor's `autoShutdown` that counts. */
  #endsByItself(one: Life, reason: string): void {
    this.#end(one, reason);
    const { parent } = one;
    if (!one.spec.significant || parent === undefined) return;
    const others = parent.children.some(({ spec }) => spec.significant);
    const { autoShutdown } = parent.spec;
    if (autoShutdown === "any-significant" || (autoShutdown === "all-significant" && !others)) {
      this.#leaves(parent);
    }
  }

  #isSpent({ restarts, parent }: Life): boolean {
    const limit = parent?.spec.limit;
    const all = parent?.childRestarts ?? this.#topRestarts;
    return this.#within(restarts, limit ?? CHILD_LIMIT) || this.#within(all, limit ?? LIMIT);
  }

  #within(times: readonly number[], limit: { restarts: number; withinMs: number }): boolean {
    const recent = times.filter((atMs) => this.#nowMs - atMs < limit.withinMs);
    return recent.length >= limit.restarts;
  }

  /** The group goes down in reverse and comes up in order. */
  #restart(cause: Life): void {
    const siblings = cause.parent?.children ?? [cause];
    const strategy = cause.parent?.spec.strategy ?? "one-for-one";
    const touched =
      strategy === "one-for-one"
        ? [cause]
        : strategy === "one-for-all"
          ? [...siblings]
          : siblings.slice(siblings.indexOf(cause));
    for (const one of touched.toReversed()) {
      if (one !== cause && !comesBack(one.spec.restart, "group")) this.#end(one, "?");
      else this.#takeDown(one);
    }
    this.#nowMs += PAUSE_MS;
    for (const one of touched) {
      // A failure on the way up has taken the rest over.
      if (one.hasEnded || one.isRunning) continue;
      this.#start(one);
      const supervisor = one.parent;
      if (supervisor !== undefined && !supervisor.isRunning) return;
    }
  }

  /** Runs `init`: children first, then itself. */
  #start(one: Life): void {
    one.generation++;
    if (this.#initFails(one)) {
      this.#exit(one, "failed", "failed");
      return;
    }
    for (const spec of one.spec.children) {
      const child = life(spec, one);
      one.children.push(child);
      this.#start(child);
      if (child.isRunning) continue;
      // A first start that fails is not repeated, counts, and fails the one that waits for it.
      this.#exit(one, "failed", this.#countFailedStart(one) ? "intensity" : "failed");
      return;
    }
    one.isRunning = true;
    one.hasStarted = true;
    this.log.push(`+${one.spec.name} ${one.generation}`);
  }

  /** Whether that was one too many. */
  #countFailedStart(supervisor: Life): boolean {
    const isSpent = this.#within(supervisor.childRestarts, supervisor.spec.limit ?? LIMIT);
    supervisor.childRestarts.push(this.#nowMs);
    return isSpent;
  }

  #initFails({ spec: { name } }: Life): boolean {
    const left = this.#failing.get(name) ?? 0;
    if (left > 0) this.#failing.set(name, left - 1);
    return left > 0;
  }

  /** Ends one generation, and its children for good. */
  #takeDown(one: Life, isKilled = false): void {
    for (const child of one.children.toReversed()) {
      this.#end(child, isKilled ? "killed" : "?", isKilled);
    }
    one.children = [];
    if (one.isRunning && !isKilled) this.log.push(`-${one.spec.name}`);
    one.isRunning = false;
  }

  #end(one: Life, reason: string, isKilled = false): void {
    this.#takeDown(one, isKilled);
    one.hasEnded = true;
    if (!one.hasStarted && one.spec.children.length > 0) this.isUnordered = true;
    this.log.push(one.hasStarted ? `.${one.spec.name} ${reason}` : `!${one.spec.name}`);
    const siblings = one.parent?.children;
    if (siblings?.includes(one)) siblings.splice(siblings.indexOf(one), 1);
  }
}

/** The table of exits. */
function comesBack(restart: RestartType, exit: Exit): boolean {
  switch (exit) {
    case "normal":
      return restart === "permanent";
    case "failed":
      return restart === "permanent" || restart === "transient";
    case "fatal":
      return false;
    case "group":
      return restart !== "temporary";
  }
}

function life(spec: TreeSpec, parent: Life | undefined): Life {
  return {
    spec,
    parent,
    children: [],
    generation: 0,
    hasStarted: false,
    isRunning: false,
    hasEnded: false,
    restarts: [],
    childRestarts: [],
  };
}

function living(one: Life): readonly Life[] {
  return one.hasEnded ? [] : [one, ...one.children.flatMap(living)];
}

/** Whether a log says what the reference does; `?` stands for any reason. */
export function agrees(
  seen: readonly string[],
  expected: readonly string[],
  isUnordered: boolean,
): boolean {
  const [ours, theirs] = isUnordered
    ? [sorted(seen), sorted(expected)]
    : [inOrder(seen), inOrder(expected)];
  return (
    ours.length === theirs.length &&
    theirs.every((line, i) =>
      line.endsWith(" ?") ? ours[i]?.startsWith(line.slice(0, -1)) : ours[i] === line,
    )
  );
}

/**
 * The part of a log whose order is specified. What is killed together ends at once, siblings in no
 * order; what never started may be cleared away while its parent already fails.
 */
function inOrder(log: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const unborn = sorted(log.filter((line) => line.startsWith("!")));
  let killed: string[] = [];
  for (const line of log) {
    if (line.startsWith("!")) continue;
    if (line.endsWith(" killed")) {
      killed.push(line);
      continue;
    }
    lines.push(...sorted(killed), line);
    killed = [];
  }
  return [...lines, ...sorted(killed), ...unborn];
}

function sorted(lines: readonly string[]): readonly string[] {
  return [...lines].sort((a, b) => (a < b ? -1 : 1));
}
