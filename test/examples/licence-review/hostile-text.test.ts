/** Texts made to be slow to read: a licence file is a stranger's input. */
import t from "tap";
import { termsOf } from "../../../examples/licence-review/answers/obligations.ts";
import { MAX_LICENCE_BYTES } from "../../../examples/licence-review/files/licence-files.ts";
import { normalisedText } from "../../../examples/licence-review/files/normalised-text.ts";
import { firstGuess } from "../../../examples/licence-review/methods/classification.ts";
import { clauses } from "../../../examples/licence-review/methods/clauses.ts";
import { readme } from "../../../examples/licence-review/methods/readme.ts";
import { References, textOf } from "../../../examples/licence-review/methods/references.ts";
import { similarity } from "../../../examples/licence-review/methods/similarity.ts";

const index = new References().common();
const filled = (unit: string): string =>
  unit.repeat(Math.floor(MAX_LICENCE_BYTES / Buffer.byteLength(unit)));

const TEXTS: Readonly<Record<string, string>> = {
  "list numbers without an end": filled("i."),
  "list numbers, line by line": filled(
    "i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.i.x\n",
  ),
  "an unclosed bracket after a copyright": `copyright ${filled("<")}`,
  "short copyright lines": filled(`copyright ${"<".repeat(300)}\n`),
  "one word": filled("a"),
  "one word of apostrophes": filled("a'"),
  "the word licence": filled("license "),
  "headings about licences": filled("# license\n"),
  underlines: filled("license\n---\n"),
  "nothing but grants": filled(
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files. ",
  ),
  "two grants in turn": filled(`${textOf("MIT")}\n${textOf("ISC")}\n`),
  "a grant that may be taken back": filled("to distribute and publicly perform the work "),
  "the beginnings of clauses": filled("psf hereby grants licensee cnri notice of copyright a "),
  "as is by somebody": filled("provided by "),
};

t.test("hostile texts", async (t) => {
  for (const [name, text] of Object.entries(TEXTS)) {
    t.test(`${name}: 1 MB is read in bounded time by every method`, async (t) => {
      const startedMs = performance.now();
      const source = { text, encoding: "utf-8" } as const;
      const normalised = normalisedText(source);
      firstGuess(normalised);
      similarity(normalised, index);
      clauses(normalised);
      termsOf(normalised, "LICENSE");
      readme(source);
      const elapsedMs = performance.now() - startedMs;
      t.comment(`${Math.round(elapsedMs)} ms`);
      // A second or so on an idle machine; what backtracks or grows with the square takes hours.
      t.ok(elapsedMs < 20_000, `${elapsedMs}`);
    });
  }
});
