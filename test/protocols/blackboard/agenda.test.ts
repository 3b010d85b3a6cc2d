import fc from "fast-check";
import t from "tap";
import type { Ksar } from "../../../protocols/blackboard/agenda.ts";
import { Agenda, ksarOf } from "../../../protocols/blackboard/agenda.ts";
import type { Entry } from "../../../protocols/blackboard/entry.ts";
import type { KnowledgeSource } from "../../../protocols/blackboard/knowledge-source.ts";
import { checkedSource } from "../../../protocols/blackboard/knowledge-source.ts";
import { PriorityQueue } from "../../../protocols/blackboard/priority-queue.ts";
import { compileTriggers } from "../../../protocols/blackboard/trigger.ts";

function ksar(source: string, entry: string, rating: number, options: Partial<Ksar> = {}): Ksar {
  const version = options.version ?? 0;
  return {
    key: `${source}.${entry}.${version}`,
    source,
    entry,
    subject: entry,
    level: "document",
    version,
    rating,
    cost: 1,
    attempt: 1,
    ...options,
  };
}

const anyone = () => true;

function entryWith(options: Partial<Entry>): Entry {
  return {
    id: "document.d",
    level: "document",
    subject: "d",
    phase: "live",
    value: {},
    confidence: 0.5,
    author: "pipeline",
    supporters: ["pipeline"],
    opponents: [],
    causes: [],
    contributions: 1,
    ...options,
  };
}

function sourceWith(options: Partial<KnowledgeSource>): KnowledgeSource {
  return {
    name: "title",
    triggers: [{ level: "document" }],
    reads: [],
    writes: [],
    credibility: 0.8,
    cost: 2,
    concurrency: 1,
    ...options,
  };
}

t.test("Agenda", async (t) => {
  t.test("rates by benefit, credibility and cost", async (t) => {
    const match = { source: sourceWith({}), version: 0, benefit: 0.5 };
    const made = ksarOf(entryWith({ confidence: 0.2 }), match);
    t.equal(made.key, "title.document.d.0");
    t.ok(Math.abs(made.rating - (0.5 * 0.8 * 0.8) / 2) < 1e-12);
    t.ok(ksarOf(entryWith({ confidence: 1 }), match).rating > 0, "a sure entry has a rating too");
  });

  t.test("AG3: hands out the best that may run, ties by arrival", async (t) => {
    const agenda = new Agenda();
    agenda.add(ksar("a", "e1", 1));
    agenda.add(ksar("b", "e2", 3));
    agenda.add(ksar("a", "e3", 2));
    agenda.add(ksar("b", "e4", 2));
    t.equal(agenda.take((source) => source === "a", anyone)?.entry, "e3");
    t.equal(agenda.take(anyone, (one) => one.rating < 3)?.entry, "e1");
    t.equal(agenda.take(anyone, anyone)?.entry, "e2");
    t.equal(agenda.take(anyone, anyone)?.entry, "e4");
    t.equal(agenda.take(anyone, anyone), undefined);
  });

  t.test("AG2: runs one activation of a subject at a time", async (t) => {
    const agenda = new Agenda();
    agenda.add(ksar("a", "e", 2));
    agenda.add(ksar("b", "e", 1));
    const first = agenda.take(anyone, anyone) as Ksar;
    t.equal(first.source, "a");
    t.equal(agenda.take(anyone, anyone), undefined);
    t.equal(agenda.size, 1);
    agenda.release(first);
    t.equal(agenda.take(anyone, anyone)?.source, "b");
  });

  t.test("AG1: gives a lost activation out again, one attempt on", async (t) => {
    const agenda = new Agenda();
    t.equal(agenda.add(ksar("a", "e", 1)), true);
    t.equal(agenda.add(ksar("a", "e", 1)), false);
    const first = agenda.take(anyone, anyone) as Ksar;
    t.equal(agenda.add(ksar("a", "e", 1)), false, "it was handed out");
    agenda.giveBack(first);
    t.match(agenda.take(anyone, anyone), { key: first.key, attempt: 2 });
    agenda.recall("a.f.0");
    t.equal(agenda.add(ksar("a", "f", 1)), false, "it was handed out before");
  });

  t.test("AG4: a newer version replaces the one that waits", async (t) => {
    const agenda = new Agenda();
    agenda.add(ksar("a", "e", 1, { version: 1 }));
    agenda.add(ksar("a", "e", 1, { version: 2 }));
    t.equal(agenda.size, 1);
    t.equal(agenda.take(anyone, anyone)?.version, 2);
  });

  t.test("AG5: ends an exchange of answers that never would", async (t) => {
    const agenda = new Agenda();
    let handedOut = 0;
    for (let version = 1; version < 100; version++) {
      agenda.add(ksar("a", "e", 1, { version }));
      const taken = agenda.take(anyone, anyone);
      if (taken === undefined) break;
      handedOut++;
      agenda.release(taken);
    }
    t.equal(handedOut, 16);
  });

  t.test("a boost prefers what it names, also what waits already", async (t) => {
    const agenda = new Agenda();
    agenda.add(ksar("a", "e1", 3));
    agenda.add(ksar("b", "e2", 2));
    agenda.boost({ source: "b", factor: 2 });
    t.equal(agenda.take(anyone, anyone)?.source, "b");
    agenda.add(ksar("c", "e3", 2));
    agenda.boost({ subject: "e3", factor: 2 });
    t.equal(agenda.take(anyone, anyone)?.source, "c");
  });

  t.test("drop removes what waits for a subject", async (t) => {
    const agenda = new Agenda();
    agenda.add(ksar("a", "e1", 3));
    agenda.add(ksar("b", "e1", 2));
    agenda.add(ksar("b", "e2", 1));
    agenda.drop("e1");
    t.equal(agenda.size, 1);
    t.equal(agenda.take(anyone, anyone)?.entry, "e2");
  });

  t.test("AG1–AG3: random use agrees with a plain list", async () => {
    const act = fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        source: fc.constantFrom("a", "b", "c"),
        entry: fc.constantFrom("e1", "e2", "e3", "e4"),
        version: fc.nat(2),
        rating: fc.nat(4),
      }),
      fc.record({ kind: fc.constantFrom("take" as const, "release" as const, "lose" as const) }),
      fc.record({ kind: fc.constant("boost" as const), source: fc.constantFrom("a", "b") }),
      fc.record({ kind: fc.constant("drop" as const), subject: fc.constantFrom("e1", "e2") }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const agenda = new Agenda();
        const factors: Record<string, number> = { a: 1, b: 1, c: 1 };
        let waiting: { ksar: Ksar; at: number }[] = [];
        const out = new Set<string>();
        const running: Ksar[] = [];
        const counts = new Map<string, number>();
        let at = 0;
        const rate = (one: Ksar) => one.rating * (factors[one.source] ?? 1);
        const add = (one: Ksar): boolean => {
          if (out.has(one.key) || waiting.some((other) => other.ksar.key === one.key)) return false;
          if ((counts.get(`${one.source}.${one.entry}`) ?? 0) >= 16) return false;
          waiting = waiting.filter(
            ({ ksar: other }) => other.source !== one.source || other.entry !== one.entry,
          );
          waiting.push({ ksar: one, at: at++ });
          return true;
        };
        for (const one of acts) {
          switch (one.kind) {
            case "add": {
              const made = ksar(one.source, one.entry, one.rating, { version: one.version });
              if (agenda.add(made) !== add(made)) return false;
              break;
            }
            case "take": {
              const free = waiting.filter(
                ({ ksar: due }) => !running.some((busy) => busy.subject === due.subject),
              );
              free.sort((a, b) => rate(b.ksar) - rate(a.ksar) || a.at - b.at);
              const expected = free[0]?.ksar;
              const taken = agenda.take(anyone, anyone);
              if (taken?.key !== expected?.key || taken?.attempt !== expected?.attempt)
                return false;
              if (taken === undefined) break;
              waiting = waiting.filter(({ ksar: due }) => due.key !== taken.key);
              out.add(taken.key);
              const pair = `${taken.source}.${taken.entry}`;
              counts.set(pair, (counts.get(pair) ?? 0) + 1);
              running.push(taken);
              break;
            }
            case "release": {
              const ended = running.shift();
              if (ended !== undefined) agenda.release(ended);
              break;
            }
            case "lose": {
              const ended = running.shift();
              if (ended === undefined) break;
              agenda.giveBack(ended);
              out.delete(ended.key);
              add({ ...ended, attempt: ended.attempt + 1 });
              break;
            }
            case "boost":
              agenda.boost({ source: one.source, factor: 2 });
              factors[one.source] = (factors[one.source] ?? 1) * 2;
              break;
            case "drop":
              agenda.drop(one.subject);
              waiting = waiting.filter(({ ksar: due }) => due.subject !== one.subject);
              break;
          }
          if (agenda.size !== waiting.length) return false;
        }
        return true;
      }),
    );
  });
});

t.test("PriorityQueue", async (t) => {
  t.test("takes items in order, whatever the order they came in", async () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const queue = new PriorityQueue<number>((a, b) => a < b);
        for (const number of numbers) queue.add(number);
        const taken: number[] = [];
        while (queue.size > 0) taken.push(queue.take() as number);
        return JSON.stringify(taken) === JSON.stringify(numbers.toSorted((a, b) => a - b));
      }),
    );
  });
});

t.test("triggers", async (t) => {
  const namesOf = (source: KnowledgeSource, entry: Entry) =>
    compileTriggers([source])
      .matches(entry)
      .map((match) => match.source.name);

  t.test("fire for entries of their level for which all conditions hold", async (t) => {
    const when = (...conditions: NonNullable<KnowledgeSource["triggers"][0]["when"]>) =>
      sourceWith({ triggers: [{ level: "document", when: conditions }] });
    const entry = entryWith({ value: { kind: { deep: true } } });
    t.same(namesOf(sourceWith({}), entry), ["title"]);
    t.same(namesOf(sourceWith({ triggers: [{ level: "guess" }] }), entry), []);
    t.same(namesOf(when({ kind: "confidence-below", confidence: 0.6 }), entry), ["title"]);
    t.same(namesOf(when({ kind: "confidence-from", confidence: 0.6 }), entry), []);
    t.same(namesOf(when({ kind: "author", author: "pipeline" }), entry), ["title"]);
    t.same(namesOf(when({ kind: "field", path: "kind.deep", equals: true }), entry), ["title"]);
    t.same(namesOf(when({ kind: "field", path: "kind.flat", equals: true }), entry), []);
    t.same(namesOf(when({ kind: "field", path: "toString", equals: null }), entry), []);
    t.same(
      namesOf(when({ kind: "author", author: "pipeline" }, { kind: "author", author: "x" }), entry),
      [],
    );
  });

  t.test("T1: carry the version only when they are to fire at each change", async (t) => {
    const entry = entryWith({ contributions: 7 });
    const change = sourceWith({ triggers: [{ level: "document", on: "change" }] });
    t.match(compileTriggers([sourceWith({}), change]).matches(entry), [
      { version: 0, benefit: 1 },
      { version: 7 },
    ]);
  });

  t.test(
    "T2: do not fire for what the source said itself, nor for what is retracted",
    async (t) => {
      t.same(namesOf(sourceWith({}), entryWith({ supporters: ["title"] })), []);
      t.same(namesOf(sourceWith({}), entryWith({ opponents: ["title"] })), []);
      t.same(namesOf(sourceWith({}), entryWith({ phase: "retracted" })), []);
    },
  );
});

t.test("checkedSource", async (t) => {
  t.test("throws for a declaration that cannot be rated", async (t) => {
    t.throws(() => checkedSource(sourceWith({ name: "a b" })), { name: "TypeError" });
    t.throws(() => checkedSource(sourceWith({ triggers: [] })), { name: "TypeError" });
    t.throws(() => checkedSource(sourceWith({ credibility: 0 })), { name: "RangeError" });
    t.throws(() => checkedSource(sourceWith({ cost: 0 })), { name: "RangeError" });
    t.throws(() => checkedSource(sourceWith({ concurrency: 0.5 })), { name: "RangeError" });
    t.same(checkedSource(sourceWith({})).name, "title");
  });
});
