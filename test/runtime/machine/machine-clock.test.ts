import t from "tap";
import { seededRandom } from "../../../runtime/index.ts";
import { MachineClock } from "../../../runtime/machine/machine-clock.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const DAY_MS = 86_400_000;

function clocks() {
  const manual = new ManualClock();
  const asked: number[] = [];
  const due: (() => void)[] = [];
  const clock = {
    nowMs: () => manual.nowMs(),
    monotonicMs: () => manual.monotonicMs(),
    after: (delayMs: number, fire: () => void) => {
      asked.push(delayMs);
      return manual.after(delayMs, fire);
    },
  };
  const random = seededRandom(1);
  const { port } = new MachineClock({ clock, random }, (carryOut) => due.push(carryOut));
  return { manual, asked, due, port };
}

t.test("MachineClock", async (t) => {
  t.test("C1: hands over what is due", async (t) => {
    const { manual, due, port } = clocks();
    let fired = 0;
    port.setTimeout(() => fired++, 10);
    manual.advance(9);
    t.equal(due.length, 0);
    manual.advance(1);
    t.strictSame([due.length, fired], [1, 0]);
    due[0]?.();
    t.equal(fired, 1);
  });

  t.test("C2: does not carry out what was called off, before or after it was due", async (t) => {
    const { manual, due, port } = clocks();
    const early = port.setTimeout(() => t.fail("called off before"), 10);
    const late = port.setTimeout(() => t.fail("called off after"), 10);
    port.clearTimeout(early);
    manual.advance(10);
    t.equal(due.length, 1);
    port.clearTimeout(late);
    due[0]?.();
    port.clearTimeout(late);
    port.clearTimeout(undefined);
    t.equal(manual.pending, 0);
  });

  t.test("C3: waits for months in steps that a timer can take", async (t) => {
    const { manual, asked, due, port } = clocks();
    port.setTimeout(() => {}, 60 * DAY_MS);
    manual.advance(60 * DAY_MS - 1);
    t.equal(due.length, 0);
    manual.advance(1);
    t.equal(due.length, 1);
    t.ok(asked.length > 1 && asked.every((delayMs) => delayMs < 2 ** 31), asked.join());
  });

  t.test("takes a delay that is none for no delay, and one without an end for never", async (t) => {
    const { manual, due, port } = clocks();
    for (const delayMs of [Number.NaN, -5, 0]) port.setTimeout(() => {}, delayMs);
    port.setTimeout(() => t.fail("never"), Number.POSITIVE_INFINITY);
    manual.advance(0);
    t.equal(due.length, 3);
    manual.advance(400 * DAY_MS);
    t.equal(due.length, 3);
  });
});
