import fc from "fast-check";
import t from "tap";
import {
  contributionKey,
  headKey,
  ksarKey,
  parseBoardKey,
} from "../../../protocols/blackboard/board-key.ts";
import { readBoard } from "../../../protocols/blackboard/board-store.ts";
import { entryId } from "../../../protocols/blackboard/entry-id.ts";
import { levelsByName } from "../../../protocols/blackboard/level.ts";
import { noisyOr } from "../../../protocols/blackboard/merge.ts";

const levels = levelsByName([{ name: "guess", merge: noisyOr }]);

function stored(number: number, revision: number) {
  return {
    key: contributionKey("guess.d.x", number),
    value: {
      v: 1,
      id: `c${number}`,
      type: "post",
      entry: "guess.d.x",
      subject: "d",
      author: `a${number}`,
      value: "x",
      confidence: 0.5,
      causes: [],
    },
    revision,
  };
}

t.test("board keys", async (t) => {
  t.test("can be taken apart again, whatever the entry is called", async () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1 }), (text, number) => {
        const entry = entryId("guess", text);
        const contribution = parseBoardKey(contributionKey(entry, number));
        const head = parseBoardKey(headKey(entry));
        const ksar = parseBoardKey(ksarKey(`title.${entry}.0`));
        return (
          contribution?.kind === "contribution" &&
          contribution.entry === entry &&
          contribution.number === number &&
          head?.kind === "head" &&
          head.entry === entry &&
          ksar?.kind === "ksar" &&
          ksar.ksar === `title.${entry}.0`
        );
      }),
    );
  });

  t.test("leaves alone what is no key of a board", async (t) => {
    t.equal(parseBoardKey("other.thing"), undefined);
    t.equal(parseBoardKey("contribution.guess.d.x"), undefined);
    t.equal(parseBoardKey("contribution"), undefined);
  });
});

t.test("readBoard", async (t) => {
  const head = { key: headKey("guess.d.x"), value: { v: 1 }, revision: 4 };

  t.test(
    "N1: computes an entry from its contributions, in the order of their numbers",
    async (t) => {
      const read = readBoard([stored(2, 3), stored(1, 1), head], levels);
      t.equal(read.sequence, 4);
      t.match(read.entries.get("guess.d.x"), {
        revision: 4,
        entry: { confidence: 0.75, contributions: 2, supporters: ["a1", "a2"] },
        contributions: [{ id: "c1" }, { id: "c2" }],
      });
    },
  );

  t.test("does not see an entry that was read while it was being written", async (t) => {
    t.equal(readBoard([head], levels).entries.size, 0);
    t.equal(readBoard([stored(2, 3), head], levels).entries.size, 0);
    t.equal(readBoard([stored(1, 3)], levels).entries.size, 0);
  });

  t.test("refuses a format or a level that it does not know", async (t) => {
    const later = { ...stored(1, 1), value: { v: 2 } };
    t.throws(() => readBoard([later], levels), { name: "TypeError", message: /format/ });
    const foreign = { key: headKey("rumour.d"), value: { v: 1 }, revision: 1 };
    t.throws(() => readBoard([foreign], levels), { name: "TypeError", message: /no level/ });
  });
});
