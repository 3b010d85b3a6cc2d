import t from "tap";
import { openingOf } from "../../../../examples/licence-review/methods/opening.ts";

t.test("openingOf", async (t) => {
  t.test("tells a title from a grant and from anything else", async (t) => {
    const of = (text: string): string => openingOf({ words: text.split(" ") });
    t.equal(of("the mit license permission is hereby granted"), "title");
    t.equal(of("permission is hereby granted under a license"), "permission");
    t.equal(of("redistribution and use in source"), "redistribution");
    t.equal(of("this is free and unencumbered software"), "other");
    t.equal(openingOf({ words: [] }), "other");
  });

  t.test("reads no more than twelve words", async (t) => {
    t.equal(openingOf({ words: [...Array.from({ length: 12 }, () => "a"), "license"] }), "other");
  });
});
