import fc from "fast-check";
import t from "tap";
import { argumentsKey, followed, type Trail } from "../../../protocols/hierarchy/loop-guard.ts";

const step = (agent: string, what: unknown) => ({
  agent,
  operation: "undertake",
  arguments: argumentsKey(what),
});

t.test("LoopGuard", async (t) => {
  t.test("stops the same agent doing the same with the same arguments", async (t) => {
    const first = followed([], step("n1/a", { q: 1, r: 2 }));
    t.ok(first.ok);
    const trail: Trail = first.ok ? first.trail : [];
    t.strictSame(followed(trail, step("n1/a", { r: 2, q: 1 })), { ok: false, reason: "loop" });
    t.ok(followed(trail, step("n1/b", { q: 1, r: 2 })).ok, "another agent may");
    t.ok(followed(trail, step("n1/a", { q: 2, r: 2 })).ok, "with other arguments it may");
    t.ok(followed(trail, step("n1/a", { q: 1, r: 2 }), { repeats: 2 }).ok, "if allowed it may");
  });

  t.test("stops a chain that nests too deep", async (t) => {
    let trail: Trail = [];
    for (let depth = 0; depth < 3; depth++) {
      const verdict = followed(trail, step("n1/a", depth), { depth: 3 });
      trail = verdict.ok ? verdict.trail : [];
    }
    t.strictSame(followed(trail, step("n1/a", 3), { depth: 3 }), { ok: false, reason: "too-deep" });
  });

  t.test("keys tell different arguments apart, and only those", async () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), fc.integer(), (data, other) => {
        const reversed = Object.fromEntries(Object.entries(data).toReversed());
        return (
          argumentsKey(data) === argumentsKey(reversed) &&
          argumentsKey({ data }) !== argumentsKey({ data: other })
        );
      }),
    );
  });
});
