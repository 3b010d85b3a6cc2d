/** T3 while nodes leave: what was sent is handled, or counted as a dead letter. */
import assert from "node:assert/strict";
import t from "tap";
import type { System } from "../../../runtime/index.ts";
import { forSeeds, type SeededWorld, seededWorld } from "../../../runtime/testing/index.ts";
import { Account, Bank } from "./virtual-under-test.ts";

const KEYS = Array.from({ length: 24 }, (_, i) => `k${i}`);
const SEEDS = 10;

/** A world in which nobody hears of a node that leaves but from that node itself. */
class Office {
  readonly world: SeededWorld;
  readonly bank: Bank;
  /** Of each message that became a dead letter, how often. */
  readonly letters = new Map<string, number>();
  readonly #ended: Promise<void>[] = [];

  constructor(seed: number) {
    this.world = seededWorld({
      seed,
      suspectedAfterMs: [200, 400],
      downAfterMs: [500, 900],
      faults: {
        links: { delayMs: [1, 20] },
        members: { delayMs: [0, 200] },
        keyValues: { delayMs: [0, 10] },
      },
    });
    this.bank = new Bank(this.world, seed % 4 === 0 ? "local" : "spread");
  }

  join(node: string): void {
    this.#listen(this.bank.join(node, { passivateAfter: "300ms" }));
  }

  visit(node: string): System {
    const system = this.bank.visit(node);
    this.#listen(system);
    return system;
  }

  /** It shuts down, and is gone at once when it has: what is on its way to it then reaches nobody. */
  leave(node: string): void {
    const crash = (): void => this.world.crash(node);
    this.#ended.push(this.world.system(node).shutdown({ deadline: "10s" }).then(crash));
  }

  /** Somebody sends to each key, and a moment passes. */
  async work(rounds: number, senders: readonly string[]): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const key of KEYS) for (const sender of senders) this.bank.send(sender, key);
      await this.world.advance(this.world.random.int(30));
    }
  }

  /** Time passes until all that were to leave are gone. */
  async gone(): Promise<void> {
    await this.world.run(Promise.all(this.#ended));
  }

  async end(): Promise<void> {
    await this.gone();
    await this.world.end();
  }

  /** The messages that were neither handled nor became dead letters, and those that did both. */
  unaccounted(): readonly string[] {
    const ends = new Map(this.letters);
    const sequences = new Map<string, number>();
    for (const { sender, key, sequence } of this.bank.handled) {
      const id = `${sender}>${key} ${sequence}`;
      ends.set(id, (ends.get(id) ?? 0) + 1);
    }
    const wrong = [...ends].filter(([, times]) => times !== 1).map(([id, n]) => `${id}: ${n} ends`);
    for (const id of ends.keys()) {
      const [pair = "", sequence] = id.split(" ");
      sequences.set(pair, Math.max(sequences.get(pair) ?? 0, Number(sequence)));
    }
    for (const [pair, last] of sequences) {
      for (let i = 1; i <= last; i++)
        if (!ends.has(`${pair} ${i}`)) wrong.push(`${pair} ${i}: lost`);
    }
    const lost = this.bank.sent - ends.size;
    return lost === 0 ? wrong : [...wrong, `${lost} without an end`];
  }

  #listen(system: System): void {
    system.onDeadLetter(({ to, body }) => {
      const { sender, sequence } = body as { readonly sender: string; readonly sequence: number };
      const id = `${sender}>${to.split("/").at(-1)} ${sequence}`;
      this.letters.set(id, (this.letters.get(id) ?? 0) + 1);
    });
  }
}

t.test("Virtual actors whose nodes leave at once", { timeout: 240_000 }, async (t) => {
  await t.test("regression T3: of two that leave no message vanishes", async (t) => {
    await forSeeds({ suite: "two nodes leave at once", seeds: SEEDS }, async (seed) => {
      const office = new Office(seed);
      const { world, bank, letters } = office;
      office.visit("guest");
      office.join("n1");
      await office.work(40, ["guest", "n1"]);
      // What has just come is not handed on.
      await world.advance("3500ms");
      for (let times = 0; times < 2; times++) {
        office.join("n2");
        office.join("n3");
        await office.work(world.random.int(40), ["guest", "n1"]);
        office.leave("n2");
        await office.work(world.random.int(4), ["guest", "n1"]);
        office.leave("n3");
        await office.work(100, ["guest", "n1"]);
        await world.advance("5s");
      }
      assert.deepEqual(office.unaccounted(), []);
      assert.deepEqual([...letters], [], "there was always a node to go to");
      assert.deepEqual(bank.faults(), []);
      await office.end();
    });
    t.pass("under every seed");
  });

  await t.test(
    "regression T3: when all leave, what finds no node any more is a dead letter, and an ask never ran",
    async (t) => {
      let dead = 0;
      await forSeeds({ suite: "all nodes leave at once", seeds: SEEDS }, async (seed) => {
        const office = new Office(seed);
        const { world, bank, letters } = office;
        const guest = office.visit("guest");
        for (const node of ["n1", "n2", "n3"]) office.join(node);
        await office.work(20, ["guest"]);
        for (const node of ["n1", "n2", "n3"]) {
          office.leave(node);
          await office.work(world.random.int(3), ["guest"]);
        }
        await office.work(60, ["guest"]);
        await office.gone();
        const asked = KEYS.map((key) =>
          guest.actorOf(Account, key).ask("sum", undefined, { timeout: "60s" }),
        );
        const outcomes = await world.run(Promise.allSettled(asked));
        await world.advance("40s");
        for (const outcome of outcomes) {
          assert.equal(outcome.status, "rejected");
          assert.equal(outcome.reason.outcome, "never-ran", String(outcome.reason));
        }
        assert.deepEqual(office.unaccounted(), []);
        assert.deepEqual(bank.faults(), []);
        dead += letters.size;
        await office.end();
      });
      t.ok(dead > 0, "some came too late");
    },
  );
});
