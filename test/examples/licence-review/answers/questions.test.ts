import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { INTENTS, type IntentName } from "../../../../examples/licence-review/answers/intents.ts";
import {
  answerQuestion,
  answerText,
  packageName,
  QUESTIONS,
} from "../../../../examples/licence-review/answers/questions.ts";
import { type Review, reviewedTerms } from "../../../../examples/licence-review/answers/review.ts";
import { findLicenceFiles } from "../../../../examples/licence-review/files/licence-files.ts";
import { readLicence } from "../../../../examples/licence-review/files/licence-text.ts";
import { normalisedText } from "../../../../examples/licence-review/files/normalised-text.ts";
import { readReadme } from "../../../../examples/licence-review/files/package-files.ts";
import { firstGuess } from "../../../../examples/licence-review/methods/classification.ts";
import { allTexts } from "../../../../examples/licence-review/methods/references.ts";
import { textIdentity } from "../../../../examples/licence-review/methods/text-identity.ts";
import { declarationsOf, measureAnswers, PROPERTIES } from "./declared-answers.ts";

const REPOSITORY = new URL("../../../../../", import.meta.url);

interface Reviewed {
  readonly root: string;
  readonly reviews: readonly Review[];
  /** By package, what its manifest declares. */
  readonly declarations: ReadonlyMap<string, string>;
}

function reviewed(root: string): Reviewed {
  const reviews: Review[] = [];
  const { documents } = findLicenceFiles(root);
  for (const document of documents) {
    const read = readLicence(root, document);
    if (!read.ok) throw new Error(read.error.reason);
    const text = normalisedText(read.value);
    const { licence, confidence } = firstGuess(text);
    const readme = readReadme(root, document);
    const shipped = licence === undefined ? [] : [licence];
    const terms = reviewedTerms(document, { text, readme, shipped });
    reviews.push({ document, confidence, terms, ...(licence === undefined ? {} : { licence }) });
  }
  return { root, reviews, declarations: declarationsOf(root, documents) };
}

function measure(t: Test, { root, reviews, declarations }: Reviewed): void {
  measureAnswers(t, declarations, (name) =>
    answerQuestion(name, reviews).packages.map(packageName),
  );
  for (const { name } of INTENTS) {
    const { packages, bundled } = answerQuestion(name, reviews);
    for (const { evidence } of [...packages, ...bundled]) {
      const bytes = readFileSync(join(root, evidence.path));
      const found = bytes.subarray(evidence.startByte, evidence.endByte).toString();
      if (found !== evidence.quote || found === "") t.fail(`${evidence.path}: not what is there`);
    }
  }
}

t.test("answerQuestion", async (t) => {
  t.test("answers from the repository's own dependencies as the declarations do", async (t) => {
    measure(t, reviewed(new URL("node_modules", REPOSITORY).pathname));
  });

  t.test("answers from packages under every licence that is known", async (t) => {
    const packages = Object.fromEntries(
      allTexts()
        .filter(({ licence }) => textIdentity(licence) in PROPERTIES)
        .map(({ licence, text }) => {
          const name = licence.toLowerCase();
          const manifest = JSON.stringify({ name, version: "1.0.0", license: licence });
          return [name, { "package.json": manifest, LICENSE: text }];
        }),
    );
    const tree = reviewed(t.testdir({ node_modules: packages }));
    t.equal(tree.reviews.length, Object.keys(PROPERTIES).length);
    measure(t, tree);
    for (const { name } of INTENTS) {
      t.ok(answerQuestion(name, tree.reviews).packages.length >= 5, name);
    }
  });

  t.test("Q2: names a package with two files once", async (t) => {
    const mit = allTexts().find(({ licence }) => licence === "MIT")?.text ?? "";
    const tree = reviewed(
      t.testdir({ "package.json": '{"name":"p","version":"1.0.0"}', LICENSE: mit, COPYING: mit }),
    );
    const { packages } = answerQuestion("sublicense", tree.reviews);
    t.same(
      packages.map(({ name, evidence }) => [name, evidence.path]),
      [["p", "COPYING"]],
    );
  });

  t.test("Q3: lists bundled code apart from the package's own licence", async (t) => {
    const text = (id: string): string => allTexts().find((l) => l.licence === id)?.text ?? "";
    const tree = reviewed(
      t.testdir({
        "package.json": '{"name":"p","version":"1.0.0","license":"MIT"}',
        LICENSE: text("MIT"),
        vendor: { LICENSE: text("GPL-3.0-only") },
      }),
    );
    const answer = answerQuestion("publish-source", tree.reviews);
    t.same(answer.packages, []);
    t.match(answer.bundled, [{ name: "p", evidence: { path: "vendor/LICENSE" } }]);
    t.equal(answerText(answer), "None. Bundled in p@1.0.0.");
  });

  t.test("says none when there is none, and cuts a long list", async (t) => {
    t.equal(answerText(answerQuestion("sublicense", [])), "None.");
    const evidence = { path: "x", startByte: 0, endByte: 1, quote: "x" };
    const packages = Array.from({ length: 10 }, (_, i) => ({
      name: `p${i}`,
      version: "1",
      evidence,
    }));
    const answer = { ...answerQuestion("sublicense", []), packages };
    t.match(answerText(answer), /^10: p0@1, .* and 2 more\.$/u);
  });

  t.test("refuses an intent that does not exist", async (t) => {
    t.throws(() => answerQuestion("nonsense" as IntentName, []), /no intent is called "nonsense"/u);
  });
});

t.test("QUESTIONS", async (t) => {
  t.test("are six", async (t) => {
    t.equal(QUESTIONS.length, 6);
    t.equal(new Set(QUESTIONS).size, 6);
  });
});
