import { connect } from "nats";
import t from "tap";
import { blackboard } from "../../actors/blackboard/blackboard.ts";
import { boardRest, boardSubjects } from "../../actors/blackboard/board-rest.ts";
import { knowledgeSource } from "../../actors/blackboard/knowledge-source.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { entryId } from "../../protocols/blackboard/entry-id.ts";
import type { Goal } from "../../protocols/blackboard/goal.ts";
import { noisyOr } from "../../protocols/blackboard/merge.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { startServer } from "../cluster/server-under-test.ts";
import { memorySystem } from "./memory-system.ts";

const goal: Goal = ({ entries }) => {
  const best = entries.find((entry) => entry.level === "guess" && entry.confidence >= 0.99);
  return best && { value: best.value, confidence: best.confidence, causes: [best.id] };
};
const levels = ["document", "guess"].map((name) => ({ name, merge: noisyOr }));
const board = blackboard({ domain: "nats", levels, goal });

const names = ["title", "similarity", "clauses", "declared", "readme"];

t.test("a blackboard over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  const keyValues = natsKeyValues(connection, { cluster: "test", random: systemRandom() });
  const system = memorySystem(t, { keyValues });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  for (const name of names) {
    const source = knowledgeSource({
      domain: "nats",
      name,
      triggers: [{ level: "document" }],
      writes: ["guess"],
      credibility: 0.9,
      cost: 1,
      perform: ({ entry }) => {
        const guess = entryId("guess", entry.subject, "Apache-2.0");
        return [{ type: "post", entry: guess, value: "Apache-2.0", confidence: 0.6 }];
      },
    });
    system.spawn(source, { name });
  }
  const drafts = Array.from({ length: 100 }, (_, n) => ({
    type: "post" as const,
    entry: entryId("document", `d${n}`),
    subject: `d${n}`,
    value: { n, path: `node_modules/package-${n}/LICENSE` },
    confidence: 0.3,
  }));
  const followed = { clock: system.ports.clock, every: "5ms", timeout: "20s" } as const;

  await t.test(
    "B1: 100 files are discussed by five sources within 3 s, every statement in the stream",
    async (t) => {
      const ref = system.spawn(board, { name: "board", input: { board: "b1", expects: names } });
      const startedMs = system.ports.clock.monotonicMs();
      t.match(await ref.ask("post", { author: "pipeline", drafts }), { accepted: 100 });
      const rest = await boardRest(ref, followed);
      const tookMs = system.ports.clock.monotonicMs() - startedMs;
      t.match(rest, { outcome: "quiescent", entries: 200, activations: 500, contributions: 600 });
      t.ok(tookMs < 3_000, `${tookMs.toFixed(0)} ms`);
      t.comment(`100 files, 500 activations: ${tookMs.toFixed(0)} ms`);
      const bucket = await keyValues.open("board_b1");
      t.equal((await bucket.entries("contribution.>")).length, 600);
      t.equal((await bucket.entries("ksar.>")).length, 500);
      const heads = await bucket.entries("head.guess.>");
      t.ok(heads.every(({ value }) => (value as { contributions: number }).contributions === 5));
      await system.stop(ref, "kill");
    },
  );

  await t.test(
    "BB2: a board that is started again reads its bucket and repeats nothing",
    async (t) => {
      const ref = system.spawn(board, { name: "again", input: { board: "b1", expects: names } });
      const rest = await boardRest(ref, followed);
      t.match(rest, { outcome: "quiescent", entries: 200, activations: 500 });
      let subjects = 0;
      for await (const one of boardSubjects(ref)) subjects += one.entries.length === 2 ? 1 : 0;
      t.equal(subjects, 100);
      const bucket = await keyValues.open("board_b1");
      t.equal((await bucket.entries("ksar.>")).length, 500);
    },
  );

  await t.test("B1: two owners of one board lose and repeat nothing", async (t) => {
    const input = { board: "b2", expects: names, patience: "5s" };
    const [one, other] = [system.spawn(board, { input }), system.spawn(board, { input })];
    await Promise.all([
      one.ask("post", { author: "left", drafts: drafts.slice(0, 20) }),
      other.ask("post", { author: "right", drafts: drafts.slice(10, 30) }),
    ]);
    await Promise.all([boardRest(one, followed), boardRest(other, followed)]);
    const bucket = await keyValues.open("board_b2");
    const documents = await bucket.entries("head.document.>");
    t.equal(documents.length, 30);
    const both = await bucket.get("head.document.d15");
    t.match(both?.value, { supporters: ["left", "right"], contributions: 2 });
    const guesses = await bucket.entries("head.guess.>");
    t.equal(guesses.length, 30);
    t.ok(guesses.every(({ value }) => (value as { contributions: number }).contributions === 5));
  });
});
