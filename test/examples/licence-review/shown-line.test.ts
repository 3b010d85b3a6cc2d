import fc from "fast-check";
import t from "tap";
import { shortLine, shownLine } from "../../../examples/licence-review/shown-line.ts";

t.test("shownLine", async (t) => {
  t.test("leaves out what a terminal obeys, whatever the text", async () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        return !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shownLine(text));
      }),
    );
  });

  t.test("keeps what leads the line", async (t) => {
    t.equal(shownLine("  a\u001b[2J\n"), "  a [2J");
  });
});

t.test("shortLine", async (t) => {
  t.test("is cut to its length, with a sign that it was", async (t) => {
    t.equal(shortLine("one\n  two three", 8), "one two…");
    t.equal(shortLine("one\n  two", 8), "one two");
  });
});
