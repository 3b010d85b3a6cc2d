import t from "tap";
import { checkedVersion, migrated } from "../../../runtime/persistence/migration.ts";

const steps = {
  1: (old: number) => ({ total: old }),
  2: (old: { readonly total: number }) => ({ total: old.total, currency: "EUR" }),
};

t.test("migrated", async (t) => {
  t.test("leads from any older version to the present one, step by step", async (t) => {
    t.strictSame(migrated("it", 5, 1, 3, steps), { total: 5, currency: "EUR" });
    t.strictSame(migrated("it", { total: 5 }, 2, 3, steps), { total: 5, currency: "EUR" });
    t.strictSame(migrated("it", { total: 5 }, 3, 3, steps), { total: 5 });
  });

  t.test("M2: refuses what is newer, in one line that says what to do", async (t) => {
    t.throws(() => migrated("the state of a/1", {}, 4, 3, steps), {
      code: "state.unreadable",
      message:
        "the state of a/1 is of version 4, and this program knows versions up to 3: update it",
    });
  });

  t.test("refuses an older version that no step leads from", async (t) => {
    t.throws(() => migrated("it", {}, 1, 3, { 2: () => 1 }), {
      code: "state.unreadable",
      message: "it is of version 1, and no migration leads from version 1",
    });
    t.throws(() => migrated("it", {}, 1, 2), { code: "state.unreadable" });
  });
});

t.test("checkedVersion", async (t) => {
  t.test("takes a whole number from 1, and steps that lead up to it without a gap", async (t) => {
    t.equal(checkedVersion(3, steps), 3);
    t.equal(checkedVersion(3, { 2: () => 1 }), 3, "older ones than the first step are gone");
    t.equal(checkedVersion(1), 1);
    for (const version of [0, 1.5, -1, Number.NaN])
      t.throws(() => checkedVersion(version), RangeError);
    t.throws(() => checkedVersion(3, { 1: () => 1 }), {
      name: "TypeError",
      message: "there is no migration from version 2 to 3",
    });
    t.throws(() => checkedVersion(2, { 2: () => 1 }), { name: "TypeError" });
    t.throws(() => checkedVersion(2, { 0: () => 1, 1: () => 1 }), { name: "TypeError" });
  });
});
