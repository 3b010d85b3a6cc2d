import t from "tap";
import { quoteOf } from "../../../../examples/licence-review/files/licence-text.ts";
import {
  type NormalisedText,
  normalisedText,
} from "../../../../examples/licence-review/files/normalised-text.ts";
import {
  combined,
  firstGuess,
} from "../../../../examples/licence-review/methods/classification.ts";
import { workUnits } from "../../../../examples/licence-review/methods/finding.ts";
import { keyword } from "../../../../examples/licence-review/methods/keyword.ts";
import { textOf } from "../../../../examples/licence-review/methods/references.ts";
import { title } from "../../../../examples/licence-review/methods/title.ts";

const normalised = (text: string): NormalisedText => normalisedText({ text, encoding: "utf-8" });
const untitled = (licence: string): string => textOf(licence).replace(/^.*License.*$/mu, "");

t.test("title", async (t) => {
  t.test("reads the name and shows its bytes", async (t) => {
    const text = `\n# The BSD 2-Clause “Simplified” License\n\n${textOf("BSD-2-Clause")}`;
    const { licence, evidence } = title(normalised(text));
    t.equal(licence, "BSD-2-Clause");
    if (evidence === undefined) throw new Error("no evidence");
    t.equal(quoteOf({ text, encoding: "utf-8" }, evidence), "BSD 2-Clause “Simplified” License");
  });

  t.test("reads no more than sixty words, whatever the file's length", async (t) => {
    t.equal(title(normalised(textOf("GPL-3.0-only"))).work.tokensRead, 60);
    t.equal(title(normalised(untitled("MIT"))).licence, undefined);
  });

  t.test("M2: is less sure of a late name, and of two names", async (t) => {
    const first = title(normalised("MIT License")).confidence;
    const late = title(normalised(`${"word ".repeat(30)} MIT License`)).confidence;
    const two = title(normalised("MIT License or Apache License 2.0")).confidence;
    t.ok(late < first, `${late}`);
    t.equal(two, first / 2);
  });

  t.test("is unsure of a name that several licences go by", async (t) => {
    t.ok(title(normalised("The BSD License")).confidence < 0.6);
  });
});

t.test("keyword", async (t) => {
  t.test("M3: is never surer than 0.8 and blind to clauses", async (t) => {
    const found = keyword(normalised(untitled("MIT")));
    t.equal(found.licence, "MIT");
    t.ok(found.confidence <= 0.8);
    t.equal(keyword(normalised(textOf("0BSD"))).licence, "ISC");
  });

  t.test("says nothing about words that no licence has", async (t) => {
    t.equal(keyword(normalised("lorem ipsum dolor sit amet")).licence, undefined);
  });
});

t.test("firstGuess", async (t) => {
  t.test("C1: is sure of a text whose title and words agree", async (t) => {
    const guess = firstGuess(normalised(textOf("MIT")));
    t.match(guess, { licence: "MIT", unsure: false, doubt: "" });
  });

  t.test("C1: is unsure of a text without a title, and says why", async (t) => {
    const guess = firstGuess(normalised(untitled("MIT")));
    t.match(guess, { licence: "MIT", unsure: true, doubt: /confidence is only/u });
  });

  t.test("C1: is unsure when the methods differ, and names both answers", async (t) => {
    const work = { tokensRead: 1, referencesCompared: 0 };
    const guess = combined(
      { licence: "ISC", confidence: 0.95, work },
      { licence: "MIT", confidence: 0.8, work },
    );
    t.match(guess, { licence: "ISC", confidence: 0.475, unsure: true, doubt: /ISC.*MIT/u });
  });

  t.test("is unsure of a text in which nothing is recognised", async (t) => {
    t.match(firstGuess(normalised("hello")), { unsure: true, doubt: "nothing was recognised" });
  });

  t.test("costs what its methods cost", async (t) => {
    const text = normalised(textOf("MIT"));
    t.equal(
      workUnits(firstGuess(text).work),
      workUnits(title(text).work) + workUnits(keyword(text).work),
    );
  });
});
