import t from "tap";
import { seededWorld } from "../../../runtime/testing/index.ts";
import { Account, Bank, Guard } from "./virtual-under-test.ts";

const KEYS = Array.from({ length: 16 }, (_, i) => `k${i + 1}`);

t.test("Virtual actors of several nodes", async (t) => {
  t.test("live on one node each, reached from all of them", async (t) => {
    const world = seededWorld({ seed: 1 });
    const bank = new Bank(world);
    for (const node of ["n1", "n2", "n3"]) bank.join(node);
    bank.visit("guest");
    for (const key of KEYS) for (const node of world.nodes) bank.send(node, key, 5);
    await world.advance("1s");
    t.same(bank.faults(), []);
    t.equal(bank.handled.length, bank.sent, "nothing is lost");
    t.equal(new Set(bank.handled.map(({ node }) => node)).size, 3, "all nodes take part");
    for (const key of KEYS) {
      const nodes = new Set(bank.handled.filter((h) => h.key === key).map(({ node }) => node));
      t.equal(nodes.size, 1, `${key} lives in one place`);
    }
    await world.end();
  });

  t.test("T2: move to a node that joins, under traffic, in order and without loss", async (t) => {
    const world = seededWorld({ seed: 2, faults: { links: { delayMs: [1, 20] } } });
    const bank = new Bank(world);
    bank.join("n1");
    bank.visit("guest");
    for (let round = 0; round < 200; round++) {
      for (const key of KEYS) for (const node of world.nodes) bank.send(node, key);
      if (round === 50) bank.join("n2");
      if (round === 100) bank.join("n3");
      await world.advance("40ms");
    }
    await world.advance("5s");
    t.same(bank.faults(), []);
    t.equal(bank.handled.length, bank.sent, "nothing is lost");
    t.equal(new Set(bank.handled.map(({ node }) => node)).size, 3, "all nodes take part");
    await world.end();
  });

  t.test(
    "T2: move away from a node that leaves, under traffic, in order and without loss",
    async (t) => {
      const world = seededWorld({ seed: 3, faults: { links: { delayMs: [1, 20] } } });
      const bank = new Bank(world);
      for (const node of ["n1", "n2", "n3"]) bank.join(node);
      bank.visit("guest");
      let stopping: Promise<void> | undefined;
      for (let round = 0; round < 100; round++) {
        for (const key of KEYS) for (const node of ["n1", "n3", "guest"]) bank.send(node, key);
        if (round === 50) stopping = world.stop("n2");
        else await world.advance("40ms");
        await stopping;
        stopping = undefined;
      }
      await world.advance("5s");
      t.same(bank.faults(), []);
      t.equal(bank.handled.length, bank.sent, "nothing is lost");
      await world.end();
    },
  );

  t.test("V3: are active elsewhere once their node is down", async (t) => {
    const world = seededWorld({ seed: 4 });
    const bank = new Bank(world);
    for (const node of ["n1", "n2", "n3"]) bank.join(node);
    const guest = bank.visit("guest");
    for (const key of KEYS) bank.send("guest", key);
    await world.advance("2s");
    world.crash("n2");
    await world.advance("6s");
    for (const key of KEYS) {
      const { node } = await world.run(guest.actorOf(Account, key).ask("sum"), { within: "1s" });
      t.not(node, "n2");
    }
    t.not((await world.run(guest.singletonOf(Guard).ask("where"))).node, "n2");
    t.same(bank.faults(), []);
    await world.end();
  });

  t.test("with placement local live where they were first needed", async (t) => {
    const world = seededWorld({ seed: 5 });
    const bank = new Bank(world, "local");
    for (const node of ["n1", "n2", "n3"]) bank.join(node);
    bank.send("n2", "k1");
    bank.send("n3", "k2");
    await world.advance("1s");
    for (const node of world.nodes) for (const key of ["k1", "k2"]) bank.send(node, key);
    await world.advance("1s");
    const placeOf = (key: string): readonly string[] => [
      ...new Set(bank.handled.filter((h) => h.key === key).map(({ node }) => node)),
    ];
    t.same(placeOf("k1"), ["n2"]);
    t.same(placeOf("k2"), ["n3"]);
    world.crash("n2");
    await world.advance("7s");
    bank.send("n1", "k1");
    await world.advance("2s");
    t.same(placeOf("k1"), ["n2", "n1"]);
    t.same(bank.faults(), []);
    await world.end();
  });
});
