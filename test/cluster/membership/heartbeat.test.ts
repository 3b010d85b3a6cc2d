import fc from "fast-check";
import t from "tap";
import { heartbeatBytes, parseHeartbeat } from "../../../cluster/membership/heartbeat.ts";
import { pack } from "../../../cluster/wire/packing.ts";

t.test("a heartbeat", async (t) => {
  t.test("comes back as it was", async (t) => {
    for (const state of ["up", "draining", "leaving"] as const) {
      const beat = { incarnation: "7", state, lagMs: 12, roles: ["text", "gateway"] };
      t.same(parseHeartbeat(heartbeatBytes(beat)), { ok: true, value: beat });
    }
  });

  t.test("of another form is refused and never throws", async (t) => {
    for (const bad of [1, [], [2, "7", 0, 0, []], [1, 7, 0, 0, []], [1, "7", 9, 0, []]])
      t.equal(parseHeartbeat(pack(bad)).ok, false);
    t.equal(parseHeartbeat(pack([1, "7", 0, 0, [1]])).ok, false);
    fc.assert(fc.property(fc.uint8Array(), (b) => typeof parseHeartbeat(b).ok === "boolean"));
  });
});
