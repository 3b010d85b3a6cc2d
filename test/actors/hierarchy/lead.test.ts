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
  MemoryMembers,
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

  t.test("R3: has a stand-in answer when nobody lives at the specialist's address", async (t) => {
    const at = world(t);
    at.undertaking("b", ({ attempt }) => done(attempt));
    const standIns = ["local/nobody-either", "local/b"];
    const desk = at.desk({ intents: [intent("nobody", { standIns })] });
    const answer = await desk.ask("handle", { question: "nobody?" });
    t.match(answer, { kind: "answered", by: "local/b", result: 3 });
  });

  t.test("R3: escalates when all stand-ins are gone too", async (t) => {
    const at = world(t);
    const desk = at.desk({ intents: [intent("nobody", { standIns: ["local/b"] })] });
    const answer = await desk.ask("handle", { question: "nobody?" });
    t.match(answer, { kind: "escalated", reason: { kind: "failed" } });
  });

  t.test("R3: does not ask a stand-in for what a specialist threw or refused", async (t) => {
    const at = world(t);
    at.undertaking("a", () => {
      throw new Error("broken");
    });
    at.undertaking("c", () => ({ kind: "refused", reason: "not mine" }));
    at.undertaking("b", () => done("never"));
    const standIns = ["local/b"];
    const desk = at.desk({ intents: [intent("a", { standIns }), intent("c", { standIns })] });
    t.match(await desk.ask("handle", { question: "a?" }), { reason: { kind: "failed" } });
    t.match(await desk.ask("handle", { question: "c?" }), { reason: { kind: "refused" } });
    t.equal(at.seen.length, 2);
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

t.test("A lead whose specialists' node dies", async (t) => {
  const names = ["n1", "n2", "n3"];
  const crowd = (t: Test) => {
    const hub = new MemoryHub();
    const members = new MemoryMembers();
    const systems = names.map((node) =>
      createSystem({
        node,
        transport: hub.join(node),
        membership: members.join({ name: node, incarnation: "1" }),
        log: silentLog,
      }),
    );
    // The process's timers do not keep it alive, and these tests wait for nothing else.
    const release = systems[0]?.ports.clock.keepAlive?.();
    t.teardown(async () => {
      await Promise.all(systems.map((system) => system.shutdown()));
      release?.();
    });
    const [near, ...far] = systems;
    if (near === undefined) throw new Error("three systems were made");
    return { members, near, far };
  };
  const intents = [intent("a", { specialist: "n2/a", standIns: ["n3/a"] })];

  t.test("R3: has the same specialist of another node answer", async (t) => {
    const { members, near, far } = crowd(t);
    let undertaken: () => void = () => {};
    const isUndertaken = new Promise<void>((resolve) => {
      undertaken = resolve;
    });
    const hanging = specialist(
      (_, { signal }) =>
        new Promise<Report>((resolve) => {
          undertaken();
          signal.addEventListener("abort", () => resolve(done("too late")));
        }),
    );
    const [second, third] = far;
    await second?.spawn(hanging, { name: "a" }).ready;
    await third?.spawn(
      specialist(() => done("in its place")),
      { name: "a" },
    ).ready;
    const desk = near.spawn(lead({ intents, score }), { name: "desk" });
    const answer = desk.ask("handle", { question: "a?" });
    await isUndertaken;
    members.move({ name: "n2", incarnation: "1" }, "down");
    t.match(await answer, { kind: "answered", by: "n3/a", result: "in its place" });
  });

  t.test("R3, S21: asks one on a node that takes no new work last", async (t) => {
    const { members, near, far } = crowd(t);
    await Promise.all(
      far.map(
        (system) =>
          system.spawn(
            specialist(() => done(system.node)),
            { name: "a" },
          ).ready,
      ),
    );
    const desk = near.spawn(lead({ intents, score }), { name: "desk" });
    for (const phase of ["suspected", "degraded", "draining"] as const) {
      members.move({ name: "n2", incarnation: "1" }, phase);
      t.match(await desk.ask("handle", { question: "a?" }), { by: "n3/a" }, phase);
      members.move({ name: "n2", incarnation: "1" }, "up");
      t.match(await desk.ask("handle", { question: "a?" }), { by: "n2/a" });
    }
  });
});
