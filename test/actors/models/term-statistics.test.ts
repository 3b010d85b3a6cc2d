import { t } from "tap";
import {
  contentWordsOf,
  inverseFrequency,
  termStatistics,
  termsOf,
  tokenCount,
  wordsOf,
} from "../../../actors/models/term-statistics.ts";

t.test("term statistics", async (t) => {
  t.test("a token is a word or a punctuation mark; white space is free", async (t) => {
    t.equal(tokenCount("Hello, big   world!\n"), 5);
    t.equal(tokenCount(""), 0);
    t.equal(tokenCount("Hello"), 1, "counting again starts at the beginning");
  });

  t.test("words are in lower case, normalised and singular", async (t) => {
    t.same(wordsOf("Licenses, ﬁles; CLASS gas its status"), [
      "license",
      "file",
      "class",
      "gas",
      "its",
      "status",
    ]);
  });

  t.test("content words leave out function words", async (t) => {
    t.same(contentWordsOf("Which of the dogs is it?"), ["dog"]);
  });

  t.test("terms are words and pairs of neighbours", async (t) => {
    t.same(termsOf(["a", "b", "c"]), ["a", "b", "c", "a b", "b c"]);
  });

  t.test("a term that fewer documents have is more telling", async (t) => {
    const statistics = termStatistics([["a", "a", "b"], ["a"], ["a", "c"]]);
    t.equal(statistics.documents, 3);
    t.equal(statistics.frequency.get("a"), 3);
    t.ok(inverseFrequency(statistics, "b") > inverseFrequency(statistics, "a"));
    t.ok(inverseFrequency(statistics, "z") > inverseFrequency(statistics, "b"));
    t.ok(inverseFrequency(statistics, "a") > 0);
  });
});
