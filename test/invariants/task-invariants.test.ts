/** D1 to D6 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { attemptsExplained } from "./attempts-explained.ts";
import { breaks, Chronicle, holds } from "./chronicle.ts";
import { currentToken } from "./current-token.ts";
import { messageOutlastsWork } from "./message-outlasts-work.ts";
import { makerName, noZombieResult } from "./no-zombie-result.ts";
import { oneEnd } from "./one-end.ts";
import type { Fact } from "./record.ts";
import { taskEnds } from "./task-ends.ts";

const capability = "sum@1";
const task = "job.1";
const submitted: Fact = { type: "task.submitted", task, capability };
const confirmed: Fact = { type: "task.confirmed", task, capability };
const accepted: Fact = { type: "task.accepted", task, capability };
const acknowledged: Fact = { type: "task.acknowledged", task };
const buried: Fact = { type: "task.dead-lettered", task, capability };
const quiet: Fact = { type: "run.quiet" };
const claimed = (attempt: number, token: number, takenFrom?: string): Fact => ({
  type: "task.claimed",
  task,
  capability,
  attempt,
  token,
  deliveries: attempt,
  takenFrom,
});
const done = (attempt: number, token: number): Fact => ({
  type: "task.done",
  task,
  capability,
  attempt,
  token,
});
const failed = (attempt: number, again = true): Fact => ({
  type: "task.failed",
  task,
  capability,
  attempt,
  message: "no",
  again,
});
const seen = (owner: string, attempt: number, maker?: string): Fact => ({
  type: "task.seen",
  task,
  phase: "done",
  owner,
  attempt,
  ...(maker === undefined ? {} : { maker }),
});
const seenAs = (phase: "failed" | "dead-lettered" | "cancelled" | "none"): Fact => ({
  type: "task.seen",
  task,
  phase,
});
const kill = (...touches: string[]): Fact => ({
  type: "fault.began",
  fault: "f",
  kind: "kill",
  touches,
  forMs: 0,
});
const n1 = (...facts: Fact[]): Chronicle => new Chronicle().by("n1").tell(...facts);
/** n1 claims it and is killed, n2 takes it over. */
const takenOver = (): Chronicle =>
  n1(submitted, confirmed, claimed(1, 10), kill("n1"))
    .by("n2")
    .tell(claimed(2, 14, "n1"));

t.test("D1: an accepted task becomes terminal", async (t) => {
  t.test("a history holds whose tasks ended, by whatever is known of it", async () => {
    holds(taskEnds, n1(submitted, confirmed, claimed(1, 10), done(1, 10), quiet));
    holds(taskEnds, n1(accepted, buried, quiet));
    holds(taskEnds, n1(accepted, failed(1, false), seenAs("failed"), quiet));
    holds(taskEnds, n1(accepted, seenAs("cancelled"), quiet));
  });
  t.test("a task that was accepted and has no end breaks it", async () => {
    const what = "job.1 was accepted and has no end";
    breaks(taskEnds, n1(submitted, confirmed, claimed(1, 10), quiet, quiet), what);
    breaks(taskEnds, n1(accepted, seenAs("none"), quiet), what);
    breaks(taskEnds, n1(accepted, failed(1, false), quiet), what);
  });
  t.test(
    "a task that is told to have ended before it is told to be accepted has ended",
    async () => {
      const other: Fact = { type: "task.accepted", task: "job.2", capability };
      const history = n1(claimed(1, 10), done(1, 10), confirmed, other, quiet);
      breaks(taskEnds, history, "job.2 was accepted and has no end");
    },
  );
});

t.test("D2: a task ends once", async (t) => {
  t.test("a history holds whose readings agree with what its writer was told", async () => {
    const history = n1(claimed(1, 10), done(1, 10), seen("n1", 1), seenAs("none"));
    holds(oneEnd, history.by("n2").tell(seen("n1", 1)));
    holds(oneEnd, n1(seenAs("dead-lettered"), buried));
  });
  t.test("two workers that are told that their end stands break it", async () => {
    const history = n1(claimed(1, 10), done(1, 10)).by("n2").tell(claimed(2, 14), done(2, 14));
    breaks(oneEnd, history, "job.1 was ended twice");
    breaks(oneEnd, n1(done(1, 10), buried), "job.1 was ended twice");
    breaks(oneEnd, n1(done(1, 10), done(1, 10)), "job.1 was ended twice");
  });
  t.test("readings that differ break it, in phase, attempt or owner", async () => {
    const first = "job.1 ended as done in attempt 1 by n1 and as";
    breaks(oneEnd, n1(seen("n1", 1), seen("n1", 2)), `${first} done in attempt 2 by n1`);
    breaks(oneEnd, n1(seen("n1", 1), seen("n2", 1)), `${first} done in attempt 1 by n2`);
    breaks(oneEnd, n1(seen("n1", 1), seenAs("cancelled")), `${first} cancelled`);
  });
  t.test(
    "a reading that differs from what the writer was told breaks it, in either order",
    async () => {
      const history = n1(done(1, 10), seen("n2", 2));
      breaks(
        oneEnd,
        history,
        "job.1 ended as done in attempt 1 by n1 and as done in attempt 2 by n2",
      );
      const reverse = n1(seenAs("cancelled"), done(1, 10));
      breaks(oneEnd, reverse, "job.1 ended as cancelled and as done in attempt 1 by n1");
    },
  );
});

t.test("D3: the terminal writer held the current token", async (t) => {
  t.test("a history holds whose last claim ended it", async () => {
    holds(currentToken, takenOver().tell(done(2, 14)));
    holds(currentToken, n1(claimed(1, 10), claimed(1, 12), done(1, 12)));
  });
  t.test("a result under a token that its writer never held breaks it", async () => {
    const what = "job.1 was done under 11, which its writer never held";
    breaks(currentToken, n1(claimed(1, 10), done(1, 11)), what);
    const stolen = n1(claimed(1, 10)).by("n2").tell(done(1, 10));
    breaks(currentToken, stolen, "job.1 was done under 10, which its writer never held");
    const reborn = n1(claimed(1, 10)).by("n1", "2").tell(done(1, 10));
    breaks(currentToken, reborn, "job.1 was done under 10, which its writer never held");
  });
  t.test("a result of a claim that another one followed breaks it", async () => {
    const history = takenOver().by("n1").tell(done(1, 10));
    breaks(currentToken, history, "job.1 was done under 10 when n2#1 held 14");
  });
  t.test("a claim after the end breaks it", async () => {
    const history = n1(claimed(1, 10), done(1, 10)).by("n2").tell(claimed(2, 14));
    breaks(currentToken, history, "job.1 was claimed under 14 and done under 10");
  });
  t.test("a token that was given twice breaks it", async () => {
    const history = n1(claimed(1, 10)).by("n2").tell(claimed(1, 10));
    breaks(currentToken, history, "job.1 was claimed twice under 10");
  });
  t.test("a result of another attempt than was claimed breaks it", async () => {
    const what = "job.1 was done in attempt 2 and claimed in 1";
    breaks(currentToken, n1(claimed(1, 10), done(2, 10)), what);
  });
});

t.test("D4: a message outlasts its task", async (t) => {
  const counted = (messages: number): Fact => ({ type: "queue.counted", capability, messages });
  t.test("a history holds whose tasks are acknowledged after they ended", async () => {
    const facts = [accepted, counted(1), claimed(1, 10), done(1, 10), acknowledged];
    holds(messageOutlastsWork, n1(...facts, counted(0), quiet));
  });
  t.test("it holds when whoever ended it was killed before it could tell", async () => {
    const history = n1(accepted, claimed(1, 10)).by("n2").tell(acknowledged, seen("n1", 1), quiet);
    holds(messageOutlastsWork, history);
    const slow = n1(accepted, claimed(1, 10)).by("n2").tell(acknowledged).by("n1");
    holds(messageOutlastsWork, slow.tell(done(1, 10), quiet));
  });
  t.test("an acknowledgement before the end breaks it", async () => {
    const what = "job.1 was acknowledged before its end was written";
    breaks(messageOutlastsWork, n1(claimed(1, 10), acknowledged, done(1, 10), quiet), what);
    breaks(messageOutlastsWork, n1(claimed(1, 10), acknowledged, buried, quiet), what);
  });
  t.test("an acknowledgement of what never ends breaks it", async () => {
    const what = "the message of job.1 is gone, and it has no end";
    breaks(messageOutlastsWork, n1(claimed(1, 10), acknowledged, quiet, quiet), what);
    const history = n1(claimed(1, 10), acknowledged, seenAs("none"), quiet);
    breaks(messageOutlastsWork, history, what);
  });
  t.test("a queue with fewer messages than tasks without an end breaks it", async () => {
    const what = "sum@1 has 0 messages for 1 tasks without an end";
    breaks(messageOutlastsWork, n1(accepted, counted(0)), what);
    breaks(messageOutlastsWork, n1(confirmed, claimed(1, 10), counted(0)), what);
  });
});

t.test("D5: attempts are explained by failures and faults", async (t) => {
  t.test("a history holds whose attempts each have a reason", async () => {
    holds(attemptsExplained, takenOver());
    holds(attemptsExplained, n1(claimed(1, 10), failed(1)).by("n2").tell(claimed(2, 14)));
    holds(
      attemptsExplained,
      n1(claimed(1, 10), kill())
        .by("n2")
        .tell(claimed(2, 14, "n1")),
    );
    holds(attemptsExplained, n1(claimed(1, 10), claimed(1, 12)));
  });
  t.test("a fault that lasts may touch a task with every redelivery", async () => {
    const away: Fact = { type: "fault.began", fault: "l", kind: "leader-lost", touches: [] };
    const history = n1(submitted, away, claimed(1, 10)).at(4_000).by("n2").tell(claimed(3, 14));
    holds(attemptsExplained, history);
    const why = "with 0 failures and 1 faults";
    const rare = { redeliveryMs: 60_000 };
    breaks(attemptsExplained, history, `job.1 was tried 3 times, ${why}`, rare);
  });
  t.test(
    "a node that was suspected explains one attempt where nodes may be late by themselves",
    async () => {
      const phase = (changed: "up" | "suspected" | "down"): Fact => ({
        type: "node.changed",
        name: "n1",
        incarnation: "1",
        phase: changed,
      });
      const suspected = n1(claimed(1, 10)).by("n2").tell(phase("suspected")).by("n3");
      suspected.tell(phase("suspected"), phase("down"), claimed(2, 14, "n1"));
      const shared = { suspicion: "by-itself" } as const;
      holds(attemptsExplained, suspected, shared);
      const what = "tried 2 times, with 0 failures and 0 faults";
      breaks(attemptsExplained, suspected, `job.1 was ${what}`);
      const again = n1(claimed(1, 10), phase("suspected"), phase("up"), phase("suspected"));
      holds(attemptsExplained, again.by("n2").tell(claimed(3, 14, "n1")), shared);
      const once = suspected.by("n2").tell(claimed(3, 18, "n3"));
      const why = "tried 3 times, with 0 failures and 1 faults";
      breaks(attemptsExplained, once, `job.1 was ${why}`, shared);
    },
  );
  t.test("an attempt without a reason breaks it", async () => {
    const what = "job.1 was tried 2 times, with 0 failures and 0 faults";
    breaks(
      attemptsExplained,
      n1(claimed(1, 10))
        .by("n2")
        .tell(claimed(2, 14, "n1")),
      what,
    );
  });
  t.test("one fault explains one attempt", async () => {
    const what = "job.1 was tried 3 times, with 0 failures and 1 faults";
    breaks(
      attemptsExplained,
      takenOver()
        .by("n3")
        .tell(claimed(3, 18, "n2")),
      what,
    );
  });
  t.test(
    "a fault that touched nobody who held it, or came before it, explains nothing",
    async () => {
      const what = "job.1 was tried 2 times, with 0 failures and 0 faults";
      const elsewhere = n1(claimed(1, 10), kill("n3"))
        .by("n2")
        .tell(claimed(2, 14, "n1"));
      breaks(attemptsExplained, elsewhere, what);
      const before = n1(kill("n1"), submitted, claimed(1, 10))
        .by("n2")
        .tell(claimed(2, 14, "n1"));
      breaks(attemptsExplained, before, what);
    },
  );
});

t.test("D6: a zombie's result is never visible", async (t) => {
  const fenced: Fact = { type: "task.fenced", task, token: 10 };
  t.test("a history holds in which the last claim's result is seen", async () => {
    const history = takenOver().tell(done(2, 14), seen("n2", 2, makerName("n2", "1", 2)));
    holds(noZombieResult, history.by("n1").tell(fenced));
    holds(noZombieResult, n1(claimed(1, 10), claimed(1, 12), fenced, seen("n1", 1)));
  });
  t.test("a result of a claim that another one followed breaks it", async () => {
    const what = "the result of job.1 is of n1#1, and n2#1 claimed it after that";
    breaks(noZombieResult, takenOver().tell(seen("n1", 1)), what);
  });
  t.test("a result of whoever was fenced breaks it", async () => {
    const what = "the result of job.1 is of n1#1, who was fenced";
    breaks(noZombieResult, n1(claimed(1, 10), fenced, seen("n1", 1)), what);
  });
  t.test("a result of somebody who never claimed it so breaks it", async () => {
    const whose = (owner: string, attempt: number) =>
      `the result of job.1 is of ${owner} in attempt ${attempt}, who never claimed it so`;
    breaks(noZombieResult, n1(claimed(1, 10), seen("n2", 1)), whose("n2", 1));
    breaks(noZombieResult, n1(claimed(1, 10), seen("n1", 2)), whose("n1", 2));
  });
  t.test("a result that was made by somebody else than its owner breaks it", async () => {
    const history = takenOver().tell(done(2, 14), seen("n2", 2, makerName("n1", "1", 1)));
    breaks(noZombieResult, history, "the result of job.1 is of n2#1 2 and was made by n1#1 1");
  });
});
