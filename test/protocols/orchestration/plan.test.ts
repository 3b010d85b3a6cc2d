import fc from "fast-check";
import t from "tap";
import { capability } from "../../../protocols/orchestration/capability.ts";
import { parsePlan, plan } from "../../../protocols/orchestration/plan.ts";

const Read = capability<{ path: string }, { text: string }>("read@1");
const Classify = capability<{ text: { text: string }; strict: boolean }, string>("classify@1");
const Count = capability<{ licences: string[] }, number>("count@1");

t.test("plan", async (t) => {
  t.test("ties assignments together by the results they need", async (t) => {
    const made = plan("job-7", (assign) => {
      const licences = ["a", "b"].map((name) => {
        const text = assign(Read, { id: `read.${name}`, given: { path: name } });
        return assign(Classify, {
          id: `classify.${name}`,
          given: { strict: true },
          needs: { text },
          fallback: [{ kind: "retry", times: 1 }],
        });
      });
      assign(Count, { id: "count", needs: { licences }, priority: "interactive" });
    });
    t.equal(made.assignments.length, 5);
    t.same(made.assignments[1], {
      id: "classify.a",
      capability: "classify@1",
      given: { strict: true },
      needs: { text: "read.a" },
      priority: "batch",
      fallback: [{ kind: "retry", times: 1 }],
    });
    t.same(made.assignments[4]?.needs, { licences: ["classify.a", "classify.b"] });
    t.same(
      parsePlan(JSON.parse(JSON.stringify(made))),
      { ok: true, value: made },
      "L2: plain data",
    );
  });

  t.test("types every field as given or needed", async () => {
    plan("job-8", (assign) => {
      const text = assign(Read, { id: "read", given: { path: "x" } });
      assign(Classify, { id: "c1", given: { strict: false }, needs: { text } });
      // @ts-expect-error the field `text` is neither given nor needed
      assign(Classify, { id: "c2", given: { strict: false } });
      // @ts-expect-error a need of another type
      assign(Count, { id: "c3", needs: { licences: text } });
    });
  });

  t.test("throws a TypeError that says what is wrong", async (t) => {
    t.throws(
      () =>
        plan("job-9", (assign) => {
          assign(Read, { id: "read", given: { path: "a" } });
          assign(Read, { id: "read", given: { path: "b" } });
        }),
      { name: "TypeError", message: "faulty plan: read is there twice" },
    );
    t.throws(() => capability("Read"), { name: "TypeError", message: /not a capability: "Read"/ });
  });
});

t.test("parsePlan", async (t) => {
  const faultsOf = (value: unknown) => {
    const parsed = parsePlan(value);
    return parsed.ok ? [] : parsed.error.map(({ kind, message }) => `${kind}: ${message}`);
  };
  const one = (id: string, needs: Record<string, unknown> = {}) => ({
    id,
    capability: "a@1",
    needs,
  });

  t.test("L1: names unknown needs, duplicates and the members of a cycle", async (t) => {
    t.same(faultsOf({ job: "j", assignments: [one("a", { x: "b" })] }), [
      "unknown-need: a needs b, which is not in the plan",
    ]);
    t.same(faultsOf({ job: "j", assignments: [one("a"), one("a")] }), [
      "duplicate-id: a is there twice",
    ]);
    const assignments = [one("a", { x: "b" }), one("b", { x: ["c"] }), one("c", { x: "b" })];
    t.same(faultsOf({ job: "j", assignments }), [
      "cycle: b needs c needs b is a cycle: leave one of these needs out",
    ]);
    t.match(faultsOf({ job: "j", assignments: [one("a", { x: "a" })] }), [/^cycle: a needs a/]);
  });

  t.test("lists every malformed part", async (t) => {
    t.match(faultsOf(undefined), [/a plan needs a job/]);
    t.match(faultsOf({ job: "a.b" }), [/one token/]);
    t.match(faultsOf({ job: "j" }), [/list of assignments/]);
    const assignments = [
      7,
      { id: "a b" },
      { id: "a", capability: "Read" },
      { ...one("b"), given: [] },
      { ...one("c"), needs: { x: 1 } },
      { ...one("d"), priority: "soon" },
      { ...one("e"), fallback: [{ kind: "retry", times: 0 }] },
      { ...one("f"), fallback: [{ kind: "hope" }] },
      { ...one("g"), maxAttempts: 0 },
    ];
    t.match(faultsOf({ job: "j", assignments }), [
      /assignment 0 needs an id/,
      /assignment 1 needs an id/,
      /a needs a capability/,
      /b: given/,
      /c: needs/,
      /d: priority/,
      /e: a fallback/,
      /f: a fallback/,
      /g: maxAttempts/,
    ]);
  });

  t.test("L1: accepts a graph exactly when it has no cycle", async () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const assignments = Array.from({ length: 8 }, (_, at) =>
          one(`a${at}`, { x: pairs.filter(([from]) => from === at).map(([, to]) => `a${to}`) }),
        );
        return parsePlan({ job: "j", assignments }).ok === !reachesItself(pairs);
      }),
    );
  });
});

/** Warshall's closure: a way of finding cycles that shares nothing with the one under test. */
function reachesItself(pairs: readonly (readonly [number, number])[]): boolean {
  const reach = Array.from({ length: 8 }, () => new Array<boolean>(8).fill(false));
  for (const [from, to] of pairs) (reach[from] as boolean[])[to] = true;
  for (let k = 0; k < 8; k++) {
    for (const row of reach) {
      if (row[k] !== true) continue;
      for (let j = 0; j < 8; j++) if (reach[k]?.[j] === true) row[j] = true;
    }
  }
  return reach.some((row, at) => row[at] === true);
}
