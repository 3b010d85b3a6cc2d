import { readFileSync } from "node:fs";
import t from "tap";
import {
  INTENT_THRESHOLD,
  INTENTS,
  scoreIntents,
} from "../../../../examples/licence-review/answers/intents.ts";
import { stemOf } from "../../../../examples/licence-review/answers/stem.ts";

interface Asked {
  readonly split: "tune" | "held-out";
  readonly question: string;
}
interface InScope extends Asked {
  readonly specialist: string;
  readonly intent: string;
}

const FIXTURE = new URL("../../../../../test/fixtures/questions.json", import.meta.url);
const { questions, outOfScope } = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly questions: readonly InScope[];
  readonly outOfScope: readonly Asked[];
};

const reaches = ({ question, specialist }: InScope): boolean => {
  const [best] = scoreIntents(question);
  return best !== undefined && best.score >= INTENT_THRESHOLD && best.specialist === specialist;
};

t.test("scoreIntents", async (t) => {
  for (const split of ["tune", "held-out"] as const) {
    t.test(`nine of ten paraphrases (${split}) reach the right specialist`, async (t) => {
      const asked = questions.filter((question) => question.split === split);
      const right = asked.filter(reaches);
      t.comment(`${split}: ${right.length} of ${asked.length}`);
      t.ok(asked.length >= 15);
      t.ok(right.length / asked.length >= 0.9, `${right.length} of ${asked.length}`);
    });
  }

  t.test("I1: questions about something else score below the threshold", async (t) => {
    t.ok(outOfScope.length >= 8);
    for (const { question } of outOfScope) {
      const [best] = scoreIntents(question);
      t.ok((best?.score ?? 0) < INTENT_THRESHOLD, `${question} ${best?.intent} ${best?.score}`);
    }
  });

  t.test("every intent is found by its own question and examples", async (t) => {
    for (const { name, question, examples } of INTENTS) {
      for (const asked of [question, ...examples]) {
        const [best] = scoreIntents(asked);
        t.equal(best?.intent, name, asked);
        t.ok((best?.score ?? 0) >= INTENT_THRESHOLD, `${asked} ${best?.score}`);
      }
    }
  });

  t.test("I2: a question of neutral words scores nothing, and so does no question", async (t) => {
    for (const question of ["Which dependencies do we have?", "", "?!", "   "]) {
      t.equal(scoreIntents(question)[0]?.score, 0, question);
    }
  });

  t.test("every score is 0..1, best first", async (t) => {
    for (const { question } of [...questions, ...outOfScope]) {
      const scores = scoreIntents(question).map(({ score }) => score);
      t.equal(scores.length, INTENTS.length);
      t.ok(scores.every((score, i) => score >= 0 && score <= (scores[i - 1] ?? 1)));
    }
  });
});

t.test("stemOf", async (t) => {
  t.test("brings the forms of a word together and keeps others apart", async (t) => {
    for (const form of ["modified", "modifies", "modification", "modifications"]) {
      t.equal(stemOf(form), stemOf("modify"), form);
    }
    t.equal(stemOf("permitted"), stemOf("permit"));
    t.equal(stemOf("licence"), stemOf("licenses"));
    t.not(stemOf("public"), stemOf("publish"));
  });
});
