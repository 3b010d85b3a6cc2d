import t from "tap";
import { deviation } from "../../benchmarks/kernel/heap.ts";

t.test("The heap's figure", async (t) => {
  t.test("is the largest distance from the first reading, in per cent", async (t) => {
    t.equal(deviation([200, 201, 190, 204]), 5);
    t.equal(deviation([200, 200]), 0);
    t.equal(deviation([100, 130, 101]), 30, "also when it came back");
  });
});
