import t from "tap";
import { countsBetween, EventTally } from "../../../examples/licence-review/event-tally.ts";
import { EventFeed, type Happening } from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

/** A tally and the feeds of two nodes that it hears. */
function world() {
  const clock = new ManualClock();
  const tally = new EventTally();
  const feeds = ["n1", "n2"].map((name) => {
    const feed = new EventFeed(name, clock);
    feed.subscribe((event) => tally.record(event));
    return feed;
  });
  const on = (node: "n1" | "n2", happening: Happening) =>
    feeds[node === "n1" ? 0 : 1]?.emit(happening);
  return { tally, on };
}

const claimed = (task: string, changes: Partial<Extract<Happening, { type: "task.claimed" }>>) =>
  ({
    type: "task.claimed",
    task,
    capability: "read@1",
    attempt: 1,
    token: 1,
    deliveries: 1,
    takenFrom: undefined,
    ...changes,
  }) as const;

t.test("EventTally", async (t) => {
  t.test("counts messages, model calls with their cost, restarts and retries", async (t) => {
    const { tally, on } = world();
    const before = tally.counts();
    const failure = { path: "a", generation: 0, operation: "do", message: "no" };
    on("n1", { type: "actor.failed", ...failure, decision: "restart" });
    on("n1", { type: "actor.failed", ...failure, decision: "stop" });
    const call = { model: "m", inputTokens: 1, outputTokens: 1, firstTokenMs: 1, outcome: "ok" };
    on("n2", { type: "model.called", ...call, outcome: "ok", costMicros: 7 });
    on("n1", claimed("a", {}));
    on("n2", claimed("a", { attempt: 2, takenFrom: "n1", deliveries: 2 }));
    t.same(countsBetween(before, tally.counts()), {
      messages: 2,
      modelCalls: 1,
      costMicros: 7,
      restarts: 1,
      retries: 1,
    });
  });

  t.test("knows which tasks were accepted, each once", async (t) => {
    const { tally, on } = world();
    for (const task of ["a", "b", "a"]) {
      on("n1", { type: "task.accepted", task, capability: "read@1" });
    }
    t.same([...tally.accepted], ["a", "b"]);
  });

  t.test("counts what others took over, from whom the record says", async (t) => {
    const { tally, on } = world();
    const heard: string[] = [];
    tally.followKill("n1", () => heard.push("taken"));
    on("n2", claimed("a", { attempt: 2, deliveries: 2, takenFrom: "n1" }));
    on("n2", claimed("b", { attempt: 2, deliveries: 2, takenFrom: "n3" }));
    t.equal(tally.takenFrom("n1"), 1);
    t.equal(tally.takenFrom("n3"), 1);
    t.equal(heard.length, 1, "and tells of the victim's only");
  });
});
