import fc from "fast-check";
import t from "tap";
import { openBoard, step } from "../../../protocols/blackboard/blackboard.ts";
import type { BoardEffect, BoardEvent } from "../../../protocols/blackboard/board-event.ts";
import { bucketOf } from "../../../protocols/blackboard/board-key.ts";
import {
  isCommitted,
  standingOf,
  statusOf,
  subjectPage,
} from "../../../protocols/blackboard/board-reading.ts";
import type { BoardOptions } from "../../../protocols/blackboard/board-state.ts";
import type { Draft } from "../../../protocols/blackboard/contribution.ts";
import { entryId, isEntryId } from "../../../protocols/blackboard/entry-id.ts";
import { explain, explanationLines } from "../../../protocols/blackboard/explanation.ts";
import type { Goal } from "../../../protocols/blackboard/goal.ts";
import type { KnowledgeSource } from "../../../protocols/blackboard/knowledge-source.ts";
import { levelsByName } from "../../../protocols/blackboard/level.ts";
import { noisyOr, strongest } from "../../../protocols/blackboard/merge.ts";
import type { KeyValue } from "../../../runtime/ports/key-value.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";

const levels = [
  { name: "document", merge: strongest },
  { name: "guess", merge: noisyOr },
];

/** Settled when one guess is sure enough. */
const sureGuess: Goal = ({ entries }) => {
  const sure = entries.find((entry) => entry.level === "guess" && entry.confidence >= 0.9);
  if (sure === undefined) return undefined;
  const { value, confidence, id } = sure;
  return { value, confidence, causes: [id], note: "sure enough" };
};

function source(name: string, options: Partial<KnowledgeSource> = {}): KnowledgeSource {
  return {
    name,
    triggers: [{ level: "document" }],
    reads: ["guess"],
    writes: ["guess"],
    credibility: 0.9,
    cost: 1,
    concurrency: 4,
    ...options,
  };
}

const document = (subject: string, confidence = 0.3): Draft => ({
  type: "post",
  entry: entryId("document", subject),
  subject,
  value: { name: subject },
  confidence,
});

type Post = Extract<Draft, { readonly type: "post" }>;

const guess = (subject: string, value: string, confidence: number): Post => ({
  type: "post",
  entry: entryId("guess", subject, value),
  value,
  confidence,
  note: "so it seems",
});

type Answer = readonly Draft[] | "silent" | "lost";

/** A board over a real bucket in memory, with sources that answer by a table. */
async function world(
  options: Partial<BoardOptions>,
  answers: Readonly<Record<string, (subject: string, attempt: number) => Answer>>,
  bucket?: KeyValue,
) {
  const kv = bucket ?? (await memoryKeyValues().open(bucketOf("b")));
  let [board, first] = openBoard({ board: "b", levels, ...options }, await kv.entries(">"));
  const queue: BoardEffect[] = [...first];
  const seen: BoardEffect[] = [];
  const held: BoardEvent[] = [];
  let posts = 0;
  const send = (event: BoardEvent): void => {
    const [next, effects] = step(board, event);
    board = next;
    queue.push(...effects);
  };
  const perform = async (effect: BoardEffect): Promise<void> => {
    seen.push(effect);
    switch (effect.type) {
      case "commit": {
        const put = await kv.commit(effect.batch.writes);
        if (put.ok) send({ type: "committed", batch: effect.batch.number, revision: put.revision });
        else {
          const stored = await kv.entries(">");
          send({ type: "reread", batch: effect.batch.number, stored });
        }
        return;
      }
      case "activate": {
        const { ksar } = effect;
        const { key, attempt, cost } = ksar;
        const answer = answers[ksar.source]?.(ksar.subject, ksar.attempt) ?? "silent";
        if (answer === "lost") send({ type: "lost", ksar: key, attempt, reason: "no answer" });
        else {
          const drafts = answer === "silent" ? [] : answer;
          send({ type: "contributed", ksar: key, attempt, drafts, cost });
        }
        return;
      }
      case "pass":
        send({ type: "passed" });
        return;
      case "awaitSources":
        held.push({ type: "patienceEnded" });
        return;
      case "withdraw":
      case "refuse":
      case "announce":
      case "close":
        return;
    }
  };
  /** Performs effects, oldest first or as `pick` says, until none is left. */
  const run = async (pick: (count: number) => number = () => 0): Promise<void> => {
    for (let turns = 0; queue.length > 0; turns++) {
      if (turns > 20_000) throw new Error("the board does not come to rest");
      const [effect] = queue.splice(pick(queue.length), 1);
      if (effect !== undefined) await perform(effect);
    }
  };
  return {
    kv,
    seen,
    queue,
    send,
    run,
    join: (...names: readonly string[]) => {
      for (const name of names) {
        send({ type: "joined", source: source(name), instance: `n1/${name}` });
      }
    },
    endPatience: () => {
      for (const event of held.splice(0)) send(event);
    },
    post: (...drafts: readonly Draft[]) =>
      send({ type: "posted", post: `p${posts++}`, author: "pipeline", drafts }),
    status: () => statusOf(board),
    subjects: () => subjectPage(board, 0, 1_000).subjects,
    committed: () => isCommitted(board),
    standing: (id: string) => standingOf(board, id),
    explain: (id: string) => explain(board, id),
    of: <T extends BoardEffect["type"]>(type: T) =>
      seen.filter((one): one is Extract<BoardEffect, { type: T }> => one.type === type),
  };
}

t.test("Blackboard", async (t) => {
  t.test("settles a subject by its goal and spends no more on it", async (t) => {
    const board = await world(
      { goal: sureGuess, expects: ["title", "text"] },
      {
        title: (subject) => [guess(subject, "MIT", 0.95)],
        text: (subject) => [guess(subject, "MIT", 0.6)],
      },
    );
    board.join("title", "text");
    board.post(document("d1"));
    await board.run();
    t.match(board.status(), {
      phase: "closed",
      outcome: "goal",
      subjects: 1,
      settled: 1,
      activations: 1,
      waiting: 0,
    });
    t.match(board.subjects(), [
      {
        subject: "d1",
        phase: "settled",
        settlement: { value: "MIT", author: "board", causes: ["guess.d1.MIT"] },
      },
    ]);
    t.equal(board.of("activate").length, 1, "the second source was not needed");
  });

  t.test("asks nobody about a subject whose settlement is on its way", async (t) => {
    const board = await world({ goal: sureGuess, expects: ["echo"] }, {});
    const echo = source("echo", { triggers: [{ level: "guess", on: "change" }] });
    board.send({ type: "joined", source: echo, instance: "n1/echo" });
    board.post(guessed("d1", "MIT", 0.95));
    // Fills the next batch and more, so that the settlement goes into the one after it.
    const many = Array.from({ length: 239 }, (_, at) => document(`e${at}`));
    board.post(guessed("d1", "ISC", 0.1), ...many);
    await board.run();
    const batches = board.of("commit").map(({ batch }) => batch.writes.map((one) => one.key));
    t.equal(
      batches.findIndex((keys) => keys.includes("head.guess.d1.ISC")),
      1,
    );
    t.equal(
      batches.findIndex((keys) => keys.includes("head.settlement.d1")),
      2,
    );
    t.equal(board.of("activate").length, 0);
  });

  t.test("commits a posting of any size, in batches that the store takes", async (t) => {
    const board = await world(
      { expects: ["talker"] },
      {
        talker: (subject) => Array.from({ length: 130 }, (_, at) => guess(subject, `${at}`, 0.1)),
      },
    );
    board.post(...Array.from({ length: 1_200 }, (_, at) => document(`d${at}`)));
    await board.run();
    t.equal(board.status().contributions, 1_200);
    t.ok(board.of("commit").every(({ batch }) => batch.writes.length <= 256));
    const talker = source("talker", {
      triggers: [{ level: "document", when: [{ kind: "field", path: "name", equals: "d7" }] }],
    });
    board.send({ type: "joined", source: talker, instance: "n1/talker" });
    await board.run();
    t.equal(board.status().contributions, 1_320);
    t.equal(board.of("refuse").length, 10);
    t.match(board.of("refuse")[0], { draft: 120, reason: /at most 120 statements/ });
  });

  t.test("BB1: shows sources only what is committed", async (t) => {
    const board = await world({ expects: ["title"] }, {});
    board.join("title");
    board.post(document("d1"));
    t.notOk(board.committed());
    t.equal(board.standing("document.d1"), undefined);
    t.match(board.queue.at(-1), { type: "commit" });
    await board.run();
    t.ok(board.committed());
    t.equal(board.standing("document.d1")?.revision, 2, "the head follows its contribution");
    t.equal(board.of("activate").length, 1);
  });

  t.test("BB1: what is said while a batch is under way goes into the next one", async (t) => {
    const board = await world({}, {});
    board.post(document("d1"));
    board.post(document("d2"));
    board.post(document("d3"));
    await board.run();
    t.same(
      board.of("commit").map((effect) => effect.batch.proposals.length),
      [1, 2],
    );
  });

  t.test("BB2: commits an activation's statements and record in one batch", async (t) => {
    const board = await world(
      { expects: ["title"] },
      { title: (subject) => [guess(subject, "MIT", 0.5), guess(subject, "ISC", 0.4)] },
    );
    board.join("title");
    board.post(document("d1"));
    await board.run();
    t.same(
      board.of("commit")[1]?.batch.writes.map(({ key, expected }) => [key, expected]),
      [
        ["ksar.title.document.d1.0", 0],
        ["contribution.guess.d1.MIT.1", 0],
        ["head.guess.d1.MIT", 0],
        ["contribution.guess.d1.ISC.1", 0],
        ["head.guess.d1.ISC", 0],
      ],
    );
  });

  t.test("BB2: opened again, it goes on where it was and repeats nothing", async (t) => {
    const answers = { title: (subject: string) => [guess(subject, "MIT", 0.5)] };
    const first = await world({ expects: ["title"] }, answers);
    first.join("title");
    first.post(document("d1"), document("d2"));
    await first.run();
    const again = await world({ expects: ["title"] }, answers, first.kv);
    t.same(again.subjects(), first.subjects());
    again.join("title");
    await again.run();
    t.equal(again.of("activate").length, 0);
    t.match(again.status(), { outcome: "quiescent", activations: 2, spent: 2 });
    again.send({ type: "joined", source: source("text"), instance: "n2/text" });
    await again.run();
    t.equal(again.of("activate").length, 2, "a source that is new to it is asked");
  });

  t.test(
    "BB2: a batch whose fate is unknown is read again, and nothing counts twice",
    async (t) => {
      const board = await world({ expects: ["title"] }, { title: (s) => [guess(s, "MIT", 0.5)] });
      board.join("title");
      board.post(document("d1"));
      const effect = board.queue.find((one) => one.type === "commit");
      if (effect?.type !== "commit") throw new Error("no batch");
      // It is stored, yet the board never learns so: its own commit of the same will be refused.
      await board.kv.commit(effect.batch.writes);
      await board.run();
      t.equal(board.standing("document.d1")?.contributions.length, 1);
      t.equal(board.status().activations, 1);
      t.ok(board.committed());
    },
  );

  t.test("a second writer's statement is merged, not overwritten", async (t) => {
    const board = await world({}, {});
    board.post(guessed("d1", "MIT", 0.5));
    await board.run();
    const other = await world({}, {}, board.kv);
    other.send({
      type: "posted",
      post: "q1",
      author: "other",
      drafts: [guessed("d1", "MIT", 0.5)],
    });
    await other.run();
    board.send({
      type: "posted",
      post: "p9",
      author: "third",
      drafts: [guessed("d1", "MIT", 0.5)],
    });
    await board.run();
    t.match(board.standing("guess.d1.MIT")?.entry, {
      confidence: 0.875,
      supporters: ["other", "pipeline", "third"],
    });
    t.equal(board.of("commit").length, 3, "one was refused and repeated");
  });

  t.test("BB3: refuses what a source may not write, and hides what it may not read", async (t) => {
    const board = await world(
      { expects: ["spy"] },
      { spy: () => [document("d9"), guess("x", "y", 2)] },
    );
    board.post(document("d1"), { ...guess("d1", "MIT", 0.5), subject: "d1" });
    await board.run();
    const spy = source("spy", { reads: [] });
    board.send({ type: "joined", source: spy, instance: "n1/spy" });
    await board.run();
    t.same(board.of("activate")[0]?.context, []);
    t.match(board.of("refuse"), [
      { author: "spy", entry: "document.d9", reason: "spy may not write on document" },
      { author: "spy", entry: "guess.x.y", reason: "confidence must be 0 to 1: 2" },
    ]);
    const open = source("open");
    board.send({ type: "joined", source: open, instance: "n1/open" });
    await board.run();
    t.match(board.of("activate")[1]?.context, [{ id: "guess.d1.MIT" }]);
  });

  t.test(
    "refuses statements on what is not there, on no level, or on its own settlements",
    async (t) => {
      const board = await world({}, {});
      const statement = { confidence: 0.5, value: 1 };
      board.post(
        { type: "support", entry: "guess.d1.MIT", confidence: 0.5 },
        { type: "post", entry: "rumour.d1", subject: "d1", ...statement },
        { type: "post", entry: "settlement.d1", subject: "d1", ...statement },
        { type: "post", entry: "guess", subject: "d1", ...statement },
        { type: "post", entry: "guess.d1", ...statement },
      );
      await board.run();
      t.same(
        board.of("refuse").map((effect) => effect.reason),
        [
          "there is no entry guess.d1.MIT to support",
          "the board has no level rumour",
          "the board has no level settlement",
          "not an entry id: guess (like level.token; see entryId)",
          "guess.d1 needs a subject",
        ],
      );
      t.equal(board.status().entries, 0);
    },
  );

  t.test("BB4: a lost activation is due again, and given up after its last attempt", async (t) => {
    const board = await world(
      { expects: ["flaky", "dead"], maxAttempts: 3 },
      {
        flaky: (subject, attempt) => (attempt < 3 ? "lost" : [guess(subject, "MIT", 0.5)]),
        dead: () => "lost",
      },
    );
    board.join("flaky", "dead");
    board.post(document("d1"));
    await board.run();
    t.match(board.status(), { outcome: "quiescent", activations: 2, lost: 1, inFlight: 0 });
    t.equal(board.of("activate").length, 6);
    t.ok(board.standing("guess.d1.MIT"));
    t.match(await board.kv.get("ksar.dead.document.d1.0"), { value: { outcome: "lost" } });
  });

  t.test("BB4: what an instance had in hand is done by another one", async (t) => {
    const board = await world({ expects: ["title"] }, {});
    board.send({ type: "joined", source: source("title"), instance: "n1/title" });
    board.post(document("d2"));
    const batch = board.queue.find((one) => one.type === "commit");
    if (batch?.type !== "commit") throw new Error("no batch");
    board.queue.length = 0;
    const put = await board.kv.commit(batch.batch.writes);
    board.send({ type: "committed", batch: 1, revision: put.ok ? put.revision : 0 });
    t.match(board.queue.at(-1), { type: "activate", instance: "n1/title" });
    board.queue.length = 0;
    board.send({ type: "left", instance: "n1/title" });
    t.match(board.status(), { inFlight: 0, waiting: 1, phase: "working" });
    board.send({ type: "joined", source: source("title"), instance: "n2/title" });
    t.match(board.queue.at(-1), { type: "activate", instance: "n2/title", ksar: { attempt: 2 } });
    const ksar = "title.document.d2.0";
    board.send({ type: "lost", ksar, attempt: 1, reason: "late" });
    board.send({ type: "contributed", ksar, attempt: 1, drafts: [], cost: 1 });
    t.match(board.status(), { inFlight: 1, spent: 0 }, "what the first attempt says is ignored");
  });

  t.test(
    "BB5: rests after two quiet passes, and opens for a source that is switched on",
    async (t) => {
      const board = await world(
        { goal: sureGuess, expects: ["title"], off: ["declared"] },
        {
          title: (subject) => (subject === "d1" ? [guess(subject, "MIT", 0.95)] : "silent"),
          declared: (subject) => [guess(subject, "ISC", 0.99)],
        },
      );
      board.join("title", "declared");
      board.post(document("d1"), document("d2"));
      await board.run();
      t.match(board.status(), { phase: "closed", outcome: "quiescent", settled: 1 });
      t.equal(board.of("pass").length, 1);
      const { activations } = board.status();
      board.send({ type: "switched", source: "declared", on: true });
      t.equal(board.status().phase, "working");
      await board.run();
      t.match(board.status(), {
        outcome: "goal",
        settled: 2,
        activations: activations + 1,
      });
      t.match(board.subjects()[1]?.settlement, { value: "ISC" });
      t.equal(board.of("close").length, 2);
    },
  );

  t.test("BB5: waits for the sources it expects, but no longer than its patience", async (t) => {
    const board = await world({ expects: ["late"] }, {});
    board.post(document("d1"));
    await board.run();
    t.equal(board.status().phase, "working");
    board.endPatience();
    await board.run();
    t.match(board.status(), { phase: "closed", outcome: "quiescent" });
    board.join("late");
    await board.run();
    t.equal(board.status().activations, 1);
  });

  t.test("a goal may settle on weaker grounds once all is quiet", async (t) => {
    const goal: Goal = ({ entries, quiet }) => {
      const best = entries.find((entry) => entry.level === "guess");
      if (!quiet || best === undefined) return undefined;
      return { value: best.value, confidence: best.confidence, causes: [best.id] };
    };
    const board = await world(
      { goal, expects: ["title"] },
      { title: (subject) => (subject === "d1" ? [guess(subject, "MIT", 0.2)] : "silent") },
    );
    board.join("title");
    board.post(document("d1"), document("d2"));
    await board.run();
    t.match(board.status(), { outcome: "quiescent", settled: 1 });
    t.match(board.subjects()[1], { subject: "d2", phase: "open" });
  });

  t.test("BB6: ends by budget, and never reserves more than is left", async (t) => {
    const board = await world(
      { expects: ["dear"], budget: 7 },
      { dear: (subject) => [guess(subject, "MIT", 0.5)] },
    );
    const dear = source("dear", { cost: 3 });
    board.send({ type: "joined", source: dear, instance: "n1/dear" });
    board.post(document("d1"), document("d2"), document("d3"));
    await board.run();
    t.match(board.status(), { outcome: "budget", spent: 6, activations: 2, waiting: 1 });
  });

  t.test("prefers what promises most for its cost, unless control says otherwise", async (t) => {
    const order = async (boosted: boolean) => {
      const board = await world({ expects: ["cheap", "dear"] }, {});
      if (boosted) board.send({ type: "boosted", boost: { source: "dear", factor: 100 } });
      for (const [name, cost] of [
        ["dear", 5],
        ["cheap", 1],
      ] as const) {
        board.send({ type: "joined", source: source(name, { cost }), instance: `n1/${name}` });
      }
      board.post(document("d1"));
      await board.run();
      return board.of("activate").map((effect) => effect.ksar.source);
    };
    t.same(await order(false), ["cheap", "dear"]);
    t.same(await order(true), ["dear", "cheap"]);
  });

  t.test("shares activations among a source's instances, within their concurrency", async (t) => {
    const board = await world({ expects: ["title"] }, {});
    for (const node of ["n1", "n2"]) {
      const title = source("title", { concurrency: 2 });
      board.send({ type: "joined", source: title, instance: `${node}/title` });
    }
    board.post(...Array.from({ length: 9 }, (_, at) => document(`d${at}`)));
    const batch = board.queue.find((one) => one.type === "commit");
    if (batch?.type !== "commit") throw new Error("no batch");
    board.queue.length = 0;
    board.send({ type: "committed", batch: 1, revision: batch.batch.writes.length });
    const instances = board.queue.flatMap((one) => (one.type === "activate" ? one.instance : []));
    t.same(instances, ["n1/title", "n2/title", "n1/title", "n2/title"]);
  });

  t.test("explains an entry by who said what and on which ground", async (t) => {
    const board = await world(
      { goal: sureGuess, expects: ["title", "text"] },
      {
        title: (subject) => [guess(subject, "MIT", 0.7)],
        text: (subject) => [
          {
            type: "support",
            entry: entryId("guess", subject, "MIT"),
            confidence: 0.8,
            note: "words",
          },
        ],
      },
    );
    const text = source("text", { cost: 2 });
    board.join("title");
    board.send({ type: "joined", source: text, instance: "n1/text" });
    board.post(document("d1"));
    await board.run();
    const explanation = board.explain("settlement.d1");
    if (explanation === undefined) throw new Error("not explained");
    t.same(explanationLines(explanation), [
      'settlement.d1: "MIT" (0.94)',
      '  board posts "MIT" at 0.94: sure enough',
      '  because of guess.d1.MIT: "MIT" (0.94)',
      '    title posts "MIT" at 0.70: so it seems',
      "    text supports it at 0.80: words",
      '    because of document.d1: {"name":"d1"} (0.30)',
      '      pipeline posts {"name":"d1"} at 0.30',
    ]);
    t.equal(board.explain("guess.d1.BSD"), undefined);
  });

  t.test("EX1: explaining entries that rest on each other ends", async (t) => {
    const board = await world({}, {});
    board.post(
      { ...guessed("d1", "a", 0.5), causes: ["guess.d1.b"] },
      { ...guessed("d1", "b", 0.5), causes: ["guess.d1.a"] },
    );
    await board.run();
    const explanation = board.explain("guess.d1.a");
    t.match(explanation?.causes, [{ kind: "explained" }]);
    t.same(explanation && explanationLines(explanation).at(-1), "    because of guess.d1.a");
  });

  t.test("offering the same posting again changes nothing", async (t) => {
    const board = await world({}, {});
    const event = { type: "posted", post: "p", author: "x", drafts: [document("d1")] } as const;
    board.send(event);
    board.send(event);
    await board.run();
    board.send(event);
    await board.run();
    t.equal(board.status().contributions, 1);
  });

  t.test("settles a hundred subjects with five sources in well under a second", async (t) => {
    const names = ["a", "b", "c", "d", "e"];
    const answers = Object.fromEntries(
      names.map((name) => [name, (subject: string) => [guess(subject, name, 0.5)]]),
    );
    const board = await world({ goal: sureGuess, expects: names }, answers);
    board.join(...names);
    board.post(...Array.from({ length: 100 }, (_, at) => document(`d${at}`)));
    const startedMs = performance.now();
    await board.run();
    const tookMs = performance.now() - startedMs;
    t.match(board.status(), { outcome: "quiescent", activations: 500, entries: 600 });
    t.ok(tookMs < 1_000, `${tookMs.toFixed(0)} ms`);
  });

  t.test(
    "AG1, BB2, BB6: in any order of effects each activation counts once, and all is committed",
    async () => {
      const answers = {
        title: (subject: string) => [guess(subject, "MIT", 0.5)],
        text: (subject: string, attempt: number): Answer =>
          attempt === 1 ? "lost" : [guess(subject, "MIT", 0.4), guess(subject, "ISC", 0.3)],
        doubt: (subject: string): Answer => [
          { type: "refute", entry: entryId("guess", subject, "MIT"), confidence: 0.2 },
        ],
      };
      const doubt = source("doubt", { triggers: [{ level: "guess", on: "change" }] });
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(fc.nat(1_000)), async (dice) => {
          const board = await world(
            { goal: sureGuess, expects: ["title", "text", "doubt"] },
            answers,
          );
          board.join("title", "text");
          board.send({ type: "joined", source: doubt, instance: "n1/doubt" });
          board.post(document("d1"), document("d2"), document("d3"));
          await board.run((count) => (dice.next().value ?? 0) % count);
          const keys = (await board.kv.entries("ksar.>")).map((entry) => entry.key);
          const { phase, activations, spent, inFlight } = board.status();
          const reopened = await world({ goal: sureGuess }, {}, board.kv);
          return (
            phase === "closed" &&
            inFlight === 0 &&
            board.committed() &&
            keys.length === activations &&
            spent === activations &&
            JSON.stringify(
              reopened
                .subjects()
                .map((one) => one.subject)
                .toSorted(),
            ) === '["d1","d2","d3"]' &&
            board.standing("guess.d1.MIT")?.entry.confidence ===
              reopened.standing("guess.d1.MIT")?.entry.confidence
          );
        }),
        { numRuns: 50 },
      );
    },
  );
});

/** A guess from outside, which has to name its subject. */
function guessed(subject: string, value: string, confidence: number): Post {
  return { ...guess(subject, value, confidence), subject };
}

t.test("entryId", async (t) => {
  t.test(
    "makes a name that a key can carry out of any text, and different ones of different texts",
    async () => {
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
          const [one, other] = [entryId("guess", a), entryId("guess", b)];
          return isEntryId(one) && (a === b) === (one === other);
        }),
      );
    },
  );
});

t.test("levelsByName", async (t) => {
  t.test("throws for a level that is there twice or has the board's own name", async (t) => {
    t.throws(() => levelsByName([...levels, { name: "guess", merge: noisyOr }]), {
      name: "TypeError",
    });
    t.throws(() => levelsByName([{ name: "settlement", merge: noisyOr }]), { name: "TypeError" });
    t.throws(() => levelsByName([{ name: "a.b", merge: noisyOr }]), { name: "TypeError" });
  });
});
