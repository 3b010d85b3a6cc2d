import t from "tap";
import { Stopwatch, waitedIn } from "../../benchmarks/stopwatch.ts";

t.test("Stopwatch", async (t) => {
  t.test("reads from the system's statistics how long the process waited to run", async (t) => {
    t.equal(waitedIn("117976 102603000 2\n"), 102.603);
    t.equal(waitedIn(""), 0);
    t.equal(waitedIn("0 0 0"), 0);
    t.equal(waitedIn("nothing of the kind"), 0);
  });

  t.test("goes forward, and not faster than the clock", async (t) => {
    const startMs = performance.now();
    const watch = new Stopwatch();
    let sum = 0;
    while (performance.now() - startMs < 20) sum++;
    const first = watch.elapsedMs;
    t.ok(sum > 0);
    t.ok(first > 0);
    t.ok(first <= performance.now() - startMs);
  });
});
