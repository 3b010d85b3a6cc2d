import t from "tap";
import { greetsClients } from "../../../cluster/ingress/greeting.ts";
import type { Member, MemberPhase } from "../../../runtime/ports/membership.ts";

const self = { name: "g1", incarnation: "1" };

function members(own: MemberPhase, other: MemberPhase, role: string): readonly Member[] {
  const traits = { incarnation: "1", capacity: 1, metadata: {}, lagMs: 0 };
  return [
    { ...traits, name: "g1", roles: ["gateway"], phase: own },
    { ...traits, name: "g2", roles: [role], phase: other },
  ];
}

t.test("a gateway", async (t) => {
  t.test("S21, I1: that lags leaves clients to one that does not, if there is one", async (t) => {
    t.equal(greetsClients(members("up", "up", "gateway"), self), true);
    t.equal(greetsClients(members("degraded", "up", "gateway"), self), false);
    t.equal(greetsClients(members("degraded", "degraded", "gateway"), self), true);
    t.equal(greetsClients(members("degraded", "down", "gateway"), self), true);
    t.equal(greetsClients(members("degraded", "up", "text"), self), true);
    t.equal(greetsClients([], self), true, "one that nobody has heard of yet");
  });

  t.test("I2: that drains greets nobody, whoever else there is", async (t) => {
    t.equal(greetsClients(members("draining", "down", "gateway"), self), false);
  });
});
