/**
 * Cron expressions: pure, in UTC.
 *
 * Owns: reading them, and the next instant that one names. Five fields (minute, hour, day of month, month,
 * day of week), or six with seconds first, the form that nats-server takes. A field is `*` or a list of
 * numbers, ranges and steps: `0`, `1-5`, `1-59/15`, `1,15`. Sunday is 0 or 7.
 *
 * C1: where both a day of the month and a day of the week are given, either will do.
 * C2: an expression that names no instant within eight years, like the 30th of February, is refused.
 *
 * Cost: a look at each day until the next one that fits.
 */

/** A cron expression, read: what each field allows, in ascending order. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Which of the two kinds of days counts (C1). */
  readonly counts: "either" | "both";
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 366 * 8 + 1;

/**
 * Reads an expression.
 *
 * @throws {RangeError} naming the field that is wrong, or when it names no instant (C2)
 */
export function parseCron(expression: string): Cron {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6)
    throw wrong(expression, `5 or 6 fields, not ${fields.length}`);
  const [second, minute, hour, day, month, weekday] = (
    fields.length === 6 ? fields : ["0", ...fields]
  ) as [string, string, string, string, string, string];
  const cron: Cron = {
    seconds: numbersIn(expression, second, "second", 0, 59),
    minutes: numbersIn(expression, minute, "minute", 0, 59),
    hours: numbersIn(expression, hour, "hour", 0, 23),
    days: new Set(numbersIn(expression, day, "day of the month", 1, 31)),
    months: new Set(numbersIn(expression, month, "month", 1, 12)),
    weekdays: new Set(numbersIn(expression, weekday, "day of the week", 0, 7).map((n) => n % 7)),
    counts: day.startsWith("*") || weekday.startsWith("*") ? "both" : "either",
  };
  if (nextInstant(cron, 0) === undefined) throw wrong(expression, "it names no day that exists");
  return cron;
}

/** The first instant after `afterMs` that the expression names; `undefined` = none within eight years. */
export function nextInstant(cron: Cron, afterMs: number): number | undefined {
  const fromMs = (Math.floor(afterMs / 1_000) + 1) * 1_000;
  const today = Math.floor(fromMs / DAY_MS);
  for (let day = today; day < today + MOST_DAYS; day++) {
    if (!fitsDay(cron, new Date(day * DAY_MS))) continue;
    const time = timeFrom(cron, day === today ? fromMs - day * DAY_MS : 0);
    if (time !== undefined) return day * DAY_MS + time;
  }
  return undefined;
}

function fitsDay({ months, days, weekdays, counts }: Cron, date: Date): boolean {
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const [byDay, byWeekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
  return counts === "both" ? byDay && byWeekday : byDay || byWeekday;
}

/** The first time of day from `fromMs` on. */
function timeFrom({ hours, minutes, seconds }: Cron, fromMs: number): number | undefined {
  for (const hour of hours) {
    if ((hour + 1) * 3_600_000 <= fromMs) continue;
    for (const minute of minutes) {
      const minuteMs = hour * 3_600_000 + minute * 60_000;
      if (minuteMs + 60_000 <= fromMs) continue;
      for (const second of seconds) {
        if (minuteMs + second * 1_000 >= fromMs) return minuteMs + second * 1_000;
      }
    }
  }
  return undefined;
}

function numbersIn(
  expression: string,
  field: string,
  name: string,
  least: number,
  most: number,
): readonly number[] {
  const numbers = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) throw wrong(expression, `${part} is no ${name}`);
    const [, first, last, step] = match;
    const from = first === undefined ? least : Number(first);
    // `5/10` runs from 5 to the end; `5` is 5 alone.
    const open = first === undefined || (step !== undefined && last === undefined);
    const to = open ? most : Number(last ?? first);
    const by = Number(step ?? 1);
    if (from < least || to > most || from > to || by < 1)
      throw wrong(expression, `${part} is no ${name} (${least} to ${most})`);
    for (let number = from; number <= to; number += by) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

function wrong(expression: string, why: string): RangeError {
  return new RangeError(`not a cron expression: ${JSON.stringify(expression)}: ${why}`);
}
