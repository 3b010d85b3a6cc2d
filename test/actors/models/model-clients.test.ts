import { type Test, t } from "tap";
import {
  chosenModel,
  modelClients,
  type OllamaServer,
} from "../../../actors/models/model-clients.ts";
import type { Log, LogFields } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { type OllamaStub, type StubSettings, startOllamaStub } from "../../stubs/ollama-stub.ts";

async function stubFor(t: Test, settings: Partial<StubSettings> = {}): Promise<OllamaStub> {
  const stub = await startOllamaStub(settings);
  t.teardown(() => stub.close());
  return stub;
}

/** A log that keeps `level: message`. */
function keptLog(lines: string[]): Log {
  const at = (level: string) => (_: LogFields, message: string) => {
    lines.push(`${level}: ${message}`);
  };
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => log,
  };
  return log;
}

async function clientsFor(model: string, ollamaHost?: string) {
  const lines: string[] = [];
  const clients = await modelClients({
    model,
    ollamaHost,
    log: keptLog(lines),
    clock: systemClock,
  });
  return { clients, lines };
}

const BUILTIN = { kind: "builtin", name: "extractive (not an LLM)" };

t.test("modelClients", async (t) => {
  t.test("auto takes the model of a reachable server and says so in one line", async (t) => {
    const stub = await stubFor(t);
    const { clients, lines } = await clientsFor("auto", stub.host);
    t.same(clients.client("auto").identity, { kind: "ollama", name: "llama3.2:latest" });
    t.same(lines, [`info: using model llama3.2:latest of Ollama at ${stub.host}`]);
    t.same(clients.client("builtin").identity, BUILTIN, "the built-in one is there too");
  });

  t.test("auto without OLLAMA_HOST is the built-in model, said in one line", async (t) => {
    for (const host of [undefined, ""]) {
      const { clients, lines } = await clientsFor("auto", host);
      t.same(clients.client("auto").identity, BUILTIN);
      t.same(lines, ["info: no OLLAMA_HOST, using the built-in model: extractive (not an LLM)"]);
    }
  });

  for (const model of ["auto", "ollama:llama3.2"]) {
    t.test(
      `M2: ${model} with an unreachable server is the built-in model, said in one line`,
      async (t) => {
        const stub = await stubFor(t);
        const { host } = stub;
        await stub.close();
        stub.close = async () => {};
        const { clients, lines } = await clientsFor(model, host);
        t.same(clients.client("auto").identity, BUILTIN);
        t.same(clients.client(model).identity, BUILTIN, "the asked-for name stays good");
        t.equal(lines.length, 1);
        t.match(
          lines[0],
          /^warn: Ollama at .* is unreachable \(.*ECONNREFUSED.*\), using the built-in/,
        );
      },
    );
  }

  t.test("M2: a host that is none counts as unreachable", async (t) => {
    const { clients, lines } = await clientsFor("auto", "http://");
    t.same(clients.client("auto").identity, BUILTIN);
    t.match(lines, [/^warn: .*unreachable \(not a host/]);
  });

  t.test("a password in the host is refused and never printed", async (t) => {
    for (const host of ["http://me:secret@127.0.0.1:1", "me:secret@127.0.0.1"]) {
      const { lines } = await clientsFor("auto", host);
      t.match(lines, [/127\.0\.0\.1.* is unreachable \(a host of Ollama carries no user/]);
      t.notMatch(lines[0], /secret/);
    }
  });

  t.test("M1: a name without a tag means latest", async (t) => {
    const stub = await stubFor(t, { models: ["a:7b", "llama3.2:latest"] });
    const { clients } = await clientsFor("ollama:llama3.2", stub.host);
    t.equal(clients.client("auto").identity.name, "llama3.2:latest");
    t.equal(clients.client("ollama:llama3.2").identity.name, "llama3.2:latest");
    t.equal(clients.client("ollama:a:7b").identity.name, "a:7b");
  });

  t.test(
    "M3: a server that lacks the wanted model is model.unknown, naming those it has",
    async (t) => {
      const stub = await stubFor(t);
      await t.rejects(clientsFor("ollama:nope", stub.host), {
        code: "model.unknown",
        message: 'no model "ollama:nope": there are auto, builtin, ollama:llama3.2:latest',
      });
    },
  );

  t.test("an unknown name is model.unknown, at start and later", async (t) => {
    await t.rejects(clientsFor("gpt"), { code: "model.unknown", message: /"gpt".*auto, builtin/ });
    await t.rejects(clientsFor("ollama:"), { code: "model.unknown" });
    const { clients } = await clientsFor("builtin");
    t.throws(() => clients.client("ollama:x"), { code: "model.unknown" });
    t.throws(() => clients.client("gpt"), { code: "model.unknown" });
  });

  t.test("a client generates", async (t) => {
    const stub = await stubFor(t);
    const { clients } = await clientsFor("auto", stub.host);
    let text = "";
    const signal = new AbortController().signal;
    for await (const piece of clients.client("auto").generate({ prompt: "hi" }, signal)) {
      text += piece;
    }
    t.equal(text, "Hello, world");
  });

  t.test("E1: clients state what their calls cost: nothing, or what the table says", async (t) => {
    const stub = await stubFor(t);
    const usage = { inputTokens: 1_000, outputTokens: 100, finish: "stop" } as const;
    const { clients } = await clientsFor("auto", stub.host);
    t.equal(clients.client("auto").costMicros?.(usage), 0);
    t.equal(clients.client("builtin").costMicros?.(usage), 0);
    const price = { inputMicros: 500_000, outputMicros: 1_500_000 };
    const models = { "llama3.2:latest": price, [BUILTIN.name]: price };
    const priced = await modelClients({
      model: "auto",
      ollamaHost: stub.host,
      log: keptLog([]),
      clock: systemClock,
      prices: { v: 1, asOf: "2026-01-31", models },
    });
    t.equal(priced.client("auto").costMicros?.(usage), 650);
    t.equal(priced.client("builtin").costMicros?.(usage), 650);
  });
});

t.test("chosenModel", async (t) => {
  const server = (...models: readonly [string, string, boolean][]): OllamaServer => ({
    phase: "reachable",
    host: "h",
    models: models.map(([name, family, warm]) => ({ name, family, warm })),
  });

  t.test("M4: auto prefers a warm model, else the first", async (t) => {
    const cold = server(["a", "llama", false], ["b", "qwen", false]);
    t.equal(chosenModel("auto", cold).ollamaModel, "a");
    const warm = server(["a", "llama", false], ["b", "qwen", true]);
    t.equal(chosenModel("auto", warm).ollamaModel, "b");
  });

  t.test("M4: auto never takes a model that only embeds", async (t) => {
    const mixed = server(["e", "nomic-bert", true], ["b", "qwen", false]);
    t.equal(chosenModel("auto", mixed).ollamaModel, "b");
    const only = chosenModel("auto", server(["e", "bert", true]));
    t.match(only, { ollamaModel: undefined, fallback: true, line: /no model that generates/ });
  });
});
