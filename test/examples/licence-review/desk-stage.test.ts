import { readFileSync } from "node:fs";
import t from "tap";
import { INTENTS } from "../../../examples/licence-review/answers/intents.ts";
import { licenceSpecialist } from "../../../examples/licence-review/desk.ts";
import { runDesk } from "../../../examples/licence-review/desk-stage.ts";
import { declarationsOf, measureAnswers } from "./answers/declared-answers.ts";
import { DEPENDENCIES, memoryCrew, pipelined, silentProgress } from "./memory-crew.ts";

t.setTimeout(120_000);

interface Asked {
  readonly question: string;
}

const FIXTURE = new URL("../../../../test/fixtures/questions.json", import.meta.url);
const { questions, outOfScope } = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly questions: readonly (Asked & { readonly specialist: string })[];
  readonly outOfScope: readonly Asked[];
};

t.test("The review desk", async (t) => {
  const crew = await memoryCrew(t);
  const { files } = await pipelined(crew, DEPENDENCIES);
  const progress = silentProgress;

  t.test(
    "answers its six questions as the declarations do, with evidence for each package",
    async (t) => {
      const asked = INTENTS.map(({ question }) => question);
      const answers = await runDesk({ crew, progress, files, questions: asked });
      const byQuestion = new Map(answers.map((answer) => [answer.question, answer]));
      const answerTo = (intent: string) => {
        const { question = "" } = INTENTS.find(({ name }) => name === intent) ?? {};
        const answer = byQuestion.get(question);
        if (answer === undefined) throw new Error(`${intent} was not asked`);
        return answer;
      };
      for (const { name, specialist } of INTENTS) {
        t.match(answerTo(name), { outcome: "answered", specialist });
        const evidenced = new Set(answerTo(name).evidence.map((one) => one.package));
        t.ok(
          answerTo(name).packages.every((one) => evidenced.has(one)),
          name,
        );
      }
      const declarations = declarationsOf(
        DEPENDENCIES,
        files.map(({ document }) => document),
      );
      measureAnswers(t, declarations, (name) => answerTo(name).packages);
    },
  );

  t.test("has nine of ten paraphrases answered by the right specialist", async (t) => {
    const desk = await memoryCrew(t);
    const answers = await runDesk({
      crew: desk,
      progress,
      files,
      questions: questions.map(({ question }) => question),
    });
    t.ok(questions.length >= 30);
    const right = answers.filter(
      ({ outcome, specialist }, i) =>
        outcome === "answered" && specialist === questions[i]?.specialist,
    );
    t.comment(`${right.length} of ${questions.length}`);
    t.ok(right.length / questions.length >= 0.9, `${right.length} of ${questions.length}`);
  });

  t.test("answers nothing that is out of its scope", async (t) => {
    const desk = await memoryCrew(t);
    const answers = await runDesk({
      crew: desk,
      progress,
      files,
      questions: outOfScope.map(({ question }) => question),
    });
    t.ok(answers.length >= 8);
    for (const { question, outcome, packages } of answers) {
      t.ok(outcome === "clarify" || outcome === "escalated", `${question} ${outcome}`);
      t.same(packages, []);
    }
  });

  t.test("has the same specialist of another node answer when one is gone", async (t) => {
    const desk = await memoryCrew(t);
    const [question = ""] = INTENTS.map((intent) => intent.question);
    const answers = await runDesk({
      crew: { ...desk, alive: ["gone", "n1"] },
      progress,
      files,
      questions: [question],
    });
    t.match(answers, [{ outcome: "answered" }]);
  });

  t.test("passes a question on to a person when nobody is left to answer it", async (t) => {
    const desk = await memoryCrew(t, "bare");
    const [question = ""] = INTENTS.map((intent) => intent.question);
    const nobody = { ...desk, alive: ["gone"] };
    const answers = await runDesk({ crew: nobody, progress, files: [], questions: [question] });
    t.match(answers, [{ outcome: "escalated", answer: /a person must \(failed: / }]);
  });

  t.test("does not accept a package that is named without evidence", async (t) => {
    const desk = await memoryCrew(t, "bare");
    const [file] = files.filter(({ terms }) => terms.some(({ kind }) => kind === "sublicense"));
    if (file === undefined) throw new Error("no file lets us sublicense");
    const bare = file.terms.map((term) => ({ ...term, evidence: { ...term.evidence, quote: "" } }));
    desk.system.spawn(licenceSpecialist("permission"), { name: "permission" });
    const { question = "" } = INTENTS.find(({ name }) => name === "sublicense") ?? {};
    const answers = await runDesk({
      crew: desk,
      progress,
      files: [{ ...file, terms: bare }],
      questions: [question],
    });
    t.match(answers, [{ outcome: "escalated", answer: /not-accepted: .* without evidence/ }]);
  });
});
