import fc from "fast-check";
import t from "tap";
import type { Contribution } from "../../../protocols/blackboard/contribution.ts";
import { entryOf } from "../../../protocols/blackboard/entry.ts";
import { latest, noisyOr, strongest } from "../../../protocols/blackboard/merge.ts";

let made = 0;
function said(
  author: string,
  type: Contribution["type"],
  confidence: number,
  value?: unknown,
): Contribution {
  const causes = type === "post" ? ["document.d"] : [];
  return {
    v: 1,
    id: `c${made++}`,
    type,
    entry: "guess.d.x",
    subject: "d",
    author,
    confidence,
    causes,
    ...(value === undefined ? {} : { value }),
  };
}

const arbitrary = fc.record({
  author: fc.constantFrom("ada", "bob", "eve"),
  type: fc.constantFrom<Contribution["type"][]>("post", "refine", "support", "refute"),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  value: fc.constantFrom("x", "y"),
});

t.test("merge", async (t) => {
  t.test("noisyOr makes agreement surer and opposition less sure", async (t) => {
    const post = said("ada", "post", 0.5, "MIT");
    t.match(noisyOr([post, said("bob", "support", 0.5)]), { value: "MIT", confidence: 0.75 });
    t.match(noisyOr([post, said("bob", "refute", 0.5)]), { confidence: 0.25, author: "ada" });
    t.match(noisyOr([post, said("bob", "refine", 0.6, "ISC")]), { value: "ISC", author: "bob" });
  });

  t.test("M1: an author who repeats itself counts once", async (t) => {
    const post = said("ada", "post", 0.5, "MIT");
    const again = [post, said("ada", "support", 0.5), said("ada", "post", 0.4, "MIT")];
    t.equal(noisyOr(again).confidence, 0.5);
    const against = [post, said("bob", "refute", 0.5), said("bob", "refute", 0.5)];
    t.equal(noisyOr(against).confidence, 0.25);
  });

  t.test("strongest takes the surest for and against", async (t) => {
    const all = [
      said("ada", "post", 0.5, "x"),
      said("bob", "support", 0.8),
      said("eve", "refute", 0.5),
    ];
    t.match(strongest(all), { value: "x", confidence: 0.4 });
  });

  t.test("latest takes the last value, less what was said against it since", async (t) => {
    const all = [
      said("ada", "post", 0.9, "x"),
      said("eve", "refute", 0.9),
      said("bob", "refine", 0.5, "y"),
      said("ada", "refute", 0.5),
    ];
    t.match(latest(all), { value: "y", confidence: 0.25, author: "bob" });
  });

  for (const [name, merge] of Object.entries({ noisyOr, strongest })) {
    t.test(`M2: ${name} does not depend on the order, bit for bit`, async () => {
      const all = fc.array(arbitrary, { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(all, fc.infiniteStream(fc.nat()), (parts, keys) => {
          const list = parts.map((one) => said(one.author, one.type, one.confidence, one.value));
          list.unshift(said("ada", "post", 0.5, "x"));
          const shuffled = list
            .map((one) => ({ one, key: keys.next().value }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ one }) => one);
          const [a, b] = [merge(list), merge(shuffled)];
          return (
            Object.is(a.confidence, b.confidence) && a.value === b.value && a.author === b.author
          );
        }),
      );
    });

    t.test(`${name} stays within 0 and 1`, async () => {
      fc.assert(
        fc.property(fc.array(arbitrary, { maxLength: 8 }), (parts) => {
          const list = parts.map((one) => said(one.author, one.type, one.confidence, one.value));
          const { confidence } = merge([said("ada", "post", 1, "x"), ...list]);
          return confidence >= 0 && confidence <= 1;
        }),
      );
    });
  }
});

t.test("entry", async (t) => {
  const level = { name: "guess", merge: noisyOr };

  t.test("N1: sums up who is for it, who against, and what it rests on", async (t) => {
    const all = [
      said("bob", "post", 0.5, "MIT"),
      said("ada", "support", 0.5),
      said("eve", "refute", 0.1),
    ];
    t.match(entryOf(level, all), {
      id: "guess.d.x",
      level: "guess",
      subject: "d",
      phase: "live",
      supporters: ["ada", "bob"],
      opponents: ["eve"],
      causes: ["document.d"],
      contributions: 3,
    });
  });

  t.test(
    "N2: is retracted when nobody stands by a value, and lives again when somebody does",
    async (t) => {
      const post = said("bob", "post", 0.5, "MIT");
      const withdrawn = [post, said("ada", "support", 0.9), said("bob", "retract", 0)];
      t.match(entryOf(level, withdrawn), { phase: "retracted", confidence: 0, value: "MIT" });
      const back = [...withdrawn, said("ada", "refine", 0.9, "ISC")];
      t.match(entryOf(level, back), { phase: "live", value: "ISC", confidence: 0.9 });
    },
  );

  t.test("a retraction withdraws its author's statements and nobody else's", async (t) => {
    const all = [
      said("bob", "post", 0.5, "MIT"),
      said("ada", "post", 0.5, "MIT"),
      said("bob", "retract", 0),
    ];
    t.match(entryOf(level, all), { confidence: 0.5, supporters: ["ada"], author: "ada" });
  });
});
