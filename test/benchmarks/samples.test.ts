import t from "tap";
import { median, pairedRatio } from "../../benchmarks/samples.ts";

t.test("Samples", async (t) => {
  t.test("M1: the median is the middle value, whatever the order", async (t) => {
    t.equal(median([9, 1, 5]), 5);
    t.equal(median([4]), 4);
    t.equal(median([10, 2, 4, 100]), 7, "of an even number it lies between the two in the middle");
    t.ok(Number.isNaN(median([])));
  });

  t.test("a slow run of both leaves the paired ratio as it is", async (t) => {
    t.equal(pairedRatio([100, 10, 100], [50, 5, 50]), 2);
    t.equal(pairedRatio([1, 2, 3], [1]), 1, "a run without its pair does not count");
  });
});
