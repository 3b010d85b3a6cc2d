import fc from "fast-check";
import t from "tap";
import { persistenceIdOf } from "../../../runtime/persistence/persistence-id.ts";
import { checkedKey } from "../../../runtime/ports/key-filter.ts";

const virtual = (type: string, key: string) =>
  persistenceIdOf("a@1", { type, key, token: 1, holds: () => true }, undefined, undefined);
const named = (id: string) => persistenceIdOf("a@1", undefined, id, undefined);

t.test("persistenceIdOf", async (t) => {
  t.test("I1: any two ids make two keys, which every store takes", async (t) => {
    const keys = new Map<string, string>();
    const text = fc.string({ minLength: 1, maxLength: 300, unit: "binary" });
    fc.assert(
      fc.property(text, text, (one, other) => {
        for (const [whose, { key }] of [
          [`named ${one}`, named(one)],
          [`virtual ${one} ${other}`, virtual(one, other)],
        ] as const) {
          checkedKey(key);
          if ((keys.get(key) ?? whose) !== whose) return false;
          keys.set(key, whose);
        }
        return true;
      }),
    );
    t.ok(keys.size > 100);
  });

  t.test("names virtual actors by type and key, others by their id", async (t) => {
    t.strictSame(virtual("session", "user-42"), {
      name: "session/user-42",
      key: "virtual.session.user-42",
    });
    t.strictSame(named("a/b"), { name: "a/b", key: "named.a=2fb" });
    const given = (input: { readonly who: string }) => input.who;
    t.equal(persistenceIdOf("a@1", undefined, given, { who: "me" }).name, "me");
  });

  t.test("an actor that is not virtual and has no id is told what it lacks", async (t) => {
    const without = () => persistenceIdOf("a@1", undefined, undefined, undefined);
    t.throws(without, { name: "TypeError", message: /register it as virtual, or give it an "id"/ });
    t.throws(() => named(""), { name: "TypeError" });
  });
});
