import fc from "fast-check";
import t from "tap";
import {
  type LicenceText,
  quoteOf,
} from "../../../../examples/licence-review/files/licence-text.ts";
import {
  normalisedText,
  rangeOf,
  wordRange,
} from "../../../../examples/licence-review/files/normalised-text.ts";

const utf8 = (text: string): LicenceText => ({ text, encoding: "utf-8" });
const textOf = (text: string): string => normalisedText(utf8(text)).text;

/** Lines as licence files have them: words, marks, several scripts, copyright lines, list numbers. */
const line = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "Copyright (c) 2020 Ünï Cödé <a@b.c>",
    "  (a) You must retain, in the Source form",
    "THE SOFTWARE IS PROVIDED “AS IS”",
    "// 1. licensor’s version 2.0 of the licence",
    "ソフトウェア 許可 🎭",
  ),
);
const source = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));

t.test("NormalisedText", async (t) => {
  t.test("leaves out what makes no difference", async (t) => {
    const plain = textOf("Permission is hereby granted, free of charge");
    for (const other of [
      "Copyright (c) 2020 Jane Doe\nAll rights reserved.\n\nPermission is hereby granted,\nfree of charge",
      " * PERMISSION is hereby   granted — free\r\n * of charge!",
      "© 1999 X\n1. Permission is “hereby” granted, free of charge",
      "\uFEFF> Permission is hereby granted, free of charge",
    ]) {
      t.equal(textOf(other), plain);
    }
    t.equal(textOf("the licensor’s Licence, version 2.0."), "the licensors license version 2.0");
  });

  t.test("keeps sentences that merely speak of copyright", async (t) => {
    t.equal(
      textOf("copyright notice and this permission notice shall be included"),
      "copyright notice and this permission notice shall be included",
    );
    t.match(textOf("(c) You must retain all copyright notices"), /^you must retain/u);
  });

  t.test("N1: the words joined by one space are the text, each where it says", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(source, (text) => {
          const { words, text: joined, wordStarts } = normalisedText(utf8(text));
          return (
            joined === words.join(" ") &&
            words.every((word, i) => joined.startsWith(word, wordStarts[i]))
          );
        }),
      ),
    );
  });

  t.test("N2: the bytes of every word, read alone, give that word", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(source, (text) => {
          const bytes = Buffer.from(text);
          const normalised = normalisedText(utf8(text));
          let last = 0;
          return normalised.words.every((word, i) => {
            const { startByte, endByte } = wordRange(normalised, i, i + 1);
            const isAfter = startByte >= last;
            last = endByte;
            const found = bytes.subarray(startByte, endByte).toString();
            return isAfter && normalisedText(utf8(found)).text === word;
          });
        }),
      ),
    );
  });

  t.test("N3: a range begins with its first word and ends with its last", async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(source, fc.nat(), fc.nat(), (text, a, b) => {
          const normalised = normalisedText(utf8(text));
          const { words, wordStarts } = normalised;
          if (words.length === 0) return true;
          const [first, last] = [a % words.length, b % words.length].sort((x, y) => x - y);
          const start = wordStarts[first ?? 0] ?? 0;
          const end = (wordStarts[last ?? 0] ?? 0) + (words[last ?? 0]?.length ?? 0);
          const found = quoteOf(utf8(text), rangeOf(normalised, start, end));
          const { startByte } = wordRange(normalised, first ?? 0, (first ?? 0) + 1);
          const { endByte } = wordRange(normalised, last ?? 0, (last ?? 0) + 1);
          return found === Buffer.from(text).subarray(startByte, endByte).toString();
        }),
      ),
    );
  });
});
