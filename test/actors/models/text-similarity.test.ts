import fc from "fast-check";
import { t } from "tap";
import { sentencesOf } from "../../../actors/models/sentence.ts";
import { termStatistics } from "../../../actors/models/term-statistics.ts";
import {
  centralSentences,
  cosine,
  rankedForQuery,
  termVector,
} from "../../../actors/models/text-similarity.ts";

const words = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 });

t.test("text similarity", async (t) => {
  t.test("cosine is 1 for the same text, symmetric, and between 0 and 1", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(words, words, (left, right) => {
          const statistics = termStatistics([left, right]);
          const [a, b] = [termVector(left, statistics), termVector(right, statistics)];
          const alike = cosine(a, b);
          return (
            Math.abs(cosine(a, a) - 1) < 1e-9 &&
            Math.abs(alike - cosine(b, a)) < 1e-9 &&
            alike >= 0 &&
            alike <= 1
          );
        }),
      ),
    );
  });

  t.test("cosine is 0 for texts that share nothing", async (t) => {
    const statistics = termStatistics([["a"], ["b"]]);
    t.equal(cosine(termVector(["a"], statistics), termVector(["b"], statistics)), 0);
    t.equal(cosine(termVector([], statistics), termVector(["b"], statistics)), 0);
  });

  t.test("ranks documents by rare shared terms and leaves out those that share none", async (t) => {
    const ranked = rankedForQuery(
      ["rare", "common"],
      [["common"], ["rare", "common"], ["other", "common"], ["nothing"]],
    );
    t.equal(ranked[0]?.index, 1);
    t.notOk(ranked.some(({ index }) => index === 3));
    t.same(rankedForQuery(["a"], []), []);
  });

  t.test(
    "chooses central sentences that do not repeat each other, in the text's order",
    async (t) => {
      const sentences = sentencesOf(
        "Actors keep private state in memory. Birds fly south every cold winter. " +
          "Actors keep private state in memory today. Supervisors restart failed actors and their state.",
      );
      const chosen = centralSentences(sentences, 2);
      t.equal(chosen.length, 2);
      t.ok((chosen[0]?.start ?? 0) < (chosen[1]?.start ?? 0));
      t.equal(
        chosen.filter(({ text }) => text.startsWith("Actors keep")).length,
        1,
        "the repetition is left out",
      );
    },
  );

  t.test("quotes fragments only when there is nothing else", async (t) => {
    const whole = "Supervisors restart failed actors quickly";
    t.same(
      centralSentences(sentencesOf(`Title\n\n${whole}`), 2).map(({ text }) => text),
      [whole],
    );
    t.same(
      centralSentences(sentencesOf("Title"), 2).map(({ text }) => text),
      ["Title"],
    );
    t.same(centralSentences([], 3), []);
  });
});
