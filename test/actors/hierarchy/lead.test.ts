import t, { type Test } from "tap";
import { type Intent, type LeadSpec, lead, specialist } from "../../../actors/index.ts";
import {
  type Contract,
  Lead,
  type LeadAnswer,
  type Report,
  Resolver,
} from "../../../protocols/index.ts";
import {
  actor,
  createSystem,
  EventFeed,
  MemoryHub,
  silentLog,
  type TroupeEvent,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

/** Scores an intent by how often the question names it. */
const score: LeadSpec["score"] = (question, intents) =>
  intents.map(({ name }) => ({ intent: name, score: question.includes(name) ? 0.9 : 0 }));

function world(t: Test) {
  const clock = new ManualClock();
  const events = new EventFeed("local", clock);
  const system = createSystem({ clock, events, log: silentLog });
  t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
  const seen: Contract[] = [];
  const undertaking = (name: string, undertake: (contract: Contract) => Report | Promise<Report>) =>
    system.spawn(
      specialist((contract) => {
        seen.push(contract);
        return undertake(contract);
      }),
      { name },
    );
  const desk = (changes: Partial<LeadSpec>, name = "desk") =>
    system.spawn(lead({ intents: [], score, deadline: "5s", ...changes }), { name });
  return { clock, events, system, seen, undertaking, desk };
}

const intent = (name: string, changes: Partial<Intent> = {}): Intent => ({
  name,
  specialist: `local/${name}`,
  examples: [],
  ...changes,
});

const done = (result: unknown): Report => ({ kind: "done", result });

function person(at: ReturnType<typeof world>) {
  const answer = actor(Resolver, () => undefined, {
    resolve: (ctx, { reason }) => ({
      kind: "answered",
      by: ctx.self.address,
      result: `because ${reason.kind}`,
    }),
  });
  return at.system.spawn(answer, { name: "person" });
}

t.test("Lead", async (t) => {
  t.test("has the specialist of the intent answer", async (t) => {
    const at = world(t);
    at.undertaking("patents", () => ({ kind: "done", result: "granted", costMicros: 7 }));
    at.undertaking("permissions", () => done("allowed"));
    const desk = at.desk({
      intents: [intent("patents", { tools: ["search"] }), intent("permissions")],
    });
    const answer = await desk.ask("handle", { question: "which patents?", context: { file: 1 } });
    t.strictSame(answer, {
      kind: "answered",
      intent: "patents",
      confidence: 0.9,
      by: "local/patents",
      result: "granted",
      costMicros: 7,
    });
    t.match(at.seen, [
      {
        goal: { question: "which patents?", context: { file: 1 } },
        withinMs: 5_000,
        tools: ["search"],
        trail: [{ agent: "local/patents" }],
      },
    ]);
  });

  t.test(
    "R1: clarifies between intents that fit alike, and takes the asker's word for one",
    async (t) => {
      const at = world(t);
      at.undertaking("a", () => done("from a"));
      const desk = at.desk({
        intents: [intent("a"), intent("b")],
        thresholds: { delegateAt: 0.5 },
      });
      const question = "a or b?";
      t.match(await desk.ask("handle", { question }), { kind: "clarify", intents: ["a", "b"] });
      t.equal(at.seen.length, 0, "nobody was asked");
      t.match(await desk.ask("handle", { question, intent: "a" }), { result: "from a" });
    },
  );

  t.test(
    "R2: escalates what fits no intent to a person, or says so when there is none",
    async (t) => {
      const at = world(t);
      const alone = at.desk({ intents: [intent("a")] }, "alone");
      const expected = { kind: "escalated", reason: { kind: "no-intent-fits" } };
      t.match(await alone.ask("handle", { question: "snow?" }), expected);
      const desk = at.desk({ intents: [intent("a")], escalateTo: person(at) });
      t.match(await desk.ask("handle", { question: "snow?" }), {
        ...expected,
        resolution: { kind: "answered", by: "local/person", result: "because no-intent-fits" },
      });
    },
  );

  const ends: readonly (readonly [string, () => Report | Promise<Report>, string])[] = [
    ["refuses", () => ({ kind: "refused", reason: "not mine" }), "refused"],
    ["escalates", () => ({ kind: "escalated", reason: "too big" }), "escalated"],
    ["wants too much", () => ({ kind: "more", sliceMicros: 1 }), "too-dear"],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
      "failed",
    ],
    ["is late", () => new Promise<Report>(() => {}), "late"],
  ];
  for (const [what, undertake, kind] of ends) {
    t.test(`R2: escalates when the specialist ${what}`, async (t) => {
      const at = world(t);
      at.undertaking("a", undertake);
      const desk = at.desk({ intents: [intent("a")], escalateTo: person(at) });
      const answer = desk.ask("handle", { question: "a?" });
      await at.clock.advanceAsync("6s");
      t.match(await answer, {
        kind: "escalated",
        reason: { kind },
        resolution: { result: `because ${kind}` },
      });
    });
  }

  t.test("R2: escalates when nobody lives at the specialist's address", async (t) => {
    const at = world(t);
    const desk = at.desk({ intents: [intent("nobody")] });
    const answer = await desk.ask("handle", { question: "nobody?" });
    t.match(answer, { kind: "escalated", reason: { kind: "failed" } });
  });

  t.test("sends a report back that does not pass its acceptance check", async (t) => {
    const at = world(t);
    at.undertaking("a", ({ attempt }) => done(attempt === 1 ? "bare" : "with evidence"));
    const evidence = (result: unknown) =>
      String(result).includes("evidence") ? undefined : "name your evidence";
    const desk = at.desk({
      intents: [intent("a", { acceptance: "evidence" })],
      acceptance: { evidence },
    });
    t.match(await desk.ask("handle", { question: "a?" }), { result: "with evidence" });
    t.match(at.seen[1], {
      attempt: 2,
      progress: { objection: "name your evidence", result: "bare" },
    });
  });

  t.test("grants more from the reserve", async (t) => {
    const at = world(t);
    at.undertaking("a", ({ sliceMicros, progress }) =>
      sliceMicros < 150 ? { kind: "more", sliceMicros: 150, progress: "half" } : done(progress),
    );
    const limits = { reserveMicros: 100 };
    const desk = at.desk({ intents: [intent("a")], sliceMicros: 100, limits });
    t.match(await desk.ask("handle", { question: "a?" }), { kind: "answered", result: "half" });
  });

  t.test("answers other questions while one specialist takes its time", async (t) => {
    const at = world(t);
    let finish: (report: Report) => void = () => {};
    at.undertaking("slow", () => new Promise((resolve) => (finish = resolve)));
    at.undertaking("quick", () => done("at once"));
    const desk = at.desk({ intents: [intent("slow"), intent("quick")] });
    const slow = desk.ask("handle", { question: "slow?" });
    t.match(await desk.ask("handle", { question: "quick?" }), { result: "at once" });
    finish(done("at last"));
    t.match(await slow, { result: "at last" });
  });

  t.test("stops a chain of delegations that comes round again", async (t) => {
    const at = world(t);
    const desk = at.desk({ intents: [intent("a")] });
    at.undertaking("a", async ({ trail }): Promise<Report> => {
      const again = await at.system
        .refOf(Lead, desk.address)
        .ask("handle", { question: "a?", trail });
      return done(again);
    });
    const answer = await desk.ask("handle", { question: "a?" });
    t.match(answer, { kind: "answered", result: { kind: "escalated", reason: { kind: "loop" } } });
  });

  t.test("resolves for a lead below it", async (t) => {
    const at = world(t);
    at.undertaking("legal", () => done("ask a lawyer"));
    const chief = at.desk({ intents: [intent("legal")] }, "chief");
    const desk = at.desk({ intents: [intent("a")], escalateTo: chief });
    t.match(await desk.ask("handle", { question: "legal?" }), {
      kind: "escalated",
      resolution: { kind: "answered", by: "local/legal", result: "ask a lawyer" },
    });
  });

  t.test("says where a question went in one event", async (t) => {
    const at = world(t);
    const routed: TroupeEvent[] = [];
    at.events.subscribe((event) => {
      if (event.type === "question.routed") routed.push(event);
    });
    at.undertaking("a", () => done(1));
    await at.desk({ intents: [intent("a")] }).ask("handle", { question: "a?" });
    t.match(routed, [{ question: "a?", intent: "a", confidence: 0.9 }]);
    t.equal(routed.length, 1);
  });

  t.test("refuses intents that contradict each other", async (t) => {
    const wrong = { intents: [intent("a"), intent("a")], score };
    t.throws(() => lead(wrong), { name: "TypeError", message: /two intents/ });
    const unknown = { intents: [intent("a", { acceptance: "none" })], score };
    t.throws(() => lead(unknown), { name: "TypeError", message: /no acceptance check/ });
  });
});

t.test("A lead whose specialists live on another node", async (t) => {
  const hub = new MemoryHub();
  const [near, far] = ["n1", "n2"].map((node) =>
    createSystem({ node, transport: hub.join(node), log: silentLog }),
  );
  if (near === undefined || far === undefined) throw new Error("two systems were made");
  t.teardown(() => Promise.all([near.shutdown(), far.shutdown()]));
  await far.spawn(
    specialist(() => done("from afar")),
    { name: "a" },
  ).ready;
  const intents = [intent("a", { specialist: "n2/a" })];
  const desk = near.spawn(lead({ intents, score }), { name: "desk" });

  t.test("answers its asker on a third party's behalf", async (t) => {
    const answer: LeadAnswer = await far
      .refOf(Lead, desk.address)
      .ask("handle", { question: "a?" });
    t.match(answer, { kind: "answered", by: "n2/a", result: "from afar" });
  });
});
