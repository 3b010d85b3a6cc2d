/**
 * What a supervisor decides when a child ends: pure functions from data to a directive.
 *
 * Owns: the table of exits, the limits, the pause, the set of children that a strategy touches. The
 * one interpreter of directives is `children.ts`.
 *
 * I1: at most `intensity.restarts` restarts within any window of `intensity.withinMs`.
 * I2: a strategy decides only which children are touched, never how.
 *
 * Source: Erlang/OTP, supervisor behaviour.
 */
import { type Duration, durationMs } from "./duration.ts";

/** When an ended child is started again: always, after a failure, never. */
export type RestartType = "permanent" | "transient" | "temporary";

/** Whom a failure touches: the child alone, all children, or it and those started after it. */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** Which ends of significant children end their supervisor too. */
export type AutoShutdown = "never" | "any-significant" | "all-significant";

/** How many restarts are allowed within a sliding window. */
export interface Intensity {
  readonly restarts: number;
  readonly within: Duration;
}

/** The pause before a restart: doubles from `initial` to `max`, ± `jitter`. */
export interface Backoff {
  readonly initial: Duration;
  readonly max: Duration;
  /** 0..1; default 0.2. */
  readonly jitter?: number;
}

/** What a supervisor's own decider may say of a failure. */
export type Decision = "resume" | "restart" | "stop" | "escalate";

/** How a child came to its end: by itself, by an error, for good, or with its group. */
export type Exit = "normal" | "failed" | "fatal" | "group";

/** An {@link Intensity}, parsed. */
export interface RestartLimit {
  readonly restarts: number;
  readonly withinMs: number;
}

/** A {@link Backoff}, parsed. */
export interface Pause {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** What the supervisor does. */
export type Directive =
  | { readonly type: "end" }
  | { readonly type: "resume" }
  | { readonly type: "restart"; readonly delayMs: number }
  /** The limit is reached: the supervisor stops its children and itself. */
  | { readonly type: "give-up"; readonly limit: RestartLimit }
  | { readonly type: "escalate" };

/** What a decision rests on. */
export interface Ended {
  readonly exit: Exit;
  readonly restart: RestartType;
  /** What the supervisor's own decider said, when it has one and the exit was a failure. */
  readonly decision: Decision | undefined;
  /** Restarts of this child, on the monotonic clock. */
  readonly childRestarts: readonly number[];
  /** Restarts of all children of this supervisor. */
  readonly allRestarts: readonly number[];
  readonly childLimit: RestartLimit;
  readonly limit: RestartLimit;
  readonly pause: Pause;
  /** Failures in a row before this one. */
  readonly inRow: number;
  readonly nowMs: number;
  /** A number in [0, 1) for the jitter. */
  readonly draw: number;
}

/** 5 in 30 s for one child. */
export const childLimit: RestartLimit = { restarts: 5, withinMs: 30_000 };
/** 20 in 60 s for all children of a supervisor. */
export const supervisorLimit: RestartLimit = { restarts: 20, withinMs: 60_000 };
/** 100 ms to 30 s. */
export const defaultPause: Pause = { initialMs: 100, maxMs: 30_000, jitter: 0.2 };

/** What to do about a child that ended. */
export function decide(ended: Ended): Directive {
  if (ended.exit === "failed" && ended.decision !== undefined) {
    switch (ended.decision) {
      case "resume":
        return { type: "resume" };
      case "stop":
        return { type: "end" };
      case "escalate":
        return { type: "escalate" };
      case "restart":
        break;
    }
  }
  if (!shouldRestart(ended.restart, ended.exit)) return { type: "end" };
  const limit = exceededLimit(ended);
  if (limit !== undefined) return { type: "give-up", limit };
  return { type: "restart", delayMs: pauseMs(ended.pause, ended.inRow, ended.draw) };
}

/** The table of exits: is a child of this type started again? */
export function shouldRestart(restart: RestartType, exit: Exit): boolean {
  if (exit === "fatal" || restart === "temporary") return false;
  return restart === "permanent" || exit !== "normal";
}

/** The limit that one more restart would break, if any. */
export function exceededLimit(
  ended: Pick<Ended, "childRestarts" | "allRestarts" | "childLimit" | "limit" | "nowMs">,
): RestartLimit | undefined {
  if (isSpent(ended.childRestarts, ended.childLimit, ended.nowMs)) return ended.childLimit;
  return isSpent(ended.allRestarts, ended.limit, ended.nowMs) ? ended.limit : undefined;
}

/** The restarts that still count, at `nowMs`. */
export function recent(
  restarts: readonly number[],
  limit: RestartLimit,
  nowMs: number,
): readonly number[] {
  return restarts.filter((atMs) => nowMs - atMs < limit.withinMs);
}

/** The pause before a restart. `draw` in [0, 1) spreads it over ± jitter. */
export function pauseMs(pause: Pause, inRow: number, draw: number): number {
  const plainMs = Math.min(pause.maxMs, pause.initialMs * 2 ** inRow);
  return plainMs * (1 + pause.jitter * (2 * draw - 1));
}

/**
 * Whether a supervisor ends because a child has ended by itself.
 *
 * @param othersLeft - how many other significant children it still has
 */
export function shutsDown(
  auto: AutoShutdown,
  child: { readonly significant: boolean },
  othersLeft: number,
): boolean {
  if (!child.significant) return false;
  switch (auto) {
    case "never":
      return false;
    case "any-significant":
      return true;
    case "all-significant":
      return othersLeft === 0;
  }
}

/** The children that a failure of `failed` touches, in start order. */
export function touchedBy<T>(strategy: Strategy, children: readonly T[], failed: T): readonly T[] {
  switch (strategy) {
    case "one-for-one":
      return [failed];
    case "one-for-all":
      return children;
    case "rest-for-one":
      return children.slice(children.indexOf(failed));
  }
}

/**
 * An intensity as a limit.
 *
 * @throws {RangeError} unless `restarts` is a whole number from 0 and `within` a duration above 0
 */
export function parsedIntensity(intensity: Intensity): RestartLimit {
  const withinMs = durationMs(intensity.within);
  if (!Number.isInteger(intensity.restarts) || intensity.restarts < 0) {
    throw new RangeError(`intensity.restarts must be a whole number from 0: ${intensity.restarts}`);
  }
  if (withinMs === 0) throw new RangeError("intensity.within must be above 0");
  return { restarts: intensity.restarts, withinMs };
}

/**
 * A back-off as a pause.
 *
 * @throws {RangeError} unless the durations parse, `max` ≥ `initial` and `jitter` is 0 to 1
 */
export function parsedBackoff(backoff: Backoff): Pause {
  const initialMs = durationMs(backoff.initial);
  const maxMs = durationMs(backoff.max);
  const jitter = backoff.jitter ?? defaultPause.jitter;
  if (maxMs < initialMs) throw new RangeError("backoff.max must not be below backoff.initial");
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`backoff.jitter must be 0 to 1: ${jitter}`);
  }
  return { initialMs, maxMs, jitter };
}

function isSpent(restarts: readonly number[], limit: RestartLimit, nowMs: number): boolean {
  return recent(restarts, limit, nowMs).length >= limit.restarts;
}
