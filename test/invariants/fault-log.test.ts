/** F1 and F2: what a history says of faults. */
import assert from "node:assert/strict";
import t from "tap";
import { Chronicle } from "./chronicle.ts";
import { FaultLog } from "./fault-log.ts";
import type { Fact } from "./record.ts";

const began = (fault: string, touches: readonly string[], forMs?: number): Fact => ({
  type: "fault.began",
  fault,
  kind: "any",
  touches,
  ...(forMs === undefined ? {} : { forMs }),
});

function logOf({ records }: Chronicle): FaultLog {
  const log = new FaultLog();
  for (const record of records) {
    if (record.type === "fault.began") log.on["fault.began"](record);
    if (record.type === "fault.ended") log.on["fault.ended"](record);
  }
  return log;
}

t.test("A fault log", async (t) => {
  const history = new Chronicle().at(100).tell(began("a", ["n1"], 50));
  history
    .at(200)
    .tell(began("b", ["n1", "n2"]))
    .at(300)
    .tell(began("c", [], 0));
  const log = logOf(history.at(400).tell({ type: "fault.ended", fault: "b" }));

  t.test("knows whom a fault touched, and when", async () => {
    assert.equal(log.touched(["n1"], 0, 99), false);
    assert.equal(log.touched(["n1"], 0, 100), true);
    assert.equal(log.touched(["n1"], 150, 160), true);
    assert.equal(log.touched(["n1"], 151, 199), false);
    assert.equal(log.touched(["n2"], 350, 350), true);
    assert.equal(log.touched(["n2"], 401, 500), false);
  });
  t.test("F1: a fault that touches nobody by name touches everybody", async () => {
    assert.equal(log.touched(["n3"], 299, 301), true);
    assert.equal(log.touched(["n3"], 301, 900), false);
    assert.equal(log.touched(undefined, 120, 120), true);
  });
  t.test("F2: a fault that is not over yet lasts until it is", async () => {
    const open = logOf(new Chronicle().at(10).tell(began("a", ["n1"])));
    assert.equal(open.touched(["n1"], 9_000, 9_001), true);
  });
  t.test(
    "weighs a fault by how long it lasted, and counts it once for all it touched",
    async () => {
      assert.equal(log.weight(["n1", "n2"], 200, 290, 1_000), 1);
      assert.equal(log.weight(["n1", "n2"], 0, 500, 1_000), 3);
      assert.equal(log.weight(["n2"], 0, 299, 40), 3);
    },
  );
});
