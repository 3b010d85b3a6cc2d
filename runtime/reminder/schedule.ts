/**
 * When a reminder is due: pure.
 *
 * Owns: reading what an actor asked for, and which occurrence follows which.
 *
 * S1: a reminder that repeats has one occurrence ahead of it, never more: what became due while nobody was
 *     there to hear it is one occurrence, and the next one lies in the future.
 * S2: occurrences of a span keep its beat: they lie whole spans after the first.
 */
import { type Duration, durationMs } from "../duration.ts";
import { nextInstant, parseCron } from "./cron.ts";

/** When to be reminded, as actors say it. */
export type ReminderTime =
  | { readonly after: Duration }
  /** A date, or epoch milliseconds. */
  | { readonly at: Date | number }
  /** A span of 1 s or more, first after one span; or a cron expression of five or six fields, in UTC. */
  | { readonly every: Duration };

/** What follows an occurrence; plain data. */
export type Schedule =
  | { readonly kind: "once" }
  | { readonly kind: "span"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly cron: string };

const LEAST_SPAN_MS = 1_000;
/** The last instant that a date can name. */
const LATEST_MS = 8.64e15;

/**
 * The schedule that was asked for, and its first occurrence.
 *
 * @throws {RangeError | TypeError} naming what is wrong
 */
export function scheduleOf(
  time: ReminderTime,
  nowMs: number,
): { readonly schedule: Schedule; readonly firstMs: number } {
  if ("at" in time) {
    const firstMs = typeof time.at === "number" ? time.at : time.at.getTime();
    if (!(Math.abs(firstMs) <= LATEST_MS)) throw new RangeError(`at is no date: ${firstMs}`);
    return { schedule: { kind: "once" }, firstMs };
  }
  if ("after" in time) {
    return { schedule: { kind: "once" }, firstMs: nowMs + durationMs(time.after) };
  }
  if (!("every" in time)) throw new TypeError("a reminder has one of after, at and every");
  const { every } = time;
  if (typeof every === "string" && every.trim().includes(" ")) {
    const firstMs = nextInstant(parseCron(every), nowMs) ?? LATEST_MS;
    return { schedule: { kind: "cron", cron: every }, firstMs };
  }
  const everyMs = durationMs(every);
  if (everyMs < LEAST_SPAN_MS)
    throw new RangeError(`every must be at least ${LEAST_SPAN_MS} ms: ${everyMs}`);
  return { schedule: { kind: "span", everyMs }, firstMs: nowMs + everyMs };
}

/** The occurrence after one that was due at `dueMs` and is heard at `nowMs`; `undefined` = there is none. */
export function nextOccurrence(
  schedule: Schedule,
  dueMs: number,
  nowMs: number,
): number | undefined {
  switch (schedule.kind) {
    case "once":
      return undefined;
    case "span": {
      const { everyMs } = schedule;
      const passed = Math.max(0, Math.floor((nowMs - dueMs) / everyMs));
      return dueMs + (passed + 1) * everyMs;
    }
    case "cron":
      return nextInstant(parseCron(schedule.cron), Math.max(dueMs, nowMs));
  }
}
