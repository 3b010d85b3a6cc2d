/** A1 to A4 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { breaks, type Chronicle, holds, told } from "./chronicle.ts";
import { nothingPending } from "./nothing-pending.ts";
import { ownReply } from "./own-reply.ts";
import type { Fact } from "./record.ts";
import { settledInTime } from "./settled-in-time.ts";
import { settledOnce } from "./settled-once.ts";

const started = (ask: string, deadlineAtMs = 1_000): Fact => ({
  type: "ask.started",
  ask,
  deadlineAtMs,
});
const answered = (ask: string): Fact => ({ type: "ask.answered", ask });
const ok = (ask: string, answers = ask): Fact => ({
  type: "ask.settled",
  ask,
  outcome: "ok",
  answers,
});
const settled = (ask: string, outcome: "never-ran" | "failed" | "unknown"): Fact => ({
  type: "ask.settled",
  ask,
  outcome,
});
const quiet: Fact = { type: "run.quiet" };
const stall: Fact = {
  type: "fault.began",
  fault: "f",
  kind: "pause",
  touches: ["n1"],
  stalls: true,
};
const cut: Fact = { type: "fault.began", fault: "c", kind: "cut", touches: ["n1"] };
const over: Fact = { type: "fault.ended", fault: "f" };

t.test("A1: an ask settles once", async (t) => {
  t.test("a history holds whose asks settled in any way", async () => {
    const facts = [started("a"), started("b"), ok("b"), started("c"), settled("a", "unknown")];
    holds(settledOnce, told(...facts));
  });
  t.test("an ask that settles twice breaks it, whatever the outcomes", async () => {
    breaks(settledOnce, told(started("a"), ok("a"), ok("a")), "a settled twice");
    const history = told(started("a"), settled("a", "unknown"), ok("a"));
    breaks(settledOnce, history, "a settled twice");
  });
  t.test("an ask that settles and was never started breaks it", async () => {
    breaks(settledOnce, told(started("a"), ok("b")), "b settled and was never started");
  });
});

t.test("A2: an ask settles by its deadline", async (t) => {
  t.test("a history holds whose asks settle within 100 ms of it", async () => {
    const history = told(started("a"), started("b", 5_000)).at(1_100).tell(ok("a"));
    holds(settledInTime, history.tell(quiet));
  });
  t.test("an ask that settles later breaks it", async () => {
    const history = told(started("a")).at(1_101).tell(ok("a"));
    breaks(settledInTime, history, "a settled 1 ms later than it may");
    holds(settledInTime, history, { askMs: 500 });
  });
  t.test("an ask that never settles breaks it, once all is quiet", async () => {
    const history = told(started("a")).at(1_101).tell(quiet, quiet);
    breaks(settledInTime, history, "a never settled");
  });
  t.test("a node that stood still has until it goes on, and no longer", async () => {
    const paused = (backAtMs: number, settledAtMs: number): Chronicle =>
      told(started("a"), stall).at(backAtMs).tell(over).at(settledAtMs).tell(ok("a"));
    holds(settledInTime, paused(9_000, 9_050));
    breaks(settledInTime, paused(9_000, 9_101), "a settled 1 ms later than it may");
    breaks(settledInTime, paused(500, 1_200), "a settled 100 ms later than it may");
  });
  t.test("a fault that stops nobody, or another node, excuses nothing", async () => {
    const cutOff = told(started("a"), cut).at(1_200).tell(ok("a"));
    breaks(settledInTime, cutOff, "a settled 100 ms later than it may");
    const other: Fact = { ...stall, touches: ["n2"] } as Fact;
    const elsewhere = told(started("a"), other).at(1_200).tell(ok("a"));
    breaks(settledInTime, elsewhere, "a settled 100 ms later than it may");
  });
  t.test("asks end with the life that waits for them, and with no other", async () => {
    const ended = (ofLife: string): Fact => ({
      type: "life.ended",
      of: "n1",
      ofLife,
      how: "killed",
    });
    const twoLives = (ofLife: string): Chronicle => {
      const history = told(started("a")).by("n1", "2").tell(started("b"), ok("b"));
      return history.by("harness").tell(ended(ofLife)).at(2_000).tell(quiet);
    };
    holds(settledInTime, twoLives("1"));
    breaks(settledInTime, twoLives("2"), "a never settled");
  });
});

t.test("A3: a reply reaches the ask that it answers", async (t) => {
  t.test("a history holds whose replies name the ask that they reach", async () => {
    const facts = [started("a"), started("b"), answered("b"), answered("a"), ok("a"), ok("b")];
    holds(ownReply, told(...facts, started("c"), answered("c"), settled("c", "unknown")));
  });
  t.test("a reply to another ask breaks it", async () => {
    const history = told(started("a"), started("b"), answered("b"), ok("a", "b"));
    breaks(ownReply, history, "a got the reply to b");
  });
  t.test("a reply that nobody gave breaks it", async () => {
    breaks(ownReply, told(started("a"), ok("a")), "a got a reply that nobody gave");
  });
  t.test("an ask that was answered and settled as never run breaks it", async () => {
    const history = told(started("a"), answered("a"), settled("a", "never-ran"));
    breaks(ownReply, history, "a settled as never run, and was answered");
  });
});

t.test("A4: nothing is pending after settling", async (t) => {
  const counted = (pending: number): Fact => ({ type: "asks.counted", pending });
  t.test("a history holds that counts no more than is open", async () => {
    const facts = [started("a"), counted(1), started("b"), counted(2), ok("a"), counted(1)];
    holds(nothingPending, told(...facts, ok("b"), counted(0)));
  });
  t.test("a count above what is open breaks it", async () => {
    const history = told(started("a"), started("b"), ok("a"), counted(2));
    breaks(nothingPending, history, "n1 holds 2 pending, and 1 asks are open");
  });
  t.test("what another life waits for does not explain it", async () => {
    const history = told(started("a")).by("n2").tell(counted(1));
    breaks(nothingPending, history, "n2 holds 1 pending, and 0 asks are open");
  });
});
