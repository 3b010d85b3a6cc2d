import fc from "fast-check";
import t from "tap";
import {
  type NormalisedText,
  normalisedText,
} from "../../../../examples/licence-review/files/normalised-text.ts";
import { ReferenceIndex } from "../../../../examples/licence-review/methods/reference-index.ts";
import {
  allTexts,
  COMMON_LICENCES,
  commonTexts,
  References,
  textOf,
} from "../../../../examples/licence-review/methods/references.ts";
import { similarity } from "../../../../examples/licence-review/methods/similarity.ts";

const normalised = (text: string): NormalisedText => normalisedText({ text, encoding: "utf-8" });
const references = new References();

t.test("ReferenceIndex", async (t) => {
  const word = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
  const words = fc.array(word, { minLength: 3, maxLength: 40 });
  const texts = fc.array(words, { minLength: 2, maxLength: 8 });
  const indexOf = (entries: readonly (readonly [string, readonly string[]])[]): ReferenceIndex => {
    const index = new ReferenceIndex(1);
    for (const [name, text] of entries) index.add(name, text);
    return index;
  };

  t.test("X1: the order of the references changes no score", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(texts, words, (list, asked) => {
          const entries = list.map((text, i) => [`L${i}`, text] as const);
          const scores = (index: ReferenceIndex) =>
            index
              .compare(asked)
              .map(({ licence, score }) => `${licence} ${score.toFixed(9)}`)
              .sort();
          const there = scores(indexOf(entries));
          const back = scores(indexOf([...entries].reverse()));
          return there.join() === back.join();
        }),
      ),
    );
  });

  t.test("X2: a text is found in full in itself, and no score exceeds 1", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(texts, (list) => {
          const index = indexOf(list.map((text, i) => [`L${i}`, text] as const));
          return list.every((text, i) => {
            const found = index.compare(text);
            const own = found.find(({ licence }) => licence === `L${i}`);
            return (
              Math.abs((own?.score ?? 0) - 1) < 1e-9 && found.every(({ score }) => score < 1 + 1e-9)
            );
          });
        }),
      ),
    );
  });

  t.test("has nothing to say to a text of two words", async (t) => {
    t.same(indexOf([["L", ["a", "b", "c"]]]).compare(["a", "b"]), []);
  });
});

t.test("References", async (t) => {
  t.test("loads the common texts in the order of their frequency", async (t) => {
    t.same(
      commonTexts().map(({ licence }) => licence),
      COMMON_LICENCES,
    );
  });

  t.test("R1: has one reference for identifiers that share a text", async (t) => {
    const names = new Set(allTexts().map(({ licence }) => licence));
    t.ok(names.has("GPL-2.0-only"));
    for (const same of ["GPL-2.0", "GPL-2.0+", "GPL-2.0-or-later", "BSD-2-Clause-NetBSD"]) {
      t.notOk(names.has(same), same);
    }
    t.ok(references.all().size > 600);
  });

  t.test("refuses an identifier that SPDX does not list", async (t) => {
    t.throws(() => textOf("Nonsense-1.0"), /SPDX lists no "Nonsense-1.0"/u);
  });
});

t.test("similarity", async (t) => {
  t.test("counts the words read and the texts compared", async (t) => {
    const text = normalised("some words that nobody licensed anything with");
    t.same(similarity(text, references.common()), {
      confidence: 0,
      work: { tokensRead: 7, referencesCompared: COMMON_LICENCES.length },
    });
  });

  t.test("is not misled by names, years and a title", async (t) => {
    const isc = `My Great Thing\n\nCopyright (c) 2011-2024 Isaac Z. Schlueter and Contributors\n${textOf(
      "ISC",
    )
      .replace(/^[\s\S]*?(?=Permission)/u, "")
      .replaceAll("ISC DISCLAIMS", "THE AUTHOR DISCLAIMS")
      .replaceAll("SHALL ISC", "SHALL THE AUTHOR")}`;
    for (const index of [references.common(), references.all()]) {
      const found = similarity(normalised(isc), index);
      t.equal(found.licence, "ISC");
      t.ok(found.confidence > 0.8, `${found.confidence}`);
    }
  });

  t.test("recognises a copy without the appendix", async (t) => {
    const [terms = ""] = textOf("Apache-2.0").split("END OF TERMS AND CONDITIONS");
    t.equal(similarity(normalised(terms), references.all()).licence, "Apache-2.0");
  });

  t.test("recognises nineteen of twenty SPDX texts as themselves", async (t) => {
    const texts = allTexts();
    const index = references.all();
    const right = texts.filter(
      ({ licence, text }) => similarity(normalised(text), index).licence === licence,
    );
    t.ok(right.length / texts.length >= 0.95, `${right.length} of ${texts.length}`);
  });
});
