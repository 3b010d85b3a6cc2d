import fc from "fast-check";
import { t } from "tap";
import { sentencesOf } from "../../../actors/models/sentence.ts";

function texts(text: string): readonly string[] {
  return sentencesOf(text).map((sentence) => sentence.text);
}

t.test("sentencesOf", async (t) => {
  t.test("joins hard-wrapped lines and splits at full stops", async (t) => {
    t.same(texts("One is\nwrapped here. Two asks? Three!"), [
      "One is wrapped here.",
      "Two asks?",
      "Three!",
    ]);
  });

  t.test("ends a sentence at blank lines, list items and rules", async (t) => {
    t.same(texts("A title\n\nfirst part\n- item one\n- item two\n1. point\n-----\nend"), [
      "A title",
      "first part",
      "- item one",
      "- item two",
      "1. point",
      "end",
    ]);
  });

  t.test("does not end a sentence at initials, numbers and abbreviations", async (t) => {
    t.same(texts("Copyright Isaac Z. Schlueter, e.g. The author, Sec. 4 of v1.2 Foo Inc. Next."), [
      "Copyright Isaac Z. Schlueter, e.g. The author, Sec. 4 of v1.2 Foo Inc. Next.",
    ]);
  });

  t.test("S1, S2: offsets find the sentence again, in order and without overlap", async (t) => {
    const word = fc.constantFrom(
      "Ab",
      "c.",
      "D?",
      "\n",
      "\n\n",
      " ",
      "- ",
      "(e)",
      "É!",
      "1.",
      "\r\n",
    );
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(word), (words) => {
          const text = words.join(" ");
          let end = 0;
          for (const sentence of sentencesOf(text)) {
            if (sentence.start < end) return false;
            end = sentence.end;
            if (text.slice(sentence.start, end).replaceAll(/\s+/g, " ") !== sentence.text)
              return false;
          }
          return end <= text.length;
        }),
      ),
    );
  });

  t.test("a text without letters or digits has no sentences", async (t) => {
    t.same(texts(""), []);
    t.same(texts(" \n--- ...\n"), []);
  });
});
