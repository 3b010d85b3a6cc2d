import { readFileSync } from "node:fs";
import t from "tap";
import { termKindsOf, termsOf } from "../../../../examples/licence-review/answers/obligations.ts";
import { reviewedTerms } from "../../../../examples/licence-review/answers/review.ts";
import { TERM_PATTERNS } from "../../../../examples/licence-review/answers/term-patterns.ts";
import { quoteOf } from "../../../../examples/licence-review/files/licence-text.ts";
import {
  type NormalisedText,
  normalisedText,
} from "../../../../examples/licence-review/files/normalised-text.ts";
import { allTexts, textOf } from "../../../../examples/licence-review/methods/references.ts";
import { textIdentity } from "../../../../examples/licence-review/methods/text-identity.ts";

const FIXTURE = new URL("../../../../../test/fixtures/licence-properties.json", import.meta.url);
const { licences } = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly licences: Readonly<Record<string, readonly string[]>>;
};
const ASKED = [
  "publish-source",
  "state-changes",
  "sublicense",
  "without-condition",
  "patent-grant",
  "patent-termination",
] as const;
const normalised = (text: string): NormalisedText => normalisedText({ text, encoding: "utf-8" });
const DOCUMENT = {
  id: "x",
  package: { name: "x", version: "1.0.0", directory: "x" },
  scope: "package",
  path: "x/LICENSE",
  sizeBytes: 1,
} as const;

t.test("termsOf", async (t) => {
  t.test("reads from each text what is known of the licence", async (t) => {
    const texts = allTexts().filter(({ licence }) => textIdentity(licence) in licences);
    t.equal(texts.length, Object.keys(licences).length);
    for (const { licence, text } of texts) {
      const found: readonly string[] = termsOf(normalised(text), "x").map(({ kind }) => kind);
      const known = licences[textIdentity(licence)] ?? [];
      t.same(
        ASKED.filter((kind) => found.includes(kind)),
        ASKED.filter((kind) => known.includes(kind)),
        licence,
      );
    }
  });

  t.test(
    "O1: the bytes of every term hold its quote, in texts that are not plain ASCII",
    async (t) => {
      for (const licence of ["MIT", "Apache-2.0", "GPL-3.0-only", "MPL-2.0", "CC-BY-4.0"]) {
        const text = `© Jürgen Æ 🎭\n${textOf(licence)}`;
        const terms = termsOf(normalised(text), "p/LICENSE");
        t.ok(terms.length >= 5, licence);
        const bytes = Buffer.from(text);
        for (const { kind, evidence } of terms) {
          const found = bytes.subarray(evidence.startByte, evidence.endByte).toString();
          t.equal(found, evidence.quote, `${licence} ${kind}`);
          t.equal(evidence.path, "p/LICENSE");
          t.equal(quoteOf({ text, encoding: "utf-8" }, evidence), evidence.quote);
          t.ok(TERM_PATTERNS[kind].some((pattern) => pattern.test(normalised(text).text)));
        }
      }
    },
  );

  t.test("O2: has one term of a kind", async (t) => {
    const kinds = termsOf(normalised(textOf("MIT") + textOf("MIT")), "x").map(({ kind }) => kind);
    t.equal(new Set(kinds).size, kinds.length);
  });

  t.test("reads nothing from a text that grants nothing", async (t) => {
    t.same(termsOf(normalised("All rights reserved. Do not copy."), "x"), []);
  });

  t.test("does not take a clause for granted that was struck out", async (t) => {
    const struck = textOf("Apache-2.0").replace(
      /If You institute patent litigation[\s\S]*?filed\./u,
      "",
    );
    const kinds = termsOf(normalised(struck), "x").map(({ kind }) => kind);
    t.ok(kinds.includes("patent-grant"));
    t.notOk(kinds.includes("patent-termination"));
  });
});

t.test("TERM_PATTERNS", async (t) => {
  t.test("every pattern stands in some text of the SPDX list", async (t) => {
    const texts = allTexts().map(({ text }) => normalised(text).text);
    for (const [kind, patterns] of Object.entries(TERM_PATTERNS)) {
      for (const pattern of patterns) {
        t.ok(
          texts.some((text) => pattern.test(text)),
          `${kind}: ${pattern.source}`,
        );
      }
    }
  });
});

t.test("reviewedTerms", async (t) => {
  const readme = {
    path: "x/README.md",
    text: { text: "# License\nMIT, but `/lib` is under zlib\n", encoding: "utf-8" },
  } as const;
  const text = normalised(textOf("MIT"));

  t.test("O3: adds the terms of a licence that the README names and nobody ships", async (t) => {
    const terms = reviewedTerms(DOCUMENT, { text, readme, shipped: ["MIT"] });
    const added = terms.find(({ kind }) => kind === "state-changes");
    t.same(added?.evidence, { path: "x/README.md", startByte: 35, endByte: 39, quote: "zlib" });
    t.same(
      terms.filter(({ kind }) => kind === "keep-notice").map(({ evidence }) => evidence.path),
      ["x/LICENSE"],
    );
  });

  t.test("O3: a licence whose text is shipped speaks for itself", async (t) => {
    const terms = reviewedTerms(DOCUMENT, { text, readme, shipped: ["MIT", "Zlib"] });
    t.same(terms, termsOf(text, "x/LICENSE"));
  });

  t.test("the README does not speak for bundled code", async (t) => {
    const bundled = { ...DOCUMENT, scope: "bundled" } as const;
    t.same(reviewedTerms(bundled, { text, readme, shipped: ["MIT"] }), termsOf(text, "x/LICENSE"));
  });

  t.test("termKindsOf refuses an identifier that SPDX does not list", async (t) => {
    t.throws(() => termKindsOf("Nonsense-1.0"), RangeError);
  });
});
