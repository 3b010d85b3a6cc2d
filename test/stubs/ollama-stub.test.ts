import { type Test, t } from "tap";
import { type OllamaStub, type StubSettings, startOllamaStub } from "./ollama-stub.ts";

async function stubFor(t: Test, settings: Partial<StubSettings> = {}): Promise<OllamaStub> {
  const stub = await startOllamaStub(settings);
  t.teardown(() => stub.close());
  return stub;
}

function post(stub: OllamaStub, route: string, body: object): Promise<Response> {
  return fetch(`http://${stub.host}${route}`, { method: "POST", body: JSON.stringify(body) });
}

t.test("OllamaStub", async (t) => {
  t.test("answers every route that Ollama's clients use", async (t) => {
    const stub = await stubFor(t);
    const get = async (route: string) => (await fetch(`http://${stub.host}${route}`)).text();
    t.equal(await get("/"), "Ollama is running");
    t.match(JSON.parse(await get("/api/version")), { version: /^\d/ });
    t.match(JSON.parse(await get("/api/tags")), { models: [{ name: "llama3.2:latest" }] });
    t.match(JSON.parse(await get("/api/ps")), { models: [] });
    const model = "llama3.2";
    t.match(await (await post(stub, "/api/show", { model })).json(), { details: {} });
    t.match(await (await post(stub, "/api/embed", { model })).json(), { embeddings: [[1, 0]] });
    t.match(await (await post(stub, "/api/pull", { model })).json(), { status: "success" });
    t.equal((await fetch(`http://${stub.host}/nope`)).status, 404);
  });

  t.test(
    "streams NDJSON on both generating routes, the counts in the last line only",
    async (t) => {
      const stub = await stubFor(t);
      for (const [route, piece] of [
        ["/api/generate", { response: "Hello" }],
        ["/api/chat", { message: { content: "Hello" } }],
      ] as const) {
        const response = await post(stub, route, { model: "llama3.2", stream: true });
        t.equal(response.headers.get("content-type"), "application/x-ndjson");
        const lines = (await response.text())
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        t.match(lines[0], { ...piece, done: false });
        t.notOk("eval_count" in lines[0]);
        t.match(lines.at(-1), { done: true, done_reason: "stop", eval_count: 3 });
      }
    },
  );

  t.test("answers 400 and 404 in Ollama's words", async (t) => {
    const stub = await stubFor(t);
    const missing = await post(stub, "/api/generate", {});
    t.equal(missing.status, 400);
    t.same(await missing.json(), { error: "model is required" });
    const unknown = await post(stub, "/api/chat", { model: "x" });
    t.equal(unknown.status, 404);
    t.same(await unknown.json(), { error: "model 'x' not found" });
  });

  t.test("counts the tokens that it makes after its client went away", async (t) => {
    const stub = await stubFor(t, {
      tokens: Array.from({ length: 1_000 }, () => "x"),
      tokensPerSecond: 500,
      tokensAfterDisconnect: 5,
    });
    const abort = new AbortController();
    const response = await fetch(`http://${stub.host}/api/generate`, {
      method: "POST",
      body: JSON.stringify({ model: "llama3.2" }),
      signal: abort.signal,
    });
    t.ok(response.ok);
    abort.abort();
    await stub.until((calls) => calls[0]?.ended === true);
    t.match(stub.calls[0], { disconnected: true, tokensAfterDisconnect: 5 });
  });
});
