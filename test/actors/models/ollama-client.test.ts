import { getEventListeners, once, setMaxListeners } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import * as library from "ollama";
import { type Test, t } from "tap";
import { Agent } from "undici";
import {
  OllamaClient,
  type OllamaDeadlines,
  ollamaModels,
} from "../../../actors/models/ollama-client.ts";
import { ollamaFetch } from "../../../actors/models/ollama-fetch.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import type { ModelRequest, ModelUsage } from "../../../runtime/ports/model-client.ts";
import { ManualClock } from "../../../runtime/testing/manual-clock.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";
import { type OllamaStub, type StubSettings, startOllamaStub } from "../../stubs/ollama-stub.ts";

const NEVER = new AbortController().signal;
const MANY = Array.from({ length: 5_000 }, (_, i) => `t${i} `);

interface Bench {
  readonly stub: OllamaStub;
  readonly clock: ManualClock;
  readonly client: OllamaClient;
}

async function bench(
  t: Test,
  settings: Partial<StubSettings> = {},
  options: { readonly deadlines?: Partial<OllamaDeadlines>; readonly maxInFlight?: number } = {},
): Promise<Bench> {
  const stub = await startOllamaStub(settings);
  t.teardown(() => stub.close());
  const clock = new ManualClock();
  const client = new OllamaClient({ host: stub.host, model: "llama3.2", clock, ...options });
  return { stub, clock, client };
}

async function answerOf(
  call: AsyncGenerator<string, ModelUsage>,
): Promise<{ readonly text: string; readonly usage: ModelUsage }> {
  let text = "";
  let step = await call.next();
  for (; !step.done; step = await call.next()) text += step.value;
  return { text, usage: step.value };
}

async function failureOf(promise: Promise<unknown>): Promise<TroupeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TroupeError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

function ask(client: OllamaClient, signal: AbortSignal = NEVER, request?: ModelRequest) {
  return answerOf(client.generate(request ?? { prompt: "hi" }, signal));
}

t.test("OllamaClient", async (t) => {
  t.test("streams the pieces and returns the endpoint's own counts", async (t) => {
    const { client, clock, stub } = await bench(t);
    const { text, usage } = await ask(client);
    t.equal(text, "Hello, world");
    t.same(usage, { inputTokens: 7, outputTokens: 3, finish: "stop" });
    t.equal(clock.pending, 0, "no deadline is left behind");
    t.match(stub.calls, [{ ended: true, disconnected: false }], "nothing is cut off");
  });

  t.test("O2: streams always and sends what was asked, deterministic by default", async (t) => {
    const { client, stub } = await bench(t);
    await ask(client, NEVER, {
      prompt: "p",
      system: "s",
      format: { type: "object" },
      maxOutputTokens: 9,
      seed: 4,
    });
    t.match(stub.calls[0]?.body, {
      model: "llama3.2",
      stream: true,
      prompt: "p",
      system: "s",
      format: { type: "object" },
      options: { temperature: 0, num_predict: 9, seed: 4 },
    });
  });

  t.test("O4: the request object that the library mutates is not the caller's", async (t) => {
    const { client } = await bench(t);
    const request = Object.freeze({ prompt: "p", format: Object.freeze({ type: "object" }) });
    await ask(client, NEVER, request);
    t.same(request, { prompt: "p", format: { type: "object" } });
  });

  t.test(
    "OLLAMA_HOST, which the library does not read, does not decide: the host does",
    async (t) => {
      const { client, stub } = await bench(t);
      const { OLLAMA_HOST: before } = process.env;
      Object.assign(process.env, { OLLAMA_HOST: "127.0.0.1:1" });
      t.teardown(() => {
        if (before !== undefined) Object.assign(process.env, { OLLAMA_HOST: before });
        else Reflect.deleteProperty(process.env, "OLLAMA_HOST");
      });
      await ask(client);
      t.equal(stub.calls.length, 1);
    },
  );

  t.test("a bad host is a TypeError that names it", async (t) => {
    const make = () => new OllamaClient({ host: "http://", model: "m", clock: systemClock });
    t.throws(make, { name: "TypeError", message: /"http:\/\/"/ });
  });
});

t.test("the end of a call", async (t) => {
  t.test(
    "L1: an abort before the first byte, which the library cannot do, closes the socket",
    async (t) => {
      const { client, stub } = await bench(t, { fault: { kind: "hang", afterTokens: 0 } });
      const abort = new AbortController();
      const failed = failureOf(ask(client, abort.signal));
      await stub.until((calls) => calls.length === 1);
      abort.abort(new Error("enough"));
      const error = await failed;
      t.equal(error.code, "ask.cancelled");
      t.match(error.cause, { message: "enough" });
      await stub.until((calls) => calls[0]?.disconnected === true);
    },
  );

  t.test("L1: an abort between pieces closes the socket and hands out nothing more", async (t) => {
    const { client, stub } = await bench(t, { tokens: MANY, tokensPerSecond: 200 });
    const abort = new AbortController();
    const call = client.generate({ prompt: "hi" }, abort.signal);
    await call.next();
    abort.abort();
    t.equal((await failureOf(call.next())).code, "ask.cancelled");
    await stub.until((calls) => calls[0]?.ended === true);
    t.ok((stub.calls[0]?.tokens ?? MANY.length) < 100, "the server stopped generating");
  });

  t.test("L1: an aborted call does not hand out pieces that had already arrived", async (t) => {
    const { client } = await bench(t, { tokens: MANY.slice(0, 500) });
    const abort = new AbortController();
    const call = client.generate({ prompt: "hi" }, abort.signal);
    await call.next();
    abort.abort();
    t.equal((await failureOf(call.next())).code, "ask.cancelled");
  });

  t.test("a signal that is already aborted reaches no server", async (t) => {
    const { client, stub } = await bench(t);
    t.equal((await failureOf(ask(client, AbortSignal.abort()))).code, "ask.cancelled");
    t.equal(stub.calls.length, 0);
  });

  t.test(
    "O3: a break out of the stream stops the server, which the library leaves generating",
    async (t) => {
      const { client, stub } = await bench(t, { tokens: MANY, tokensPerSecond: 200 });
      for await (const _ of client.generate({ prompt: "hi" }, NEVER)) break;
      await stub.until((calls) => calls[0]?.ended === true);
      t.equal(stub.calls[0]?.disconnected, true);
      t.ok((stub.calls[0]?.tokens ?? MANY.length) < 100);
    },
  );

  t.test(
    "O1: aborted calls leave nothing behind, where the library's instance leaks an entry each",
    async (t) => {
      const { client, clock, stub } = await bench(t, {
        tokens: MANY,
        tokensPerSecond: 200,
        slots: 100,
      });
      const abort = new AbortController();
      setMaxListeners(0, abort.signal);
      const calls = Array.from({ length: 20 }, () =>
        client.generate({ prompt: "hi" }, abort.signal),
      );
      await Promise.all(calls.map((call) => call.next()));
      t.equal(client.inFlight, 20);
      abort.abort();
      await Promise.all(calls.map((call) => failureOf(call.next())));
      t.equal(client.inFlight, 0);
      t.equal(clock.pending, 0, "no timers");
      t.equal(getEventListeners(abort.signal, "abort").length, 0, "no listeners");
      await stub.until((all) => all.length === 20 && all.every(({ ended }) => ended));

      const shared = new library.Ollama({ host: stub.host });
      const stream = await shared.generate({ model: "llama3.2", prompt: "hi", stream: true });
      for await (const _ of stream) break;
      stream.abort();
      const entries: unknown = Reflect.get(shared, "ongoingStreamedRequests");
      t.match(
        entries,
        { length: 1 },
        "the library still leaks: a fresh instance per call is needed",
      );
    },
  );

  t.test("signals that outlive many calls collect no listeners", async (t) => {
    const { client } = await bench(t);
    const abort = new AbortController();
    for (let i = 0; i < 5; i++) await ask(client, abort.signal);
    t.equal(getEventListeners(abort.signal, "abort").length, 0);
  });
});

t.test("deadlines", async (t) => {
  t.test("a server that sends nothing is model.unavailable after firstTokenMs", async (t) => {
    const { client, clock, stub } = await bench(
      t,
      { fault: { kind: "hang", afterTokens: 0 } },
      { deadlines: { firstTokenMs: 5_000 } },
    );
    const failed = failureOf(ask(client));
    await stub.until((calls) => calls.length === 1);
    clock.advance("5s");
    t.match(await failed, { code: "model.unavailable", message: /sent nothing for 5000 ms/ });
    await stub.until((calls) => calls[0]?.disconnected === true);
  });

  t.test("a stall between pieces is model.failed after idleMs", async (t) => {
    const { client, clock, stub } = await bench(
      t,
      { fault: { kind: "stall", afterTokens: 2 } },
      { deadlines: { idleMs: 1_000 } },
    );
    const call = client.generate({ prompt: "hi" }, NEVER);
    t.equal((await call.next()).value, "Hello");
    clock.advance("10s");
    t.equal((await call.next()).value, ",", "the consumer's own pause does not count as idle");
    const failed = failureOf(call.next());
    await clock.settle();
    clock.advance("1s");
    t.match(await failed, {
      code: "model.failed",
      message: /stalled for 1000 ms/,
      data: { chunks: 2 },
    });
    await stub.until((calls) => calls[0]?.disconnected === true);
  });

  t.test("a call that goes on and on is model.failed after totalMs", async (t) => {
    const { client, clock, stub } = await bench(
      t,
      { tokens: MANY, tokensPerSecond: 500 },
      { deadlines: { totalMs: 60_000 } },
    );
    const call = client.generate({ prompt: "hi" }, NEVER);
    await call.next();
    clock.advance("60s");
    t.match(await failureOf(call.next()), { code: "model.failed", message: /60000 ms/ });
    await stub.until((calls) => calls[0]?.disconnected === true);
  });

  t.test(
    "F2: waiting longer than 300 s for headers, where Node's fetch gives up, does not fail",
    async (t) => {
      // Undici measures its time-outs with timers of its own, which only its own test hook can move.
      const timers: { tick(ms: number): void } = createRequire(import.meta.url)(
        "undici/lib/util/timers.js",
      );
      const stub = await startOllamaStub({ fault: { kind: "hang", afterTokens: 0 }, slots: 2 });
      t.teardown(() => stub.close());
      const client = new OllamaClient({
        host: stub.host,
        model: "llama3.2",
        clock: new ManualClock(),
      });
      const abort = new AbortController();
      const ours = failureOf(ask(client, abort.signal));
      const impatient = new Agent();
      const theirs = new library.Ollama({
        host: stub.host,
        fetch: ollamaFetch(impatient, NEVER),
      }).generate({ model: "llama3.2", prompt: "hi", stream: true });
      await stub.until((calls) => calls.length === 2);
      timers.tick(1);
      timers.tick(301_000);
      await t.rejects(
        theirs,
        { cause: { name: "HeadersTimeoutError" } },
        "a default agent gives up",
      );
      t.equal(client.inFlight, 1, "ours still waits");
      abort.abort();
      t.equal((await ours).code, "ask.cancelled");
    },
  );

  t.test("F2: waiting longer than 300 s between pieces does not fail either", async (t) => {
    const timers: { tick(ms: number): void } = createRequire(import.meta.url)(
      "undici/lib/util/timers.js",
    );
    const { client, stub } = await bench(t, { fault: { kind: "stall", afterTokens: 1 } });
    const abort = new AbortController();
    const call = client.generate({ prompt: "hi" }, abort.signal);
    await call.next();
    const failed = failureOf(call.next());
    timers.tick(1);
    timers.tick(301_000);
    await new ManualClock().settle();
    t.equal(client.inFlight, 1, "it still waits");
    t.equal(stub.calls[0]?.disconnected, false);
    abort.abort();
    t.equal((await failed).code, "ask.cancelled");
  });
});

t.test("the last piece", async (t) => {
  t.test("counts that are absent because they are zero are zero", async (t) => {
    const { client } = await bench(t, { tokens: [], inputTokens: 0 });
    const { text, usage } = await ask(client);
    t.equal(text, "");
    t.same(usage, { inputTokens: 0, outputTokens: 0, finish: "stop" });
  });

  for (const [reason, finish] of [
    ["stop", "stop"],
    ["length", "length"],
    [undefined, "stop"],
  ] as const) {
    t.test(`done_reason ${reason ?? "missing"} finishes as ${finish}`, async (t) => {
      const { client } = await bench(t, { doneReason: reason });
      t.equal((await ask(client)).usage.finish, finish);
    });
  }

  for (const reason of ["load", "unload"]) {
    t.test(`done_reason ${reason}, which generates nothing, is model.failed`, async (t) => {
      const { client } = await bench(t, { doneReason: reason, tokens: [] });
      t.match(await failureOf(ask(client)), { code: "model.failed", message: new RegExp(reason) });
    });
  }
});

t.test("a broken stream", async (t) => {
  t.test("an error line on a 200 stream is model.failed with the server's words", async (t) => {
    const { client } = await bench(t, { fault: { kind: "error", afterTokens: 2 } });
    const error = await failureOf(ask(client));
    t.match(error, { code: "model.failed", message: /after 2 pieces: an error was encountered/ });
    t.match(error.data, { chunks: 2 }, "L3: what is known of the usage is in the error");
  });

  t.test("a stream cut before its last piece is model.failed", async (t) => {
    const { client } = await bench(t, { fault: { kind: "cut", afterTokens: 2 } });
    t.match(await failureOf(ask(client)), {
      code: "model.failed",
      message: /Did not receive done/,
    });
  });

  t.test("a stream cut before its first piece is model.failed", async (t) => {
    const { client } = await bench(t, { fault: { kind: "cut", afterTokens: 0 } });
    t.match(await failureOf(ask(client)), { code: "model.failed" });
  });

  t.test("a connection that is reset between pieces is model.failed", async (t) => {
    const { client } = await bench(t, { fault: { kind: "reset", afterTokens: 1 } });
    const error = await failureOf(ask(client));
    t.match(error, { code: "model.failed", message: /broke off after [01] pieces/ });
  });

  t.test("F3: a line of broken JSON, which the library skips, is model.failed", async (t) => {
    const { client } = await bench(t, { fault: { kind: "broken-json", afterTokens: 1 } });
    t.match(await failureOf(ask(client)), {
      code: "model.failed",
      message: /not JSON: .*lost pie/,
    });
  });

  t.test("F5: a line without an end is cut off at its bound", async (t) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n");
      const more = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", more);
      more();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.teardown(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const client = new OllamaClient({
      host: `127.0.0.1:${port}`,
      model: "m",
      clock: new ManualClock(),
    });
    t.match(await failureOf(ask(client)), { code: "model.failed", message: /not JSON: xxx/ });
  });
});

t.test("an error response", async (t) => {
  t.test(
    "ResponseError is not exported at run time, so it must be known by its name",
    async (t) => {
      t.notOk("ResponseError" in library);
    },
  );

  t.test("404 for a model the server lacks is model.unknown", async (t) => {
    const { stub } = await bench(t);
    const client = new OllamaClient({ host: stub.host, model: "nope", clock: new ManualClock() });
    const error = await failureOf(ask(client));
    t.match(error, { code: "model.unknown", message: /model 'nope' not found/ });
    t.match(error.data, { model: "nope", host: stub.host, status: 404 });
  });

  t.test("400 is model.failed with the server's words", async (t) => {
    const { stub } = await bench(t);
    const client = new OllamaClient({ host: stub.host, model: "", clock: new ManualClock() });
    t.match(await failureOf(ask(client)), { code: "model.failed", message: /model is required/ });
  });

  t.test("503 of a full queue is model.overloaded", async (t) => {
    const { client, stub } = await bench(t, {
      fault: { kind: "hang", afterTokens: 0 },
      slots: 1,
      queue: 1,
    });
    const abort = new AbortController();
    const waiting = [ask(client, abort.signal), ask(client, abort.signal)].map(failureOf);
    await stub.until((calls) => calls.length === 2);
    const error = await failureOf(ask(client));
    t.match(error, { code: "model.overloaded", message: /maximum pending requests exceeded/ });
    abort.abort();
    await Promise.all(waiting);
  });

  t.test("F4: an error body that is not JSON is reported, and nothing is printed", async (t) => {
    const { client, stub } = await bench(t);
    stub.settings.status = { code: 502, body: "<h1>Bad Gateway</h1>", type: "text/html" };
    const printed: unknown[] = [];
    const { log } = globalThis.console;
    globalThis.console.log = (...args: unknown[]) => printed.push(args);
    t.teardown(() => {
      globalThis.console.log = log;
    });
    const error = await failureOf(ask(client));
    t.match(error, { code: "model.unavailable", message: /Bad Gateway/ });
    t.same(printed, [], "standard output belongs to data");
  });

  t.test("a 404 that is not about a model means that this is no Ollama", async (t) => {
    const { client, stub } = await bench(t);
    stub.settings.status = { code: 404, body: "Not Found", type: "text/plain" };
    t.equal((await failureOf(ask(client))).code, "model.unavailable");
  });

  t.test("a port where nobody listens is model.unavailable and names the reason", async (t) => {
    const { client, stub } = await bench(t);
    await stub.close();
    t.match(await failureOf(ask(client)), { code: "model.unavailable", message: /ECONNREFUSED/ });
    stub.close = async () => {};
  });
});

t.test("load", async (t) => {
  t.test(
    "O5: past maxInFlight a call is model.overloaded without reaching the server",
    async (t) => {
      const { client, stub } = await bench(
        t,
        { fault: { kind: "hang", afterTokens: 0 } },
        { maxInFlight: 1 },
      );
      const abort = new AbortController();
      const first = failureOf(ask(client, abort.signal));
      await stub.until((calls) => calls.length === 1);
      t.equal((await failureOf(ask(client))).code, "model.overloaded");
      t.equal(stub.calls.length, 1);
      abort.abort();
      await first;
    },
  );

  t.test(
    "the server runs one call at a time, so a bidder counts its own calls in flight",
    async (t) => {
      const { client, stub } = await bench(t, { fault: { kind: "stall", afterTokens: 1 } });
      const abort = new AbortController();
      const calls = [1, 2].map(() => client.generate({ prompt: "hi" }, abort.signal));
      const steps = calls.map((call) => call.next().catch(() => undefined));
      await stub.until((all) => all.length === 2 && all.some(({ tokens }) => tokens === 1));
      t.equal(client.inFlight, 2);
      t.equal(stub.calls.filter(({ tokens }) => tokens > 0).length, 1, "the other one is queued");
      abort.abort();
      await Promise.all(steps);
      await Promise.all(
        calls.map((call) => call.return({ inputTokens: 0, outputTokens: 0, finish: "stop" })),
      );
      t.equal(client.inFlight, 0);
    },
  );

  t.test("the time to the first piece is measured, a cold load included", async (t) => {
    const { stub } = await bench(t, { coldLoadMs: 200 });
    const client = new OllamaClient({ host: stub.host, model: "llama3.2", clock: systemClock });
    t.equal(client.firstTokenMs, undefined);
    await ask(client);
    const coldMs = client.firstTokenMs ?? 0;
    t.ok(coldMs >= 190, `cold: ${coldMs} ms`);
    await ask(client);
    t.ok((client.firstTokenMs ?? coldMs) < coldMs, `warm: ${client.firstTokenMs} ms`);
  });
});

t.test("ollamaModels", async (t) => {
  t.test("lists the models and which of them are warm", async (t) => {
    const { stub } = await bench(t, { models: ["a:latest", "b:7b"], warm: ["b:7b"] });
    t.same(await ollamaModels(stub.host, { clock: systemClock, timeoutMs: 5_000 }), [
      { name: "a:latest", family: "llama", warm: false },
      { name: "b:7b", family: "llama", warm: true },
    ]);
  });

  t.test("a server that does not answer in time is model.unavailable", async (t) => {
    const server = createServer(() => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const clock = new ManualClock();
    const connected = once(server, "connection");
    const failed = failureOf(ollamaModels(`127.0.0.1:${port}`, { clock, timeoutMs: 1_000 }));
    await connected;
    clock.advance("1s");
    t.match(await failed, { code: "model.unavailable", message: /no answer within 1000 ms/ });
    server.close();
  });

  t.test("a server that is no Ollama is model.unavailable", async (t) => {
    const { stub } = await bench(t);
    stub.settings.status = { code: 200, body: '{"hello":1}', type: "application/json" };
    const look = ollamaModels(stub.host, { clock: systemClock, timeoutMs: 5_000 });
    t.match(await failureOf(look), {
      code: "model.unavailable",
      message: /not answer like Ollama/,
    });
  });
});
