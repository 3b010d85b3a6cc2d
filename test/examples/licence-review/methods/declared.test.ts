import t from "tap";
import { agreementOf, agrees } from "../../../../examples/licence-review/methods/agreement.ts";
import {
  declaration,
  declared,
  licencesOf,
} from "../../../../examples/licence-review/methods/declared.ts";

t.test("declaration", async (t) => {
  t.test("reads identifiers, expressions and the legacy forms", async (t) => {
    const forms: readonly (readonly [unknown, string])[] = [
      [{ license: "MIT" }, "MIT"],
      [{ license: "(MIT OR Apache-2.0)" }, "(MIT OR Apache-2.0)"],
      [{ license: { type: "ISC", url: "http://x" } }, "ISC"],
      [{ licenses: [{ type: "MIT" }, { type: "GPL-2.0-only" }] }, "(MIT) OR (GPL-2.0-only)"],
      [{ licenses: ["MIT"] }, "MIT"],
    ];
    for (const [manifest, expression] of forms) {
      t.equal(declaration(manifest).expression, expression, JSON.stringify(manifest));
    }
  });

  t.test("E1: never guesses free text into an expression", async (t) => {
    for (const license of [
      "UNLICENSED",
      "SEE LICENSE IN LICENSE.md",
      "BSD",
      "Apache 2",
      "",
      7,
      {},
    ]) {
      t.equal(declaration({ license }).expression, undefined, JSON.stringify(license));
    }
    for (const manifest of [undefined, null, "text", [], {}, { licenses: [] }]) {
      t.equal(declaration(manifest).expression, undefined, JSON.stringify(manifest));
    }
    t.equal(declaration({ license: "UNLICENSED" }).raw, "UNLICENSED");
    for (const license of ["(".repeat(100_000), `MIT${" OR MIT".repeat(100_000)}`]) {
      t.equal(declaration({ license }).expression, undefined);
    }
  });
});

t.test("declared", async (t) => {
  t.test("is surer of one identifier than of a choice", async (t) => {
    t.match(declared({ license: "MIT" }), { licence: "MIT", confidence: 0.9 });
    t.match(declared({ license: "MIT OR ISC" }), { licence: "MIT", confidence: 0.45 });
    t.match(declared({}), { confidence: 0 });
  });
});

t.test("licencesOf", async (t) => {
  t.test("lists each identifier once, in order", async (t) => {
    t.same(licencesOf("(MIT AND (GPL-2.0-only WITH Classpath-exception-2.0 OR MIT)) AND ISC"), [
      "MIT",
      "GPL-2.0-only",
      "ISC",
    ]);
  });
});

t.test("agreement", async (t) => {
  t.test("G2: a file agrees with any identifier of the expression", async (t) => {
    t.ok(agrees("Apache-2.0", "MIT OR Apache-2.0"));
    t.ok(agrees("Zlib", "(MIT AND Zlib)"));
    t.notOk(agrees("ISC", "MIT OR Apache-2.0"));
  });

  t.test("G3: identifiers that share a text agree", async (t) => {
    t.ok(agrees("GPL-3.0-only", "GPL-3.0-or-later"));
    t.notOk(agrees("GPL-2.0-only", "GPL-3.0-or-later"));
    t.notOk(agrees("LGPL-3.0-only", "GPL-3.0-only"));
  });

  t.test("G1: scores no undeclared file, and no answer does not agree", async (t) => {
    const files = [
      { licence: "MIT", expression: "MIT" },
      { expression: "MIT" },
      { licence: "MIT" },
      { licence: "ISC", expression: "MIT" },
    ];
    t.same(agreementOf(files), { scored: 3, agreed: 1, share: 1 / 3 });
    t.same(agreementOf([]), { scored: 0, agreed: 0, share: 0 });
  });
});
