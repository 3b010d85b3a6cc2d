import fc from "fast-check";
import t from "tap";
import { nextOccurrence, scheduleOf } from "../../../runtime/reminder/schedule.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

t.test("scheduleOf", async (t) => {
  t.test("reads spans, dates, periods and cron expressions", async (t) => {
    const once = { kind: "once" };
    t.strictSame(scheduleOf({ after: "5s" }, NOW), { schedule: once, firstMs: NOW + 5_000 });
    t.strictSame(scheduleOf({ at: new Date(7) }, NOW), { schedule: once, firstMs: 7 });
    t.strictSame(scheduleOf({ at: 7 }, NOW), { schedule: once, firstMs: 7 });
    t.strictSame(scheduleOf({ every: "1m" }, NOW), {
      schedule: { kind: "span", everyMs: 60_000 },
      firstMs: NOW + 60_000,
    });
    t.strictSame(scheduleOf({ every: "0 5 * * *" }, NOW), {
      schedule: { kind: "cron", cron: "0 5 * * *" },
      firstMs: NOW + 5 * 3_600_000,
    });
  });

  t.test("refuses what is no time", async (t) => {
    t.throws(() => scheduleOf({ every: "500ms" }, NOW), RangeError);
    t.throws(() => scheduleOf({ every: "soon" }, NOW), RangeError);
    t.throws(() => scheduleOf({ every: "0 5 * *" }, NOW), { message: /not a cron expression/ });
    t.throws(() => scheduleOf({ at: Number.NaN }, NOW), RangeError);
    t.throws(() => scheduleOf({ after: -1 }, NOW), RangeError);
    t.throws(() => scheduleOf({} as { readonly after: string }, NOW), TypeError);
  });
});

t.test("nextOccurrence", async (t) => {
  t.test("S1, S2: what follows lies ahead, whole spans after the first", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(
          fc.nat(1e6),
          fc.integer({ min: 1_000, max: 1e6 }),
          fc.nat(1e8),
          (due, span, by) => {
            const now = due + by - 1_000;
            const next = nextOccurrence({ kind: "span", everyMs: span }, due, now) ?? 0;
            return (
              next > due && next > now && next - now <= span + 1_000 && (next - due) % span === 0
            );
          },
        ),
      ),
    );
  });

  t.test("of a cron expression it is the next instant after now and after the last", async (t) => {
    const cron = { kind: "cron", cron: "0 5 * * *" } as const;
    const due = NOW + 5 * 3_600_000;
    t.equal(nextOccurrence(cron, due, due + 1), due + 86_400_000);
    t.equal(nextOccurrence(cron, due, due - 5_000), due + 86_400_000, "clocks may differ");
    t.equal(nextOccurrence(cron, due, due + 3 * 86_400_000), due + 4 * 86_400_000);
    t.equal(nextOccurrence({ kind: "once" }, due, due), undefined);
  });
});
