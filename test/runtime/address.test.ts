import t from "tap";
import { addressOf, checkedName, checkedNodeName, nodeOf, pathOf } from "../../runtime/index.ts";

t.test("Address", async (t) => {
  t.test("is a node and a path", async (t) => {
    const address = addressOf("n1", "review/desk");
    t.equal(address, "n1/review/desk");
    t.same([nodeOf(address), pathOf(address)], ["n1", "review/desk"]);
    t.same([nodeOf("n1"), pathOf("n1")], ["n1", ""]);
  });

  t.test("names are refused with a TypeError that quotes them", async (t) => {
    t.equal(checkedName("worker-7.a"), "worker-7.a");
    t.equal(checkedNodeName("n_1"), "n_1");
    for (const name of ["", ".hidden", "a/b", "a b", "ä", "x".repeat(129)]) {
      t.throws(() => checkedName(name), { name: "TypeError", message: JSON.stringify(name) });
    }
    for (const name of ["", "a.b", "a*", "x".repeat(65)]) {
      t.throws(() => checkedNodeName(name), TypeError);
    }
  });
});
