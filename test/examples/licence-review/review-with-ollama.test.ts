/** A small review from the command line with a model behind Ollama's API; only the endpoint is a stub. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { ReviewSummary } from "../../../examples/licence-review/summary.ts";
import type { TroupeEvent } from "../../../runtime/index.ts";
import { troupe } from "../../cli/troupe-command.ts";
import { startOllamaStub } from "../../stubs/ollama-stub.ts";
import { DEPENDENCIES } from "./memory-crew.ts";

t.setTimeout(120_000);

const MODEL = "llama3.2:latest";

t.test("A review with --model ollama:NAME", async (t) => {
  const stub = await startOllamaStub({ models: [MODEL], tokens: ["M", "IT"], slots: 4 });
  const cwd = await mkdtemp(join(tmpdir(), "troupe-ollama-review-"));
  t.teardown(async () => {
    await stub.close();
    await rm(cwd, { recursive: true, force: true });
  });
  const names = ["tap", "xstate", "pino", "msgpackr", "commander", "fast-check"];
  for (const name of names) {
    const to = join(cwd, "node_modules", name);
    await mkdir(to, { recursive: true });
    for (const file of await readdir(join(DEPENDENCIES, name))) {
      if (/^(licen[cs]e|package\.json)/i.test(file)) {
        await cp(join(DEPENDENCIES, name, file), join(to, file));
      }
    }
  }

  const run = await troupe(["demo", "--nodes", "2", "--no-kill", "--model", `ollama:${MODEL}`], {
    cwd,
    env: { OLLAMA_HOST: stub.host },
    timeoutMs: 90_000,
  });
  if (run.exitCode !== 0) t.comment(run.stderr);
  t.equal(run.exitCode, 0);
  const [id = ""] = await readdir(join(cwd, ".troupe", "runs"));
  const folder = join(cwd, ".troupe", "runs", id);
  const summary = JSON.parse(await readFile(join(folder, "summary.json"), "utf8")) as ReviewSummary;
  const events = (await readFile(join(folder, "events.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TroupeEvent);

  t.test("says in its output which model it was", async (t) => {
    t.match(summary.model, { kind: "ollama", name: MODEL, note: /an LLM, through Ollama/ });
    t.match(run.stdout, /model: llama3\.2:latest, an LLM, through Ollama/);
    t.notMatch(run.stdout, /not an LLM/);
  });

  t.test("has every summary made by the model", async (t) => {
    t.equal(summary.documents, names.length);
    for (const { path, summary: made } of summary.classifications) {
      t.same(made, { text: "MIT", model: MODEL }, path);
    }
    const prompts = stub.calls.map(({ body }) => JSON.stringify(body));
    t.ok(prompts.every((body) => body.includes(MODEL)));
    t.ok(stub.calls.length >= names.length);
  });

  t.test("counts the model's calls as the endpoint does", async (t) => {
    const called = events.filter(({ type }) => type === "model.called");
    t.equal(called.length, stub.calls.length);
    t.ok(called.every((event) => "outcome" in event && event.outcome === "ok"));
    t.ok((summary.market?.modelCalls ?? 0) > 0);
    t.ok((summary.orchestrator?.modelCalls ?? 0) >= names.length);
  });

  t.test("has the model bid at the market, and its results checked", async (t) => {
    const bidders = new Set(
      events.flatMap((event) => (event.type === "auction.awarded" ? [event.bidder] : [])),
    );
    t.ok(
      [...bidders].some((bidder) => bidder.endsWith("/bidder-model")),
      [...bidders].join(", "),
    );
    t.ok(summary.market?.learned.some(({ bidder, verified }) => bidder === MODEL && verified > 0));
    t.equal(summary.market?.auctions, names.length);
  });
});
