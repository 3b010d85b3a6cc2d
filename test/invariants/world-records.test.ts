/** What a seeded world tells, and that the invariants hold of it. */
import assert from "node:assert/strict";
import t from "tap";
import { forSeeds, seededWorld } from "../../runtime/testing/index.ts";
import { invariants } from "./invariants.ts";
import { judge } from "./judge.ts";
import type { HistoryRecord } from "./record.ts";
import { RecordedWorld } from "./recorded-world.ts";
import { WorldRecords } from "./world-records.ts";

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
  t.test(
    "T, A, D, V, S3, S4 and B1 hold of a world whose nodes crash and are cut off",
    async () => {
      await forSeeds({ suite: "records of a world", seeds: 12 }, async (seed) => {
        const { records } = await busy(seed);
        const verdicts = judge(records, invariants);
        assert.deepEqual(
          verdicts.flatMap(({ violations }) => violations),
          [],
        );
        const judged = verdicts
          .filter(({ judged }) => judged > 0)
          .map(({ invariant }) => invariant);
        const expected = "T1 T2 T3 A1 A2 A3 A4 D1 D2 D3 D4 D5 D6 V1 V2 V3 S3 S4 B1".split(" ");
        assert.deepEqual(judged, expected);
      });
    },
  );

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

  t.test("tell what befell the nodes, and how each life ended", async () => {
    const world = seededWorld({ seed: 2, nodes: ["n1", "n2", "n3", "n4"] });
    const records: HistoryRecord[] = [];
    const told = new WorldRecords(world, (record) => records.push(record));
    world.crash("n1");
    await world.stop("n2");
    world.isolate("n3");
    await world.advance("20s");
    world.rejoin("n3");
    world.pause("n4");
    await world.advance("100ms");
    world.resume("n4");
    world.cut("n4", "n2");
    world.heal("n2", "n4");
    world.loseLeader("queue");
    await world.end();
    told.take();
    const befell = records.flatMap((record) => {
      if (record.type === "life.ended") return [`${record.of} ${record.how}`];
      if (record.type === "fault.began") return [[record.kind, ...record.touches].join(" ")];
      return record.type === "fault.ended" ? [`${record.fault} is over`] : [];
    });
    assert.deepEqual(befell, [
      "kill n1",
      "n1 killed",
      "n2 stopped",
      "isolate n3",
      "n3 fenced",
      "isolate 2 is over",
      "pause n4",
      "pause 3 is over",
      "cut n4 n2",
      "cut 4 is over",
      "leader-lost",
    ]);
  });
});
