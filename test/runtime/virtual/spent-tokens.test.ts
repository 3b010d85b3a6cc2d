import t from "tap";
import { SpentTokens } from "../../../runtime/virtual/spent-tokens.ts";

t.test("The tokens under which something went back", async (t) => {
  t.test(
    "R1: count as spent with all older ones of their unit, and newer ones do not",
    async (t) => {
      const spent = new SpentTokens();
      t.equal(spent.has("act.a.1", 1), false);
      spent.add("act.a.1", 7);
      spent.add("act.a.1", 5);
      t.equal(spent.has("act.a.1", 7), true);
      t.equal(spent.has("act.a.1", 5), true);
      t.equal(spent.has("act.a.1", 8), false);
      t.equal(spent.has("act.a.2", 7), false, "of another unit");
      spent.forget("act.a.1");
      t.equal(spent.has("act.a.1", 7), false);
    },
  );

  t.test("regression R1: are bounded, and none of them counts as unspent for that", async (t) => {
    const spent = new SpentTokens();
    const units = 20_000;
    for (let n = 1; n <= units; n++) spent.add(`act.a.${n}`, n);
    t.ok(spent.size <= 4_096, `${spent.size} units are remembered`);
    let unspent = 0;
    for (let n = 1; n <= units; n++) if (!spent.has(`act.a.${n}`, n)) unspent++;
    t.equal(unspent, 0);
    t.equal(spent.has("act.a.1", units + 1), false, "a new token is above all that were spent");
  });
});
