import t from "tap";
import { blackboard } from "../../actors/blackboard/blackboard.ts";
import { Board } from "../../actors/blackboard/board-protocol.ts";
import { boardRest } from "../../actors/blackboard/board-rest.ts";
import { knowledgeSource } from "../../actors/blackboard/knowledge-source.ts";
import { jobEnd } from "../../actors/orchestration/job.ts";
import { Orchestrator, orchestrator } from "../../actors/orchestration/orchestrator.ts";
import { worker } from "../../actors/orchestration/worker.ts";
import { entryId } from "../../protocols/blackboard/entry-id.ts";
import type { Goal } from "../../protocols/blackboard/goal.ts";
import { noisyOr } from "../../protocols/blackboard/merge.ts";
import { capability } from "../../protocols/orchestration/capability.ts";
import { plan } from "../../protocols/orchestration/plan.ts";
import { MemoryHub, MemoryMembers } from "../../runtime/index.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { memoryDurableQueue } from "../../runtime/ports/memory-durable-queue.ts";
import { memoryKeyValues } from "../../runtime/ports/memory-key-value.ts";
import { memorySystem, until } from "./memory-system.ts";

/** Three systems that share stores and are linked in memory. */
function cluster(t: Parameters<typeof memorySystem>[0]) {
  const hub = new MemoryHub();
  const members = new MemoryMembers();
  const shared = {
    keyValues: memoryKeyValues(),
    queue: memoryDurableQueue({ clock: systemClock }),
  };
  const node = (name: string) => {
    const membership = members.join({ name, incarnation: "1" });
    return memorySystem(t, { ...shared, transport: hub.join(name), membership, node: name });
  };
  return { members, n1: node("n1"), n2: node("n2"), n3: node("n3") };
}

const goal: Goal = ({ entries }) => {
  const best = entries.find((entry) => entry.level === "guess" && entry.confidence >= 0.9);
  return best && { value: best.value, confidence: best.confidence, causes: [best.id] };
};
const levels = ["document", "guess"].map((name) => ({ name, merge: noisyOr }));
const board = blackboard({ domain: "nodes", levels, goal });

const drafts = Array.from({ length: 30 }, (_, n) => ({
  type: "post" as const,
  entry: entryId("document", `d${n}`),
  subject: `d${n}`,
  value: { n },
  confidence: 0.3,
}));

t.test("across nodes", async (t) => {
  t.test(
    "a board activates sources on other nodes, and goes on when one of these goes down",
    async (t) => {
      const { members, n1, n2, n3 } = cluster(t);
      let held = 0;
      let answers = 0;
      const title = (isDeaf: boolean) =>
        knowledgeSource({
          domain: "nodes",
          name: "title",
          triggers: [{ level: "document" }],
          writes: ["guess"],
          credibility: 0.9,
          cost: 1,
          perform: ({ entry }) => {
            if (isDeaf) {
              held++;
              return new Promise<never>(() => {});
            }
            answers++;
            const guess = entryId("guess", entry.subject, "MIT");
            return [{ type: "post", entry: guess, value: "MIT", confidence: 0.95 }];
          },
        });
      const deaf = n2.spawn(title(true), { name: "title" });
      const spawned = n1.spawn(board, { name: "board", input: { board: "b", expects: ["title"] } });
      await spawned.ready;
      const ref = n3.refOf(Board, "n1/board");
      await ref.ask("post", { author: "pipeline", drafts });
      await until(n1, "n2 has work in hand", () => held > 0);
      members.move({ name: "n2", incarnation: "1" }, "down");
      n3.spawn(title(false), { name: "title" });
      const rest = await boardRest(ref, { clock: systemClock, every: "5ms", timeout: "10s" });
      t.match(rest, { outcome: "goal", settled: 30, lost: 0 });
      t.equal(answers, 30);
      t.match(rest.sources, [{ name: "title", instances: 1 }]);
      // It would be given time to end what it has in hand, which it never does.
      await n2.stop(deaf, "kill");
    },
  );

  t.test(
    "an orchestrator's tasks are done by workers on other nodes, and its progress is asked from afar",
    async (t) => {
      const { n1, n2, n3 } = cluster(t);
      const Double = capability<{ n: number }, number>("double@1");
      for (const system of [n2, n3]) {
        system.spawn(worker(Double, ({ n }) => 2 * n, { concurrency: 2 }));
      }
      const doubles = plan("far", (assign) => {
        for (let n = 0; n < 50; n++) assign(Double, { id: `d.${n}`, given: { n } });
      });
      const spawned = n1.spawn(orchestrator, { name: "far", input: {} });
      await spawned.ready;
      const job = n3.refOf(Orchestrator, "n1/far");
      await job.ask("start", doubles);
      const end = await jobEnd(job, { clock: systemClock, every: "5ms", timeout: "10s" });
      t.match(end, { phase: "done", phases: { done: 50 }, duplicateResults: 0 });
      const page = await job.ask("report", { from: 48, limit: 10 });
      t.match(page, {
        reports: [
          { id: "d.48", result: 96 },
          { id: "d.49", result: 98 },
        ],
      });
      t.equal(page.next, undefined);
    },
  );
});
