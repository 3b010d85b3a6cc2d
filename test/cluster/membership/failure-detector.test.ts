import fc from "fast-check";
import t from "tap";
import {
  BEAT_MS,
  beatAfter,
  CHECK_MS,
  checkAfter,
  excused,
  firstBeat,
  isLate,
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

  t.test("beats fall on whole seconds, half a period to one and a half apart", async (_t) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 }), (wallMs) => {
        const afterMs = beatAfter(wallMs);
        const isWhole = (wallMs + afterMs) % BEAT_MS === 0;
        return isWhole && afterMs >= BEAT_MS / 2 && afterMs <= BEAT_MS * 1.5;
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

  t.test("D2: who has missed a beat is late, well before it is silent", async (t) => {
    const rhythm = nextBeat(firstBeat(0), BEAT_MS);
    t.equal(isLate(rhythm, 2 * BEAT_MS), false);
    t.equal(isLate(rhythm, 2 * BEAT_MS + 300), true);
    t.equal(isSilent(rhythm, 2 * BEAT_MS + 300), false);
  });

  t.test("D3: the observer's own sleep is nobody's silence", async (t) => {
    const pausedMs = pauseBetween(0, 10_000);
    t.equal(pausedMs, 10_000 - CHECK_MS);
    t.equal(isSilent(excused(firstBeat(0), pausedMs, 10_000), 10_000), false);
    t.equal(pauseBetween(0, CHECK_MS + 20), 0);
  });

  t.test("D4: checks are spread by a fifth of their period, to both sides", async (t) => {
    t.equal(checkAfter(0), CHECK_MS * 0.8);
    t.equal(checkAfter(0.5), CHECK_MS);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (draw) => {
        const afterMs = checkAfter(draw);
        return afterMs >= CHECK_MS * 0.8 && afterMs <= CHECK_MS * 1.2 + 1e-9;
      }),
    );
    t.equal(pauseBetween(0, checkAfter(1)), 0, "a late check is no pause of the observer's");
  });

  t.test("regression D1: a beat heard before the sleep was noticed is not excused", async (t) => {
    // After a sleep the socket's turn may come before the timer's.
    const rhythm = excused(nextBeat(firstBeat(0), 10_000), 9_750, 10_000);
    t.equal(isSilent(rhythm, 12_501), true);
  });
});
