import { t } from "tap";
import { builtinModel, LONGEST_PROMPT } from "../../../actors/models/builtin-model.ts";
import { schemaFault } from "../../../actors/models/json-schema.ts";
import type { ModelTask } from "../../../actors/models/model-task.ts";
import { taskRequest } from "../../../actors/models/structured-prompt.ts";
import type { ModelRequest, ModelUsage } from "../../../runtime/ports/model-client.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";

const NEVER = new AbortController().signal;

const STORY =
  "Actors keep private state and answer messages one at a time. The weather was fine that day.\n" +
  "A supervisor restarts failed actors and keeps their mailbox. Lunch was served at noon.\n" +
  "Messages between actors are delivered in order. Actors and supervisors form a tree of messages.";

const LICENCES = [
  {
    label: "permissive",
    description: "permission is granted free of charge to use, copy, modify and distribute",
  },
  { label: "copyleft", description: "derived works must be licensed under the same terms" },
];

async function run(
  request: ModelRequest,
): Promise<{ readonly chunks: readonly string[]; readonly usage: ModelUsage }> {
  const chunks: string[] = [];
  const call = builtinModel.generate(request, NEVER);
  let step = await call.next();
  for (; !step.done; step = await call.next()) chunks.push(step.value);
  return { chunks, usage: step.value };
}

async function textOf(task: ModelTask): Promise<string> {
  return (await run(taskRequest(task, "text"))).chunks.join("");
}

async function failureOf(request: ModelRequest): Promise<unknown> {
  return run(request).then(
    () => undefined,
    (error: unknown) => error,
  );
}

t.test("built-in model", async (t) => {
  t.test("says in its name that it is not an LLM", async (t) => {
    t.same(builtinModel.identity, { kind: "builtin", name: "extractive (not an LLM)" });
  });

  t.test("summarises with the central sentences of the text, word for word", async (t) => {
    const { chunks } = await run(taskRequest({ task: "summarise", text: STORY, limit: 2 }, "text"));
    t.equal(chunks.length, 2, "a sentence is a chunk");
    for (const chunk of chunks) {
      t.ok(STORY.replaceAll("\n", " ").includes(chunk.trim()));
      t.notMatch(chunk, /weather|Lunch/);
    }
  });

  t.test("summarises a prompt that names no task", async (t) => {
    const { chunks } = await run({ prompt: STORY });
    t.equal(chunks.length, 3);
  });

  t.test(
    "extracts the sentences that mention a term, at word borders, in the text's order",
    async (t) => {
      const text =
        "You must include this notice. You may sell copies. Mustard is fine.\nThe source CODE too.";
      t.equal(
        await textOf({ task: "extract", text, terms: ["source code", "must"] }),
        "You must include this notice.\nThe source CODE too.",
      );
      t.equal(await textOf({ task: "extract", text, terms: ["patent"] }), "");
    },
  );

  t.test("classifies by similarity to the descriptions", async (t) => {
    const classify = (text: string) => textOf({ task: "classify", text, labels: LICENCES });
    t.equal(await classify("Anyone may use, copy and modify this free of charge."), "permissive");
    t.equal(await classify("Works derived from this carry the same terms."), "copyleft");
  });

  t.test(
    "is surer of a clear case than of a doubtful one, and not at all of an alien text",
    async (t) => {
      const confidenceOf = async (text: string) => {
        const request = taskRequest({ task: "classify", text, labels: LICENCES }, "json");
        const { confidence } = JSON.parse((await run(request)).chunks.join(""));
        return Number(confidence);
      };
      const clear = await confidenceOf(LICENCES[0]?.description ?? "");
      const doubtful = await confidenceOf(
        "permission is granted; derived works under the same terms",
      );
      t.ok(clear > doubtful, `${clear} > ${doubtful}`);
      t.ok(clear > 0.8);
      t.equal(await confidenceOf("zebra"), 0);
    },
  );

  t.test(
    "answers with the sentences that fit the question, or says that the text does not",
    async (t) => {
      const ask = (question: string) => textOf({ task: "answer", text: STORY, question, limit: 1 });
      t.equal(
        await ask("What happens to failed actors?"),
        "A supervisor restarts failed actors and keeps their mailbox.",
      );
      t.equal(await ask("Who painted it?"), "The text does not say.");
    },
  );

  for (const task of [
    { task: "summarise", text: STORY },
    { task: "extract", text: STORY, terms: ["actors"] },
    { task: "classify", text: STORY, labels: LICENCES },
    { task: "answer", text: STORY, question: "What does a supervisor do?" },
  ] satisfies readonly ModelTask[]) {
    t.test(`B2: answers ${task.task} as JSON that satisfies the format`, async (t) => {
      const request = taskRequest(task, "json");
      const value: unknown = JSON.parse((await run(request)).chunks.join(""));
      t.equal(schemaFault(request.format ?? {}, value), undefined);
    });

    t.test(`an empty text is no failure of ${task.task}`, async (t) => {
      const { usage } = await run(taskRequest({ ...task, text: "" }, "json"));
      t.equal(usage.finish, "stop");
    });
  }

  t.test(
    "X2: gives offsets at which the evidence stands, when the format names them",
    async (t) => {
      const evidence = {
        type: "array",
        items: {
          type: "object",
          properties: {
            text: { type: "string" },
            start: { type: "integer" },
            end: { type: "integer" },
          },
          required: ["text", "start", "end"],
        },
      };
      const format = { type: "object", properties: { evidence }, required: ["evidence"] };
      const task: ModelTask = { task: "answer", text: STORY, question: "order of messages" };
      const answer = JSON.parse(
        (await run({ ...taskRequest(task, "text"), format })).chunks.join(""),
      );
      t.ok(answer.evidence.length > 0);
      for (const { text, start, end } of answer.evidence) {
        t.equal(STORY.slice(start, end).replaceAll("\n", " "), text);
      }
    },
  );

  t.test("a format of type string is answered with the text alone", async (t) => {
    const request = taskRequest({ task: "classify", text: "same terms", labels: LICENCES }, "text");
    const { chunks } = await run({ ...request, format: { type: "string" } });
    t.same(chunks, ['"copyleft"']);
  });

  t.test(
    "B2: a format that it cannot satisfy is model.failed and says what it could give",
    async (t) => {
      const request = taskRequest({ task: "classify", text: "x", labels: LICENCES }, "text");
      const format = { type: "object", properties: { severity: {} }, required: ["severity"] };
      t.match(await failureOf({ ...request, format }), {
        name: "TroupeError",
        code: "model.failed",
        message: /lacks "severity" \(task classify gives text, label, confidence, scores\)/,
      });
    },
  );

  t.test("a malformed prompt is model.failed and says what is wrong", async (t) => {
    t.match(await failureOf({ prompt: "Task: sing\n\nText:\nla" }), {
      code: "model.failed",
      message: /unknown task "sing"/,
    });
  });

  t.test("a prompt over its bound is model.failed", async (t) => {
    t.match(await failureOf({ prompt: "x".repeat(LONGEST_PROMPT + 1) }), {
      code: "model.failed",
      message: /reads 400000: split the text/,
    });
  });

  t.test("counts its own tokens, of the system prompt too", async (t) => {
    const { usage } = await run({ system: "Be brief.", prompt: "One two three four five." });
    t.same(usage, { inputTokens: 3 + 6, outputTokens: 6, finish: "stop" });
  });

  t.test("maxOutputTokens cuts between words and finishes as length", async (t) => {
    const { chunks, usage } = await run({
      prompt: "One two three four five.",
      maxOutputTokens: 3,
    });
    t.same(chunks, ["One two three"]);
    t.match(usage, { outputTokens: 3, finish: "length" });
  });

  t.test("B2: JSON that maxOutputTokens would cut is model.failed", async (t) => {
    const request = taskRequest({ task: "classify", text: "same terms", labels: LICENCES }, "json");
    t.match(await failureOf({ ...request, maxOutputTokens: 2 }), { code: "model.failed" });
  });

  t.test("L1: an aborted call ends with ask.cancelled, before and between chunks", async (t) => {
    await t.rejects(builtinModel.generate({ prompt: STORY }, AbortSignal.abort()).next(), {
      code: "ask.cancelled",
    });
    const abort = new AbortController();
    const call = builtinModel.generate({ prompt: STORY }, abort.signal);
    await call.next();
    abort.abort();
    const error = await call.next().catch((thrown: unknown) => thrown);
    t.ok(error instanceof TroupeError && error.code === "ask.cancelled");
  });

  t.test("B1: the same request gives the same chunks, whatever seed and temperature", async (t) => {
    const request = taskRequest({ task: "summarise", text: STORY }, "text");
    const first = await run(request);
    t.same(await run({ ...request, seed: 7, temperature: 2 }), first);
  });

  t.test("reads a prompt at its bound in reasonable time", async (t) => {
    const random = seededRandom(1);
    let text = "";
    while (text.length < LONGEST_PROMPT - 1_000) {
      text += `w${random.int(5_000)}${random.int(12) === 0 ? ". Next" : ""} `;
    }
    const startMs = performance.now();
    const { chunks } = await run({ prompt: text });
    const tookMs = performance.now() - startMs;
    t.comment(`${text.length} characters in ${Math.round(tookMs)} ms`);
    t.equal(chunks.length, 3);
    t.ok(tookMs < 5_000, `${tookMs} ms`);
  });
});
