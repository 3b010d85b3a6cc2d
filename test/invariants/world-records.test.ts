/** What a seeded world tells, and that the invariants hold of it. */
import assert from "node:assert/strict";
import t from "tap";
import { forSeeds, seededWorld } from "../../runtime/testing/index.ts";
import { invariants } from "./invariants.ts";
import { judge } from "./judge.ts";
import { RecordedWorld } from "./recorded-world.ts";

const NODES = ["n1", "n2", "n3"];
const KEYS = ["a", "b", "c", "d", "e"];

async function busy(seed: number): Promise<RecordedWorld> {
  const world = seededWorld({
    seed,
    faults: { links: { delayMs: [0, 30] }, keyValues: { delayMs: [0, 10] } },
  });
  const cluster = new RecordedWorld(world);
  for (const node of NODES) cluster.join(node);
  let submitted = 0;
  const traffic = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      for (const node of world.nodes) {
        const key = KEYS[world.random.int(KEYS.length)] ?? "a";
        cluster.put(node, key);
        void cluster.ask(node, key);
        void cluster.add("n1", key);
      }
      void cluster.submit("n1", `job.${++submitted}`);
      await world.advance(world.random.int(300));
    }
  };
  await traffic(6);
  world.crash("n2");
  await traffic(8);
  cluster.join("n2");
  world.cut("n1", "n3");
  await traffic(4);
  world.heal("n1", "n3");
  world.loseLeader("keyValues");
  await traffic(4);
  await world.advance("10s");
  const recorder = cluster.of.recorder();
  recorder.tell({ type: "run.healed" });
  for (const key of KEYS) {
    recorder.tell({ type: "activation.wanted", actor: "account", key });
    void cluster.ask("n1", key);
  }
  await world.advance("20s");
  await world.run(cluster.lookUp("n1"));
  for (const node of world.nodes) {
    const system = world.system(node);
    cluster.of.recorder(system).takeStock(system);
  }
  recorder.tell({ type: "run.quiet" });
  await world.end();
  return cluster;
}

t.test("The records of a seeded world", { timeout: 120_000 }, async (t) => {
  t.test("break no invariant, under every seed", async () => {
    await forSeeds({ suite: "records of a world", seeds: 12 }, async (seed) => {
      const { records } = await busy(seed);
      const verdicts = judge(records, invariants);
      assert.deepEqual(
        verdicts.flatMap(({ violations }) => violations),
        [],
      );
      const judged = verdicts.filter(({ judged }) => judged > 0).map(({ invariant }) => invariant);
      const expected = "T1 T2 T3 A1 A2 A3 A4 D1 D2 D3 D4 D5 D6 V1 V2 V3 S3 S4 B1".split(" ");
      assert.deepEqual(judged, expected);
    });
  });

  t.test("R2, R3: are in order of time, and counted per life", async () => {
    const { records } = await busy(1);
    const counts = new Map<string, number>();
    let lastMs = 0;
    for (const { node, life, seq, atMs } of records) {
      assert.ok(atMs >= lastMs, `${atMs} after ${lastMs}`);
      lastMs = atMs;
      const writer = `${node}#${life}`;
      assert.equal(seq, (counts.get(writer) ?? 0) + 1);
      counts.set(writer, seq);
    }
    assert.ok(counts.size >= 5, "n2 had two lives, and the world tells too");
  });

  t.test("tell the same under the same seed", async () => {
    const [a, b] = [await busy(3), await busy(3)];
    assert.deepEqual(a.records, b.records);
  });

  t.test("tell what befell the nodes", async () => {
    const { records } = await busy(2);
    const befell = records.filter(({ node }) => node === "world").map(({ type }) => type);
    assert.deepEqual(befell.slice(0, 5), [
      "fault.began",
      "life.ended",
      "fault.began",
      "fault.ended",
      "fault.began",
    ]);
  });
});
