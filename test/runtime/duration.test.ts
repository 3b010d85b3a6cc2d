import t from "tap";
import { durationMs } from "../../runtime/index.ts";

t.test("Duration", async (t) => {
  t.test("is milliseconds, or a number with a unit", async (t) => {
    t.same(
      [0, 250, "250ms", "5s", "1.5m", "2h", "1d"].map(durationMs),
      [0, 250, 250, 5_000, 90_000, 7_200_000, 86_400_000],
    );
  });

  t.test("anything else is a RangeError that names it", async (t) => {
    for (const wrong of [-1, Number.NaN, Infinity, "5", "5 s", "-1s", "1w"]) {
      t.throws(() => durationMs(wrong), { name: "RangeError", message: String(wrong) });
    }
  });
});
