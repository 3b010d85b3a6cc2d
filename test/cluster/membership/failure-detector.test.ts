import fc from "fast-check";
import t from "tap";
import {
  BEAT_MS,
  CHECK_MS,
  excused,
  firstBeat,
  isSilent,
  nextBeat,
  pauseBetween,
} from "../../../cluster/membership/failure-detector.ts";

t.test("the failure detector", async (t) => {
  t.test("D1: suspects within 3 s of the last beat, whatever came before", async (_t) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 })), (intervals) => {
        let rhythm = firstBeat(0);
        let nowMs = 0;
        for (const interval of intervals) {
          nowMs += interval;
          rhythm = nextBeat(rhythm, nowMs);
        }
        return isSilent(rhythm, nowMs + 2_501) && !isSilent(rhythm, nowMs + 2_000);
      }),
    );
  });

  t.test("D2: a regular member may miss one beat, not two", async (t) => {
    let rhythm = firstBeat(0);
    for (let beat = 1; beat <= 20; beat++) rhythm = nextBeat(rhythm, beat * BEAT_MS);
    const lastMs = 20 * BEAT_MS;
    t.equal(isSilent(rhythm, lastMs + 1_900), false);
    t.equal(isSilent(rhythm, lastMs + 2_001), true);
  });

  t.test("D3: the observer's own sleep is nobody's silence", async (t) => {
    const pausedMs = pauseBetween(0, 10_000);
    t.equal(pausedMs, 10_000 - CHECK_MS);
    t.equal(isSilent(excused(firstBeat(0), pausedMs, 10_000), 10_000), false);
    t.equal(pauseBetween(0, CHECK_MS + 20), 0);
  });

  t.test("regression D1: a beat heard before the sleep was noticed is not excused", async (t) => {
    // After a sleep the socket's turn may come before the timer's.
    const rhythm = excused(nextBeat(firstBeat(0), 10_000), 9_750, 10_000);
    t.equal(isSilent(rhythm, 12_501), true);
  });
});
