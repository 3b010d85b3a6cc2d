import t from "tap";
import { quoteOf } from "../../../../examples/licence-review/files/licence-text.ts";
import { normalisedText } from "../../../../examples/licence-review/files/normalised-text.ts";
import { clauses } from "../../../../examples/licence-review/methods/clauses.ts";
import { COMMON_LICENCES, textOf } from "../../../../examples/licence-review/methods/references.ts";

const judged = (text: string) => clauses(normalisedText({ text, encoding: "utf-8" }));

t.test("clauses", async (t) => {
  t.test("tells the members of each family apart", async (t) => {
    const near = [
      "X11",
      "JSON",
      "NCSA",
      "BSD-4-Clause",
      "BSD-3-Clause-Clear",
      "EPL-1.0",
      "EPL-2.0",
    ];
    for (const licence of [...COMMON_LICENCES, ...near, "MPL-1.1", "CC-BY-4.0", "Python-2.0.1"]) {
      const found = judged(textOf(licence));
      t.equal(found.licence, licence);
      t.ok(found.confidence > 0.7, `${licence} ${found.confidence}`);
    }
  });

  t.test("takes away the notice clause and calls an ISC a 0BSD", async (t) => {
    const isc = textOf("ISC");
    const struck = isc.replace(/, provided that[^.]*/u, "");
    t.not(struck, isc);
    t.equal(judged(struck).licence, "0BSD");
  });

  t.test("M4: judges each licence of a file alone and names the first", async (t) => {
    const found = judged([textOf("MIT"), textOf("BSD-3-Clause"), textOf("ISC")].join("\n---\n"));
    t.equal(found.licence, "MIT");
    t.same(
      found.also.map(({ licence }) => licence),
      ["BSD-3-Clause", "ISC"],
    );
  });

  t.test("M5: a mention is less than the licence", async (t) => {
    const mention = judged("Licensed under the Apache License, Version 2.0 (the License)");
    t.equal(mention.licence, "Apache-2.0");
    t.ok(mention.confidence < judged(textOf("Apache-2.0")).confidence);
  });

  t.test("shows the bytes of the grant", async (t) => {
    const text = `Copyright (c) 2020 Å\n\n${textOf("MIT-0")}`;
    const { evidence } = judged(text);
    if (evidence === undefined) throw new Error("no evidence");
    const quote = quoteOf({ text, encoding: "utf-8" }, evidence);
    t.match(quote, /^Permission is hereby granted[\s\S]*documentation files$/u);
  });

  t.test("says nothing about a text without a known grant", async (t) => {
    t.same(judged("All rights reserved. Ask us."), {
      confidence: 0,
      work: { tokensRead: 5, referencesCompared: 0 },
      also: [],
    });
  });
});
