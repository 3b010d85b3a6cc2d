/** V1–V3, T1 and T2 under whatever befalls nodes, links and the registry, by seeds. */
import assert from "node:assert/strict";
import t from "tap";
import { forSeeds, type SeededWorld, seededWorld } from "../../../runtime/testing/index.ts";
import { Account, Bank, Guard } from "./virtual-under-test.ts";

const HOSTS = ["n1", "n2", "n3", "n4"];
const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);
const ROUNDS = 60;

/** What is the matter with a node; absent when nothing is. */
type Plight = "down" | "paused" | "isolated";

class Storm {
  readonly #world: SeededWorld;
  readonly #bank: Bank;
  readonly #plights = new Map<string, Plight>();
  readonly #cuts = new Set<string>();

  constructor(world: SeededWorld, bank: Bank) {
    this.#world = world;
    this.#bank = bank;
  }

  /** Something happens to somebody. */
  async strike(): Promise<void> {
    const { random } = this.#world;
    const node = HOSTS[random.int(HOSTS.length)] ?? "n1";
    switch (this.#plights.get(node)) {
      case undefined:
        await this.#befall(node, random.int(8));
        return;
      case "down":
        this.#bank.join(node);
        break;
      case "paused":
        this.#world.resume(node);
        this.#rejoin(node);
        break;
      case "isolated":
        this.#world.rejoin(node);
        this.#rejoin(node);
        break;
    }
    this.#plights.delete(node);
  }

  /** Everything is well again. */
  heal(): void {
    for (const cut of this.#cuts) this.#world.heal(cut, "guest");
    this.#cuts.clear();
    const { keyValues, links } = this.#world.faults;
    keyValues.refusedShare = 0;
    keyValues.storedButTimedOutShare = 0;
    keyValues.watchesSilent = false;
    links.loss = 0;
    for (const [node, plight] of [...this.#plights]) {
      if (plight === "paused") this.#world.resume(node);
      if (plight === "isolated") this.#world.rejoin(node);
      this.#rejoin(node);
    }
    this.#plights.clear();
  }

  /** A node that was fenced meanwhile begins anew. */
  #rejoin(node: string): void {
    if (!this.#world.nodes.includes(node)) this.#bank.join(node);
  }

  async #befall(node: string, what: number): Promise<void> {
    const { faults } = this.#world;
    switch (what) {
      case 0:
        this.#world.crash(node);
        this.#plights.set(node, "down");
        return;
      case 1:
        this.#world.pause(node);
        this.#plights.set(node, "paused");
        return;
      case 2:
        this.#world.isolate(node);
        this.#plights.set(node, "isolated");
        return;
      case 3:
        await this.#world.stop(node);
        this.#plights.set(node, "down");
        return;
      case 4:
        this.#world.cut(node, "guest");
        this.#cuts.add(node);
        return;
      case 5:
        this.#world.loseLeader("keyValues");
        return;
      case 6:
        faults.keyValues.storedButTimedOutShare = 0.2;
        faults.keyValues.refusedShare = 0.1;
        faults.keyValues.watchesSilent = true;
        return;
      case 7:
        faults.links.loss = 0.02;
        return;
    }
  }
}

t.test("Virtual actors under faults", { timeout: 240_000 }, async (t) => {
  await t.test("keep V1 to V3, T1 and T2", async (t) => {
    await forSeeds({ suite: "virtual actors under faults", seeds: 40 }, async (seed) => {
      const world = seededWorld({
        seed,
        faults: {
          links: { delayMs: [0, 30] },
          members: { delayMs: [0, 200] },
          keyValues: { delayMs: [0, 10] },
        },
      });
      const bank = new Bank(world, seed % 4 === 0 ? "local" : "spread");
      for (const host of HOSTS) bank.join(host, { passivateAfter: "2s", limit: 4 });
      const guest = bank.visit("guest");
      const storm = new Storm(world, bank);
      for (let round = 0; round < ROUNDS; round++) {
        const senders = world.nodes;
        for (let i = 0; i < 12; i++) {
          const sender = senders[world.random.int(senders.length)] ?? "guest";
          bank.send(sender, KEYS[world.random.int(KEYS.length)] ?? "k0", 1 + world.random.int(3));
        }
        if (round % 4 === 3) await storm.strike();
        await world.advance(world.random.int(500));
      }
      storm.heal();
      await world.advance("20s");
      for (const key of KEYS) {
        const ask = () => guest.actorOf(Account, key).ask("sum", undefined, { timeout: "5s" });
        // A frame that was lost before is noticed only now, and fails one ask of each link.
        const asked = ask().catch(ask).catch(ask);
        const { token } = await world.run(asked);
        assert.ok(token > 0, `V3: ${key} is active`);
      }
      const { token } = await world.run(guest.singletonOf(Guard).ask("where"));
      assert.equal(token, bank.guards.at(-1)?.token, "V3: the singleton is the newest");
      assert.deepEqual(bank.faults(), []);
      assert.ok(bank.handled.length > bank.sent / 3, "most messages arrive all the same");
      await world.end();
    });
    t.pass("under every seed");
  });
});
