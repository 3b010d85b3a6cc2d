import t from "tap";
import {
  actor,
  ask,
  type DeadLetter,
  protocol,
  stream,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import { seededWorld } from "../../../runtime/testing/index.ts";
import { Account, Bank, Guard } from "./virtual-under-test.ts";

const SOON = { timeout: "800ms" } as const;
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

  t.test(
    "regression T2: what comes for a node that has handed over and not ended yet waits for the next owner",
    async (t) => {
      const world = seededWorld({ seed: 12 });
      const bank = new Bank(world);
      const n1 = bank.join("n1");
      const guest = bank.visit("guest");
      const letters: DeadLetter[] = [];
      guest.onDeadLetter((letter) => letters.push(letter));
      bank.send("guest", "k1");
      await world.advance("1s");
      t.equal(bank.handled.length, 1);
      // Nobody else can have the unit: the record names this node as long as its lease stands.
      const ending = n1.shutdown();
      await world.advance("1s");
      bank.send("guest", "k1", 3);
      const asked = guest.actorOf(Account, "k1").ask("sum", undefined, { timeout: "20s" });
      await world.advance("1s");
      bank.join("n2");
      world.crash("n1");
      t.equal((await world.run(asked, { within: "10s" })).node, "n2");
      await world.advance("1s");
      t.equal(bank.handled.length, bank.sent, "nothing is lost");
      t.same(letters, []);
      t.same(bank.faults(), []);
      await ending;
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

  t.test("V3: a node that died unnoticed takes nothing, and holds nobody up", async (t) => {
    const world = seededWorld({ seed: 5, suspectedAfterMs: [3_000, 3_000] });
    const bank = new Bank(world);
    for (const node of ["n1", "n2", "n3"]) bank.join(node);
    const guest = bank.visit("guest");
    await world.advance("2s");
    world.crash("n2");
    const sums = KEYS.map((key) => guest.actorOf(Account, key).ask("sum", undefined, SOON));
    const answers = await world.run(Promise.all(sums), { within: "1s" });
    t.same(new Set(answers.map(({ node }) => node)), new Set(["n1", "n3"]));
    t.same(bank.faults(), []);
    await world.end();
  });

  t.test(
    "A1: asks and streams that wait for one that moves are answered where it went",
    async (t) => {
      const Slow = protocol("slow@1", {
        pause: tell(),
        where: ask<undefined, string>(),
        count: stream<number, string, number>(),
      });
      const slow = (node: string) =>
        actor(Slow, () => 0, {
          pause: (ctx) => new Promise((resolve) => void ctx.clock.after(1_000, resolve)),
          where: () => node,
          async *count(_ctx, n) {
            for (let i = 0; i < n; i++) yield node;
            return n;
          },
        });
      const world = seededWorld({ seed: 6, faults: { links: { delayMs: [1, 20] } } });
      const nodes = ["n1", "n2"];
      for (const node of nodes) world.system(node, { actors: [virtual(slow(node))] });
      const guest = world.system("guest");
      const first = await world.run(guest.actorOf(Slow, "k").ask("where"));
      const heir = nodes.find((node) => node !== first);
      const senders = [guest, world.system("n1"), world.system("n2")];
      const refs = senders.map((system) => system.actorOf(Slow, "k"));
      refs[0]?.tell("pause");
      await world.advance("100ms");
      const asked = refs.map((ref) => ref.ask("where"));
      const counted = refs.map(async (ref) => {
        const counting = ref.stream("count", 50);
        const chunks: string[] = [];
        for await (const chunk of counting) chunks.push(chunk);
        return { chunks, result: await counting.result };
      });
      const isThere = (_: unknown, i: number): boolean => senders[i]?.node !== first;
      for (const each of [...asked, ...counted]) each.catch(() => {});
      await world.advance("100ms");
      await world.stop(first);
      t.same(await world.run(Promise.all(asked.filter(isThere))), [heir, heir]);
      for (const { chunks, result } of await world.run(Promise.all(counted.filter(isThere)))) {
        t.equal(result, 50);
        t.same(new Set(chunks), new Set([heir]));
      }
      await world.end();
    },
  );

  t.test(
    "R2: what waits for an owner is bounded, and goes in order when there is one",
    async (t) => {
      const world = seededWorld({ seed: 7 });
      const bank = new Bank(world);
      bank.join("n1");
      const guest = bank.visit("guest");
      const letters: DeadLetter[] = [];
      guest.onDeadLetter((letter) => letters.push(letter));
      world.faults.keyValues.unavailable = true;
      bank.send("guest", "k1", 1_100);
      await world.advance("2s");
      t.equal(letters.length, 1_100 - 1_024);
      t.ok(letters.every(({ reason }) => reason === "mailbox-full"));
      const refused = guest.actorOf(Account, "k1").ask("sum");
      await t.rejects(world.run(refused), { code: "mailbox.full", outcome: "never-ran" });
      world.faults.keyValues.unavailable = false;
      await world.advance("5s");
      t.equal(bank.handled.length, 1_024);
      t.same(bank.faults(), []);
      world.faults.keyValues.unavailable = true;
      bank.send("guest", "k2", 3);
      await world.advance("40s");
      t.equal(letters.length, 1_100 - 1_024 + 3, "and nothing waits longer than half a minute");
      t.equal(letters.at(-1)?.reason, "disconnected");
      await world.end();
    },
  );

  t.test(
    "regression R3: those that cannot be given away for long are let go, and found again",
    async (t) => {
      const world = seededWorld({ seed: 33 });
      const bank = new Bank(world);
      bank.join("n1");
      const guest = bank.visit("guest");
      for (const key of KEYS) bank.send("guest", key);
      await world.advance("3s");
      world.faults.keyValues.unavailable = true;
      bank.join("n2");
      await world.advance("5s");
      const letGo = (): readonly string[] =>
        world.eventsOf("shard.given").flatMap(({ unit, to }) => (to === "" ? [unit] : []));
      t.same(letGo(), [], "a short while is waited for");
      for (const key of KEYS) bank.send("guest", key);
      await world.advance("10s");
      t.ok(letGo().length > 0);
      world.faults.keyValues.unavailable = false;
      await world.advance("20s");
      for (const key of KEYS) bank.send("guest", key);
      const sums = KEYS.map((key) => guest.actorOf(Account, key).ask("sum"));
      const nodes = new Set((await world.run(Promise.all(sums))).map(({ node }) => node));
      t.equal(nodes.size, 2, "the new node has its share");
      t.same(bank.faults(), []);
      t.equal(bank.handled.length, bank.sent, "nothing is lost");
      const taken = world.eventsOf("shard.taken").map(({ unit }) => unit);
      for (const unit of letGo()) t.ok(taken.lastIndexOf(unit) > taken.indexOf(unit), unit);
      await world.end();
    },
  );

  t.test(
    "regression: an ask of a type that no node runs says so before its time is up",
    async (t) => {
      const world = seededWorld({ seed: 14 });
      const bank = new Bank(world);
      const guest = bank.visit("guest");
      const { clock } = world;
      for (const [timeout, withinMs] of [
        ["100ms", 0],
        ["1s", 500],
        ["5s", 2_500],
        ["1m", 5_000],
      ] as const) {
        const startMs = clock.monotonicMs();
        const asked = guest.actorOf(Account, "k1").ask("sum", undefined, { timeout });
        const expected = { code: "actor.not-found", outcome: "never-ran" };
        await t.rejects(world.run(asked), expected, timeout);
        t.ok(clock.monotonicMs() - startMs <= withinMs, `${timeout}: within ${withinMs} ms`);
      }
      const early = guest.actorOf(Account, "k1").ask("sum", undefined, { timeout: "5s" });
      await world.advance("1s");
      bank.join("n1");
      t.equal((await world.run(early)).node, "n1", "a node that comes in time is found");
      await world.end();
    },
  );

  t.test("live only on nodes of the role that they ask for", async (t) => {
    const world = seededWorld({ seed: 8 });
    const bank = new Bank(world, "role:money");
    bank.join("n1");
    bank.join("n2", { roles: ["money"] });
    bank.join("n3", { roles: ["money"] });
    for (const key of KEYS) bank.send("n1", key);
    await world.advance("1s");
    t.equal(bank.handled.length, KEYS.length);
    t.same(new Set(bank.handled.map(({ node }) => node)), new Set(["n2", "n3"]));
    await world.end();
  });

  t.test("a storm of passivations loses nothing", async (t) => {
    const world = seededWorld({ seed: 9, faults: { links: { delayMs: [0, 5] } } });
    const bank = new Bank(world);
    for (const node of ["n1", "n2"]) bank.join(node, { limit: 2 });
    bank.visit("guest");
    for (let round = 0; round < 300; round++) {
      const key = KEYS[world.random.int(KEYS.length)] ?? "k1";
      for (const node of world.nodes) bank.send(node, key, 1 + world.random.int(3));
      await world.advance(world.random.int(60));
    }
    await world.advance("2s");
    const passivations = world.eventsOf("activation.passivated").length;
    t.ok(passivations > 100, `${passivations} passivations`);
    t.equal(bank.handled.length, bank.sent);
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
