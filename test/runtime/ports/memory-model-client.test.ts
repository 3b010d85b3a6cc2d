import t from "tap";
import {
  MemoryModels,
  type ModelRequest,
  type ModelScript,
  type ModelUsage,
  seededRandom,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const request: ModelRequest = { prompt: "how many are there" };

/** One model `m` on manual time, and a reader that notes what it reads and when. */
function setUp(script: ModelScript) {
  const clock = new ManualClock();
  const models = new MemoryModels({ models: { m: script }, random: seededRandom(1) });
  const read: string[] = [];
  const call = async ({
    signal = new AbortController().signal,
    ...more
  }: Partial<ModelRequest> & { signal?: AbortSignal } = {}): Promise<ModelUsage> => {
    const tokens = models
      .clients(clock)
      .client("m")
      .generate({ ...request, ...more }, signal);
    for (;;) {
      const next = await tokens.next();
      if (next.done === true) return next.value;
      read.push(`${next.value.trim()} at ${clock.monotonicMs()}`);
    }
  };
  return { clock, models, read, call };
}

t.test("MemoryModels", async (t) => {
  t.test("says its script token by token on the clock, and counts", async (t) => {
    const { clock, read, call, models } = setUp({
      text: "there are three",
      firstTokenMs: 500,
      tokenMs: 20,
    });
    const usage = call();
    await clock.advanceAsync(499);
    t.strictSame(read, []);
    await clock.advanceAsync(41);
    t.strictSame(read, ["there at 500", "are at 520", "three at 540"]);
    t.strictSame(await usage, { inputTokens: 4, outputTokens: 3, finish: "stop" });
    t.match(models.calls, [{ model: "m", request, outcome: "ok", tokens: 3 }]);
  });

  t.test("stops at the most tokens that were asked for", async (t) => {
    const { read, call } = setUp("one two three");
    t.match(await call({ maxOutputTokens: 2 }), { outputTokens: 2, finish: "length" });
    t.equal(read.length, 2);
  });

  t.test("I1: answers call after call, and then has nothing left", async (t) => {
    const { read, call, models } = setUp(["yes", { text: ["n", "o"] }]);
    await call();
    await call();
    t.strictSame(read, ["yes at 0", "n at 0", "o at 0"]);
    await t.rejects(call(), { code: "model.failed" });
    t.equal(models.calls.at(-1)?.outcome, "refused");
  });

  t.test("answers what a function of the request says", async (t) => {
    const { read, call } = setUp(({ prompt }, n) => `${prompt.length} ${n}`);
    await call({ prompt: "abc" });
    await call({ prompt: "" });
    t.strictSame(read, ["3 at 0", "1 at 0", "0 at 0", "2 at 0"]);
  });

  t.test("refuses, breaks and hangs where the script says", async (t) => {
    const { clock, read, call, models } = setUp([
      { text: "", refuses: "model.overloaded" },
      { text: "a b c", breaksAfter: 2 },
      { text: "a b c", hangsAfter: 1 },
    ]);
    await t.rejects(call(), { code: "model.overloaded" });
    await t.rejects(call(), { code: "model.failed" });
    t.equal(read.length, 2);
    const abort = new AbortController();
    const hanging = t.rejects(call({ signal: abort.signal }), { code: "ask.cancelled" });
    await clock.advanceAsync("1h");
    t.equal(read.length, 3);
    t.equal(models.calls.at(-1)?.outcome, "under-way");
    abort.abort();
    await hanging;
    t.strictSame(
      models.calls.map(({ outcome }) => outcome),
      ["refused", "failed", "cancelled"],
    );
  });

  t.test("L1: aborting ends a call before its first token, and leaves no timer", async (t) => {
    const { clock, call } = setUp({ text: "late", firstTokenMs: 10_000 });
    const abort = new AbortController();
    const called = t.rejects(call({ signal: abort.signal }), { code: "ask.cancelled" });
    await clock.settle();
    t.equal(clock.pending, 1);
    abort.abort();
    await called;
    t.equal(clock.pending, 0);
  });

  t.test("records a reader that left early", async (t) => {
    const { models, clock } = setUp("a b c");
    const { signal } = new AbortController();
    for await (const _ of models.clients(clock).client("auto").generate(request, signal)) break;
    t.match(models.calls, [{ outcome: "left", tokens: 1 }]);
  });

  t.test("knows no other model", async (t) => {
    const { models, clock } = setUp("a");
    t.throws(() => models.clients(clock).client("x"), { code: "model.unknown" });
    const none = new MemoryModels({ models: {} }).clients(clock);
    t.throws(() => none.client("auto"), { code: "model.unknown" });
  });
});

t.test("MemoryModelFaults", async (t) => {
  const outcomesWith = async (fault: "refusedShare" | "brokenShare" | "hangingShare") => {
    const { clock, models, call } = setUp("a b c");
    models.faults[fault] = 0.5;
    const aborts = Array.from({ length: 100 }, () => new AbortController());
    const calls = aborts.map(({ signal }) => call({ signal }).catch(() => {}));
    await clock.advanceAsync("1h");
    for (const abort of aborts) abort.abort();
    await Promise.all(calls);
    const counts = new Map<string, number>();
    for (const { outcome } of models.calls) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    return counts;
  };
  for (const [fault, outcome] of [
    ["refusedShare", "refused"],
    ["brokenShare", "failed"],
    ["hangingShare", "cancelled"],
  ] as const) {
    t.test(`${fault}: its share of calls is ${outcome}`, async (t) => {
      const counts = await outcomesWith(fault);
      const bad = counts.get(outcome) ?? 0;
      t.ok(bad > 30 && bad < 70, `${bad} of 100`);
      t.equal((counts.get("ok") ?? 0) + bad, 100);
    });
  }

  t.test("slowness: all tokens come later by that factor", async (t) => {
    const { clock, models, read, call } = setUp({ text: "a b", firstTokenMs: 100, tokenMs: 10 });
    models.faults.slowness = 3;
    const called = call();
    await clock.advanceAsync("1s");
    await called;
    t.strictSame(read, ["a at 300", "b at 330"]);
  });
});
