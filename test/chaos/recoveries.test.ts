import t from "tap";
import { type Chronicle, told } from "../invariants/chronicle.ts";
import { AFTERMATH_MS } from "./nemesis.ts";
import { quantileOf, Recoveries } from "./recoveries.ts";

const claimed = (task: string, attempt = 1) =>
  ({
    type: "task.claimed",
    task,
    capability: "c@1",
    attempt,
    token: attempt,
    deliveries: attempt,
    takenFrom: undefined,
  }) as const;
const done = (task: string) =>
  ({ type: "task.done", task, capability: "c@1", attempt: 1, token: 1 }) as const;
const taken = (unit: string, token: number) => ({ type: "shard.taken", unit, token }) as const;
const began = (kind: string, fault = kind) =>
  ({ type: "fault.began", fault, kind, touches: [] }) as const;
const ended = (fault: string) => ({ type: "fault.ended", fault }) as const;
const killed = { type: "life.ended", of: "n1", ofLife: "1", how: "killed" } as const;

function samplesOf({ records }: Chronicle, servers = 1): Record<string, number[]> {
  const recoveries = new Recoveries(servers);
  for (const record of records) recoveries.see(record);
  return Object.fromEntries(recoveries.samples);
}

t.test("Recoveries", async (t) => {
  t.test("are told from the end of a life to what others make of what it held", async (t) => {
    const history = told(claimed("t1"), claimed("t2"), done("t2"), taken("u1", 1))
      .by("harness")
      .at(1_000)
      .tell(began("kill"))
      .at(1_010)
      .tell(killed)
      .by("n2")
      .at(3_510)
      .tell(claimed("t1", 2))
      .at(4_010)
      .tell(claimed("t2", 2), taken("u1", 2))
      .by("harness")
      .at(7_000)
      .tell(ended("kill"));
    t.same(samplesOf(history), {
      "task reclaimed": [2_500],
      "unit owned again": [3_001],
      "node back": [6_000],
      "tasks done again": [],
    });
  });

  t.test("what a life ended by itself gave back is none", async (t) => {
    const history = told(claimed("t1"), taken("u1", 1))
      .by("harness")
      .tell({ ...killed, how: "stopped" })
      .by("n2")
      .tell(claimed("t1", 2), taken("u1", 2));
    t.same(Object.values(samplesOf(history)).flat(), []);
  });

  t.test("R1: of faults that overlap none is told", async (t) => {
    const history = told(claimed("t1"))
      .by("harness")
      .tell(began("kill"), killed, began("pause"))
      .by("n2")
      .tell(claimed("t1", 2));
    t.same(Object.values(samplesOf(history)).flat(), []);
  });

  t.test(
    "of a server they are the longest time without a task done, less its absence",
    async (t) => {
      const history = told()
        .at(1_000)
        .tell(began("server killed"))
        .at(1_100)
        .tell(done("t1"))
        .at(3_000 + AFTERMATH_MS)
        .tell(ended("server killed"), done("t2"))
        .tell({ type: "run.healed" });
      const longestMs = 3_001 + AFTERMATH_MS - 1_100;
      t.same(samplesOf(history)["tasks done again"], [longestMs - 2_000]);
      t.same(samplesOf(history, 3)["tasks done again"], [longestMs]);
    },
  );

  t.test("a quantile is the value that so many are below", async (t) => {
    const samples = Array.from({ length: 100 }, (_, n) => 100 - n);
    t.equal(quantileOf(samples, 0.5), 51);
    t.equal(quantileOf(samples, 0.99), 100);
    t.equal(quantileOf([5], 0.5), 5);
    t.equal(quantileOf([], 0.5), 0);
  });
});
