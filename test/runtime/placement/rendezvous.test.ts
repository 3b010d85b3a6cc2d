import fc from "fast-check";
import t from "tap";
import { chosenFor } from "../../../runtime/placement/rendezvous.ts";
import { SHARDS, unitOf } from "../../../runtime/placement/unit.ts";

const units = Array.from({ length: 8 * SHARDS }, (_, n) => `shard.type-${n % 8}.${n >> 3}`);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,15}$/), {
  minLength: 1,
  maxLength: 12,
});
const cluster = names.chain((given) =>
  fc.tuple(
    ...given.map((name) =>
      fc.record({ name: fc.constant(name), capacity: fc.constantFrom(1, 2, 4) }),
    ),
  ),
);

t.test("Rendezvous hashing", async (t) => {
  t.test("Z1: gives a node the share that its capacity is of all", (t) => {
    fc.assert(
      fc.property(cluster, (nodes) => {
        const total = nodes.reduce((sum, { capacity }) => sum + capacity, 0);
        for (const { name, capacity } of nodes) {
          const share = capacity / total;
          const got = units.filter((unit) => chosenFor(unit, nodes)?.name === name).length;
          // Six standard deviations of the binomial distribution.
          const margin = 6 * Math.sqrt(units.length * share * (1 - share)) + 1;
          if (Math.abs(got - share * units.length) > margin) return false;
        }
        return true;
      }),
      { numRuns: 20 },
    );
    t.end();
  });

  t.test("Z2: moves units only to a node that comes, and only those of one that goes", (t) => {
    fc.assert(
      fc.property(cluster, fc.nat(), (nodes, at) => {
        const changed = nodes[at % nodes.length];
        const others = nodes.filter((node) => node !== changed);
        return units.every((unit) => {
          const withIt = chosenFor(unit, nodes)?.name;
          const without = chosenFor(unit, others)?.name;
          return withIt === without || withIt === changed?.name;
        });
      }),
      { numRuns: 20 },
    );
    t.end();
  });

  t.test("depends on nothing but names and capacities, not on their order", (t) => {
    fc.assert(
      fc.property(cluster, fc.constantFrom(...units), (nodes, unit) => {
        return chosenFor(unit, nodes)?.name === chosenFor(unit, nodes.toReversed())?.name;
      }),
    );
    t.equal(chosenFor("shard.a.1", []), undefined);
    t.end();
  });

  t.test("a node whose capacity grows loses nothing", (t) => {
    fc.assert(
      fc.property(cluster, fc.nat(), (nodes, at) => {
        const grown = at % nodes.length;
        const after = nodes.map((node, i) => (i === grown ? { ...node, capacity: 8 } : node));
        const { name } = nodes[grown] ?? { name: "" };
        return units
          .slice(0, 256)
          .every(
            (unit) =>
              chosenFor(unit, nodes)?.name !== name || chosenFor(unit, after)?.name === name,
          );
      }),
      { numRuns: 20 },
    );
    t.end();
  });
});

t.test("Units", async (t) => {
  t.test("U1: spread keys evenly over the shards, local ones over units of their own", (t) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 256 * 100; i++) {
      const { id } = unitOf("session", "spread", `user-${i}`);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    t.equal(counts.size, SHARDS);
    for (const count of counts.values()) if (count < 40 || count > 160) t.fail(`${count} in one`);
    t.match(unitOf("a.b", "spread", "k").id, /^shard\.a=b\.\d+$/);
    t.equal(unitOf("session", "local", "a/b").id, "act.session.YS9i");
    t.end();
  });

  t.test("are the same on every node and in every release", (t) => {
    t.equal(unitOf("session", "spread", "user-42").id, "shard.session.150");
    t.equal(
      chosenFor(
        "shard.session.7",
        ["n1", "n2", "n3"].map((name) => ({ name, capacity: 1 })),
      )?.name,
      "n1",
    );
    t.end();
  });
});
