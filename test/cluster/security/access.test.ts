import t from "tap";
import { mayReach } from "../../../cluster/security/access.ts";

t.test("S24: a client reaches actors and what the root supervisor has started, no more", (t) => {
  const rows = [
    ["n1/worker", true],
    ["n1/boss/worker", true],
    ["n1/$root/w1", true],
    ["n1/$root", false],
    ["n1/$root/$spawn", false],
    ["n1/$spawn", false],
    ["n1/$spawn/worker~1", false],
    ["n1/$node", false],
    ["n1/boss/$own", false],
  ] as const;
  for (const [address, reached] of rows) {
    t.equal(mayReach("client", address), reached, address);
    t.equal(mayReach("operator", address), true, address);
  }
  t.end();
});
