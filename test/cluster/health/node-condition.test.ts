import t from "tap";
import type { NodeFacts } from "../../../cluster/health/node-condition.ts";
import { liveness, readiness } from "../../../cluster/health/node-condition.ts";

const well: NodeFacts = {
  phase: "running",
  lease: true,
  control: true,
  data: true,
  member: "up",
  lagMs: 0,
};
const starting: NodeFacts = { ...well, phase: "starting", lease: undefined, control: false };

t.test("a node's condition", async (t) => {
  t.test("C1: it is alive unless its lease is lost or it has ended", async (t) => {
    for (const facts of [
      well,
      starting,
      { ...well, control: false, data: false },
      { ...well, member: "degraded" as const, lagMs: 3_000 },
      { ...well, phase: "draining" as const, lease: false },
    ])
      t.same(liveness(facts), { ok: true, reasons: [] });
    t.same(liveness({ ...well, lease: false }), { ok: false, reasons: ["its lease is lost"] });
    t.match(liveness({ ...well, phase: "ended" }), { ok: false });
  });

  t.test("C2: it is ready when new work may be sent to it, and else says why not", async (t) => {
    t.same(readiness(well), { ok: true, reasons: [] });
    t.same(readiness(starting).reasons, ["it is starting"]);
    t.same(readiness({ ...well, phase: "draining" }).reasons, ["it is draining"]);
    t.same(readiness({ ...well, control: false, data: false }).reasons, [
      "its control connection is lost",
      "its data connection is lost",
    ]);
    t.same(readiness({ ...well, member: "degraded", lagMs: 2_300 }).reasons, [
      "its event loop was 2300 ms late",
    ]);
    t.same(readiness({ ...well, lease: false }).reasons, ["its lease is lost"]);
  });
});
