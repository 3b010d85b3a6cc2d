import { getEventListeners } from "node:events";
import t from "tap";
import {
  actor,
  ask,
  type ModelClient,
  type ModelClients,
  type ModelUsage,
  protocol,
  stream,
} from "../../runtime/index.ts";
import { boundModel } from "../../runtime/model.ts";
import { rejection, world } from "./world.ts";

const usage: ModelUsage = { inputTokens: 3, outputTokens: 2, finish: "stop" };

function models(seen: { aborted: number; calls: number }): ModelClients {
  const client: ModelClient = {
    identity: { kind: "builtin", name: "test" },
    costMicros: ({ inputTokens }) => inputTokens * 10,
    async *generate({ prompt }, signal) {
      seen.calls++;
      signal.addEventListener("abort", () => seen.aborted++);
      if (prompt === "broken") throw new Error("endpoint down");
      yield "one ";
      if (prompt === "hang") {
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      }
      yield "two";
      return usage;
    },
  };
  return { client: () => client };
}

const Writer = protocol("writer@1", {
  write: ask<string, { readonly text: string; readonly tokens: number }>(),
  tokens: stream<string, string, number>(),
  early: ask<string, string>(),
});
const writer = actor(Writer, () => 0, {
  write: async (ctx, prompt) => {
    const call = ctx.model("auto").generate({ prompt });
    return { text: await call.text, tokens: (await call.usage).outputTokens };
  },
  async *tokens(ctx, prompt) {
    const call = ctx.model("auto").generate({ prompt });
    for await (const token of call) yield token;
    return (await call.usage).outputTokens;
  },
  early: async (ctx, prompt) => {
    for await (const token of ctx.model("auto").generate({ prompt })) return token;
    return "";
  },
});

t.test("Model", async (t) => {
  t.test("gives the text, the tokens and the usage of one call, and reports it once", async (t) => {
    const seen = { aborted: 0, calls: 0 };
    const { system, events } = world({ models: models(seen) });
    const ref = system.spawn(writer);
    t.same(await ref.ask("write", "x"), { text: "one two", tokens: 2 });
    const tokens: string[] = [];
    const streamed = ref.stream("tokens", "x");
    for await (const token of streamed) tokens.push(token);
    t.same(tokens, ["one ", "two"]);
    t.equal(await streamed.result, 2);
    t.equal(seen.calls, 2);
    const called = {
      type: "model.called",
      model: "builtin:test",
      inputTokens: 3,
      costMicros: 30,
      outcome: "ok",
    };
    t.match(
      events.filter(({ type }) => type === "model.called"),
      [called, called],
    );
    await system.shutdown();
  });

  t.test(
    "I1: a call ends when its asker gives up, and when its iteration is left early",
    async (t) => {
      const seen = { aborted: 0, calls: 0 };
      const { system, clock, events } = world({ models: models(seen) });
      const ref = system.spawn(writer);
      const asked = rejection(ref.ask("write", "hang", { timeout: "1s" }));
      await clock.advanceAsync("1s");
      t.match(await asked, { code: "ask.timeout" });
      t.equal(seen.aborted, 1);
      t.equal(await ref.ask("early", "hang"), "one ");
      t.equal(seen.aborted, 2);
      t.match(
        events.filter(({ type }) => type === "model.called"),
        [{ outcome: "cancelled" }, { outcome: "cancelled" }],
      );
      await system.shutdown();
    },
  );

  t.test("regression: many calls under one signal put one listener on it", async (t) => {
    const seen = { aborted: 0, calls: 0 };
    const { system, clock } = world({ models: models(seen) });
    const abort = new AbortController();
    const model = boundModel(system.ports, "auto", abort.signal);
    const texts = Array.from({ length: 20 }, () => model.generate({ prompt: "hang" }).text);
    t.equal(getEventListeners(abort.signal, "abort").length, 1);
    await clock.settle();
    const reason = new Error("enough");
    abort.abort(reason);
    for (const text of texts) t.equal(await text.catch((error: unknown) => error), reason);
    t.equal(seen.aborted, 20);
    t.equal(getEventListeners(abort.signal, "abort").length, 0, "none is left");
    await system.shutdown();
  });

  t.test(
    "a call that breaks fails its handler; without models every name is unknown",
    async (t) => {
      const { system, clock } = world({ models: models({ aborted: 0, calls: 0 }) });
      const broken = rejection(system.spawn(writer).ask("write", "broken"));
      await clock.settle();
      t.match(await broken, {
        code: "actor.failed",
        data: { cause: { message: "endpoint down" } },
      });
      await system.shutdown();
      const other = world();
      const unknown = rejection(other.system.spawn(writer).ask("write", "x"));
      await clock.settle();
      t.match(await unknown, { data: { cause: { code: "model.unknown" } } });
      await other.system.shutdown();
    },
  );
});
