import t from "tap";
import { fuzz } from "./fuzz-run.ts";

t.setTimeout(300_000);

t.test("wrong messages", async (t) => {
  t.test("S24: no message brings a node, a gateway or a client down", async (t) => {
    const { faults, frames, doors, taken } = await fuzz({ frames: 20_000, seed: 1 });
    t.same(faults, []);
    t.equal(frames, 20_000);
    t.ok(taken > frames / 50, `${taken} came through to an actor`);
    for (const [door, of] of Object.entries(doors)) t.ok(of > 100, `${of} came by ${door}`);
  });
});
