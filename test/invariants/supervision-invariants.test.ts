/** S1 to S4 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { breaks, type Chronicle, holds, told } from "./chronicle.ts";
import { noOrphans } from "./no-orphans.ts";
import type { Fact } from "./record.ts";
import { restartIntensity } from "./restart-intensity.ts";
import { restartedSet } from "./restarted-set.ts";
import { silentWhileDown } from "./silent-while-down.ts";

type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";
type Restart = "permanent" | "transient" | "temporary";

const quiet: Fact = { type: "run.quiet" };
const started = (path: string, generation = 1): Fact => ({
  type: "actor.started",
  path,
  generation,
});
const stopped = (path: string): Fact => ({ type: "actor.stopped", path, reason: "normal" });
const failed = (
  path: string,
  decision: "restart" | "stop" | "escalate" | "resume" = "restart",
): Fact => ({
  type: "actor.failed",
  path,
  generation: 1,
  operation: "work",
  message: "no",
  decision,
});
const declared = (
  strategy: Strategy,
  restarts: Readonly<Record<string, Restart>> = {},
  limits: { child?: number; all?: number } = {},
): Fact => ({
  type: "supervisor.declared",
  path: "top",
  strategy,
  childIntensity: { restarts: limits.child ?? 5, withinMs: 1_000 },
  intensity: { restarts: limits.all ?? 20, withinMs: 1_000 },
  children: ["a", "b", "c"].map((name) => ({
    path: `top/${name}`,
    restart: restarts[name] ?? "transient",
  })),
});
const [a, b, c] = ["top/a", "top/b", "top/c"] as const;

t.test("S1: restarts per window stay within the intensity", async (t) => {
  const limits = { child: 2, all: 3 };
  const times = (...atMs: readonly (readonly [number, string])[]): Chronicle => {
    const history = told(declared("one-for-one", {}, limits));
    for (const [at, path] of atMs) history.at(at).tell(failed(path));
    return history;
  };
  t.test("a history holds with as many restarts as are allowed", async () => {
    holds(restartIntensity, times([1, a], [2, a], [3, b], [1_001, a], [1_002, a]));
  });
  t.test("one restart of a child too many breaks it", async () => {
    const history = times([1, a], [2, a], [1_000, a]);
    breaks(restartIntensity, history, "top/a restarted 3 times in 1000 ms");
  });
  t.test("one restart below the supervisor too many breaks it", async () => {
    const history = times([1, a], [2, a], [3, b], [1_000, c]);
    breaks(restartIntensity, history, "4 restarts below top in 1000 ms");
  });
  t.test("failures that are not answered by a restart do not count", async () => {
    const history = times([1, a], [2, a]).tell(failed(a, "stop"), failed(a, "resume"));
    holds(restartIntensity, history.tell(failed(a, "escalate")));
  });
  t.test("a supervisor that starts anew counts anew", async () => {
    const history = times([1, a], [2, a]).tell(started("top", 2), failed(a), failed(a));
    holds(restartIntensity, history);
    breaks(restartIntensity, history.tell(failed(a)), "top/a restarted 3 times in 1000 ms");
  });
  t.test("another life's supervisor of that path is another one", async () => {
    const history = times([1, a], [2, a])
      .by("n2")
      .tell(declared("one-for-one", {}, limits));
    holds(restartIntensity, history.tell(failed(a)));
  });
});

t.test("S2: exactly the specified set restarts", async (t) => {
  t.test("a history holds that restarts the child alone, one for one", async () => {
    holds(restartedSet, told(declared("one-for-one"), failed(b), started(b, 2), quiet));
  });
  t.test("a history holds that restarts all, one for all, in start order", async () => {
    const facts = [failed(b), started(a, 2), started(b, 2), started(c, 2), quiet];
    holds(restartedSet, told(declared("one-for-all"), ...facts));
  });
  t.test("a history holds that restarts those after it, rest for one", async () => {
    const facts = [failed(b), started(b, 2), started(c, 2), quiet];
    holds(restartedSet, told(declared("rest-for-one"), ...facts));
  });
  t.test("it holds when a failure in between names anew", async () => {
    const facts = [failed(b), started(b, 2), failed(c), started(c, 3), quiet];
    holds(restartedSet, told(declared("rest-for-one"), ...facts));
    const all = [failed(c), started(a, 2), failed(b), started(a, 3), started(b, 3), started(c, 3)];
    holds(restartedSet, told(declared("one-for-all"), ...all, quiet));
  });
  t.test("it holds when temporary children end with their group", async () => {
    const facts = [failed(a), stopped(c), started(a, 2), started(b, 2), quiet];
    holds(restartedSet, told(declared("one-for-all", { c: "temporary" }), ...facts));
  });
  t.test("it holds when a child that has ended is left out", async () => {
    const facts = [stopped(b), failed(a), started(a, 2), started(c, 2), quiet];
    holds(restartedSet, told(declared("one-for-all"), ...facts));
  });
  t.test("it holds when the supervisor gives up, ends or starts anew meanwhile", async () => {
    const strategy = declared("one-for-all");
    holds(restartedSet, told(strategy, failed(a), failed(b, "escalate"), quiet));
    holds(restartedSet, told(strategy, failed(a), stopped("top"), quiet));
    holds(restartedSet, told(strategy, failed(a), started("top", 2), started(a), quiet));
    const over: Fact = { type: "life.ended", of: "n1", ofLife: "1", how: "killed" };
    holds(restartedSet, told(strategy, failed(a)).by("harness").tell(over, quiet));
  });
  t.test("a child of the set that does not restart breaks it", async () => {
    const one = told(declared("one-for-one"), failed(b), quiet, quiet);
    breaks(restartedSet, one, "top/b was to restart and did not");
    const all = told(declared("one-for-all"), failed(b), started(a, 2), started(b, 2), quiet);
    breaks(restartedSet, all, "top/c was to restart and did not");
    const rest = told(declared("rest-for-one"), failed(b), started(b, 2), quiet);
    breaks(restartedSet, rest, "top/c was to restart and did not");
  });
  t.test("a child outside the set that restarts breaks it", async () => {
    const what = (path: string) =>
      `${path} restarted, and no failure that touches it was to be answered so`;
    const one = told(declared("one-for-one"), failed(b), started(b, 2), started(a, 2));
    breaks(restartedSet, one, what(a));
    const facts = [failed(b), started(a, 2), started(b, 2), started(c, 2)];
    breaks(restartedSet, told(declared("rest-for-one"), ...facts), what(a));
    const ended = told(declared("one-for-one"), failed(a, "stop"), stopped(a), started(a, 2));
    breaks(restartedSet, ended, what(a));
    const twice = told(declared("one-for-one"), failed(b), started(b, 2), started(b, 3));
    breaks(restartedSet, twice, what(b));
  });
  t.test("a restart out of start order breaks it", async () => {
    const facts = [failed(b), started(b, 2), started(a, 2), started(c, 2), quiet];
    const what = "top/b restarted before top/a, which starts before it";
    breaks(restartedSet, told(declared("one-for-all"), ...facts), what);
  });
  t.test("a temporary child that outlives its group breaks it", async () => {
    const facts = [failed(a), started(a, 2), started(b, 2), quiet];
    const what = "top/c was to end with its group and did not";
    breaks(restartedSet, told(declared("one-for-all", { c: "temporary" }), ...facts), what);
  });
  t.test("a permanent child may restart without a failure, another one may not", async () => {
    const permanent = declared("one-for-one", { a: "permanent" });
    holds(restartedSet, told(permanent, failed(b), started(b, 2), started(a, 2), quiet));
    const what = "top/c restarted, and no failure that touches it was to be answered so";
    breaks(restartedSet, told(permanent, started(a, 2), started(c, 2), quiet), what);
    const group = declared("one-for-all", { a: "permanent" });
    const all = [started(a, 2), started(b, 2), started(c, 2), failed(b)];
    holds(restartedSet, told(group, ...all, started(a, 3), started(b, 3), started(c, 3), quiet));
  });
});

t.test("S3: there is no orphan after quiescence", async (t) => {
  const listed = (...paths: string[]): Fact => ({ type: "actors.listed", paths });
  t.test("a history holds whose actors have living parents", async () => {
    const facts = [started("p/c"), started("p"), started("q"), started("p/c", 2), stopped("q")];
    holds(noOrphans, told(...facts, listed("p", "p/c", "r"), quiet));
  });
  t.test("an actor that outlives its parent breaks it", async () => {
    const history = told(started("p/c"), started("p"), stopped("p"), quiet);
    breaks(noOrphans, history, "p/c lives on n1#1 and its parent has ended");
  });
  t.test("a parent that ended and came back is a parent", async () => {
    holds(noOrphans, told(started("p/c"), started("p"), stopped("p"), started("p"), quiet));
  });
  t.test("an actor that is listed without its parent breaks it", async () => {
    const history = told(listed("p", "p/c", "q/c"), quiet);
    breaks(noOrphans, history, "q/c lives on n1#1 without its parent");
  });
  t.test("an actor that is listed after its end breaks it", async () => {
    const history = told(started("p"), stopped("p"), listed("p"), quiet);
    breaks(noOrphans, history, "p lives on n1#1 after its end was told");
  });
  t.test("who is left in a life that has ended is no orphan", async () => {
    const over: Fact = { type: "life.ended", of: "n1", ofLife: "1", how: "killed" };
    const history = told(started("p/c"), started("p"), stopped("p")).by("n2");
    holds(noOrphans, history.tell(started("p"), over, quiet));
  });
});

t.test("S4: nothing is handled between stop and start", async (t) => {
  const received = (path: string, start: number): Fact => ({
    type: "message.received",
    pair: "x>p",
    sequence: start,
    path,
    start,
  });
  t.test("a history holds whose actors handle messages while they run", async () => {
    const facts = [received("p", 1), started("p"), received("p", 1), failed("p"), started("p", 2)];
    const later = [received("p", 2), failed("p", "resume"), received("p", 2), stopped("p")];
    holds(silentWhileDown, told(...facts, ...later, started("p"), received("p", 3)));
  });
  t.test("a message that is handled after a failure and before the restart breaks it", async () => {
    const what = "p handled x>p 1 while it was down";
    breaks(
      silentWhileDown,
      told(started("p"), failed("p"), received("p", 1), started("p", 2)),
      what,
    );
    breaks(silentWhileDown, told(started("p"), failed("p", "stop"), received("p", 1)), what);
    breaks(silentWhileDown, told(started("p"), failed("p", "escalate"), received("p", 1)), what);
  });
  t.test("a message that is handled after the end breaks it", async () => {
    const history = told(started("p"), stopped("p"), received("p", 1));
    breaks(silentWhileDown, history, "p handled x>p 1 while it was down");
  });
  t.test("a message that an earlier start handles after a later one breaks it", async () => {
    const history = told(started("p"), received("p", 1), failed("p"), started("p", 2));
    const what = "start 1 of p handled a message after 2";
    breaks(
      silentWhileDown,
      history.tell(received("p", 2), received("p", 1), received("p", 2)),
      what,
    );
  });
  t.test("another life's actor of that path is another one", async () => {
    const history = told(started("p"), stopped("p")).by("n2").tell(started("p"), received("p", 1));
    holds(silentWhileDown, history);
  });
});
