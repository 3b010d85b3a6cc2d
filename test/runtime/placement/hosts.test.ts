import t from "tap";
import {
  actor,
  type Member,
  protocol,
  singleton,
  spawnable,
  virtual,
} from "../../../runtime/index.ts";
import { counted, eligible, hostedBy, hostMetadata } from "../../../runtime/placement/hosts.ts";
import { ownerIn, recordOf, standingOf } from "../../../runtime/placement/ownership.ts";

const plain = actor(protocol("desk@1", {}), () => 0, {});

function member(name: string, parts: Partial<Member> = {}): Member {
  return {
    name,
    incarnation: "1",
    roles: [],
    capacity: 1,
    metadata: hostMetadata([virtual(plain)]),
    phase: "up",
    lagMs: 0,
    ...parts,
  };
}

t.test("Hosts", async (t) => {
  t.test("tell one another what they can run, in as many entries as it takes", (t) => {
    const many = Array.from({ length: 60 }, (_, i) => virtual(plain, { name: `type-${i}` }));
    const local = virtual(plain, { name: "near", placement: "local" });
    const one = singleton(plain, { name: "one", placement: "role:control" });
    const metadata = hostMetadata([...many, local, one, spawnable(plain, { name: "other" })]);
    for (const value of Object.values(metadata)) t.ok(value.length <= 256);
    const hosted = hostedBy({ metadata });
    t.equal(hosted.size, 62, "what others may spawn has no place of its own");
    t.equal(hosted.get("type-59"), "spread");
    t.equal(hosted.get("near"), "local");
    t.equal(hosted.get("one"), "role:control");
    t.same([...hostedBy({ metadata: { hosts: "a=elsewhere b" } })], [["b", "spread"]]);
    t.end();
  });

  t.test("H1: are those that registered the type, have its role and take new work", (t) => {
    const names = (members: readonly Member[]): readonly string[] =>
      members.map(({ name }) => name);
    const all = [
      member("up"),
      member("lags", { phase: "degraded" }),
      member("leaves", { phase: "draining" }),
      member("silent", { phase: "suspected" }),
      member("dead", { phase: "down" }),
      member("other", { metadata: {} }),
      member("text", { roles: ["text"] }),
    ];
    t.same(names(eligible(all, "desk", "spread")), ["up", "text"], "S21: no new work for who lags");
    const slow = all.filter(({ name }) => name !== "up" && name !== "text");
    t.same(names(eligible(slow, "desk", "spread")), ["lags"], "but somebody must have it");
    t.same(names(eligible(all, "desk", "role:text")), ["text"]);
    t.same(
      names(counted(all, "desk", "spread")),
      ["up", "lags", "silent", "text"],
      "H2: a suspected node keeps what it has",
    );
    t.end();
  });
});

t.test("Ownership", async (t) => {
  t.test("O2: a record counts until its owner's incarnation is down", (t) => {
    const self = { name: "n1", incarnation: "2" };
    const owner = ownerIn({
      key: "k",
      revision: 7,
      value: recordOf({ name: "n2", incarnation: "5" }),
    });
    t.same(owner, { node: "n2", incarnation: "5", token: 7 });
    if (owner === undefined) throw new Error("no owner");
    t.equal(standingOf(owner, self, "up"), "theirs");
    t.equal(standingOf(owner, self, "suspected"), "theirs");
    t.equal(standingOf(owner, self, "down"), "free");
    t.equal(standingOf(owner, self, undefined), "unknown");
    t.equal(
      standingOf({ ...owner, node: "n1" }, self, undefined),
      "free",
      "an earlier life of its own",
    );
    t.equal(standingOf({ node: "n1", incarnation: "2", token: 9 }, self, "up"), "mine");
    for (const value of [null, 7, {}, { v: 2, node: "n", incarnation: "1" }, { v: 1, node: 3 }]) {
      t.equal(ownerIn({ key: "k", revision: 1, value }), undefined);
    }
    t.end();
  });
});
