import t from "tap";
import { nextInstant, parseCron } from "../../../runtime/reminder/cron.ts";

const next = (expression: string, after: string): string => {
  const ms = nextInstant(parseCron(expression), Date.parse(after));
  return ms === undefined ? "never" : new Date(ms).toISOString().replace(".000Z", "Z");
};

t.test("nextInstant", async (t) => {
  t.test("finds the next instant of an expression, in UTC", async (t) => {
    const cases: readonly (readonly [string, string, string])[] = [
      ["* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"],
      ["* * * * * *", "2026-01-01T00:00:00.500Z", "2026-01-01T00:00:01Z"],
      ["0 5 * * *", "2026-01-01T05:00:00Z", "2026-01-02T05:00:00Z"],
      ["0 5 * * *", "2026-01-01T04:59:59.999Z", "2026-01-01T05:00:00Z"],
      ["30 0 5 * * *", "2026-01-01T05:00:29Z", "2026-01-01T05:00:30Z"],
      ["*/15 8-10 * * *", "2026-01-01T10:46:00Z", "2026-01-02T08:00:00Z"],
      ["5/20 * * * *", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"],
      ["0 0 * * 1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"],
      ["0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"],
      ["0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"],
      ["0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
      ["0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"],
      ["0 0 1,15 12 *", "2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z"],
      ["59 59 23 31 12 *", "2026-12-31T23:59:59Z", "2027-12-31T23:59:59Z"],
    ];
    for (const [expression, after, expected] of cases)
      t.equal(next(expression, after), expected, `${expression} after ${after}`);
  });

  t.test("C1: a day of the month or of the week will do where both are given", async (t) => {
    t.equal(next("0 0 13 * 5", "2026-02-01T00:00:00Z"), "2026-02-06T00:00:00Z");
    t.equal(next("0 0 13 * 5", "2026-01-12T00:00:00Z"), "2026-01-13T00:00:00Z");
    t.equal(next("0 0 13 * *", "2026-01-14T00:00:00Z"), "2026-02-13T00:00:00Z");
  });
});

t.test("parseCron", async (t) => {
  t.test("refuses what is none in one line that names the field", async (t) => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["* * * *", /5 or 6 fields, not 4/],
      ["60 * * * *", /60 is no minute \(0 to 59\)/],
      ["* 24 * * *", /24 is no hour/],
      ["* * 0 * *", /0 is no day of the month/],
      ["* * * 13 *", /13 is no month/],
      ["* * * * 8", /8 is no day of the week/],
      ["5-1 * * * *", /5-1 is no minute/],
      ["*/0 * * * *", /\*\/0 is no minute/],
      ["a * * * *", /a is no minute/],
      ["0 0 30 2 *", /it names no day that exists/],
    ];
    for (const [expression, message] of cases)
      t.throws(() => parseCron(expression), { name: "RangeError", message }, expression);
  });
});
