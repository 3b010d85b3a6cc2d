import t, { type Test } from "tap";
import { actor } from "../../runtime/actor.ts";
import { DeferredReplies, DeferredReply } from "../../runtime/deferred-reply.ts";
import { createSystem, MemoryHub, silentLog } from "../../runtime/index.ts";
import { ask, protocol, type Schema, tell } from "../../runtime/protocol.ts";
import { ManualClock } from "../../runtime/testing/index.ts";

const text: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "not a text" }] },
  },
};

const Post = protocol("post@1", {
  fetch: ask<undefined, string>(undefined, text),
  deliver: tell<unknown>(),
  lose: tell<string>(),
  awaited: ask<undefined, number>(),
});

/** Answers `fetch` when something is delivered. */
const post = actor(Post, () => ({ waiting: [] as DeferredReply<string>[] }), {
  fetch: (ctx) => {
    const reply = new DeferredReply<string>();
    ctx.state.waiting.push(reply);
    return reply;
  },
  deliver: (ctx, letter) => {
    for (const reply of ctx.state.waiting) reply.resolve(letter as string);
  },
  lose: (ctx, why) => {
    for (const reply of ctx.state.waiting) reply.reject(new Error(why));
  },
  awaited: (ctx) => ctx.state.waiting.filter((reply) => reply.isAwaited).length,
});

function world(t: Test) {
  const clock = new ManualClock();
  const system = createSystem({ clock, log: silentLog });
  t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
  return { clock, system, office: system.spawn(post, { name: "office" }) };
}

t.test("DeferredReply", async (t) => {
  t.test("keeps the ask open while its actor handles other messages", async (t) => {
    const { office } = world(t);
    const [first, second] = [office.ask("fetch"), office.ask("fetch")];
    t.equal(await office.ask("awaited"), 2);
    office.tell("deliver", "a letter");
    t.strictSame(await Promise.all([first, second]), ["a letter", "a letter"]);
  });

  t.test("Y1: settles once", async (t) => {
    const { office } = world(t);
    const answer = office.ask("fetch");
    office.tell("deliver", "the first");
    office.tell("deliver", "the second");
    office.tell("lose", "too late");
    t.equal(await answer, "the first");
  });

  t.test("regression: settled with a promise it waits for that, until the deadline", async (t) => {
    const { system, clock } = world(t);
    const Late = protocol("late@1", { get: ask<() => Promise<unknown>, unknown>() });
    const late = actor(Late, () => undefined, {
      get: (_ctx, make) => {
        const reply = new DeferredReply<unknown>();
        reply.resolve(make());
        return reply;
      },
    });
    const ref = system.spawn(late);
    t.equal(await ref.ask("get", async () => 7), 7);
    const failing = ref.ask("get", () => Promise.reject(new Error("no")));
    await t.rejects(failing, { code: "actor.failed", outcome: "failed" });
    const never = ref.ask("get", () => new Promise(() => {}), { timeout: "1s" });
    const rejects = t.rejects(never, { code: "ask.timeout", outcome: "unknown" });
    await clock.advanceAsync("2s");
    await rejects;
    const lost = ref.ask("get", () => new Promise(() => {}));
    const stopped = t.rejects(lost, { code: "actor.stopped", outcome: "unknown" }, "Y2");
    await clock.settle();
    await system.stop(ref);
    await stopped;
  });

  t.test("may be settled before its handler returns", async (t) => {
    const { system } = world(t);
    const early = actor(protocol("early@1", { get: ask<undefined, number>() }), () => undefined, {
      get: () => {
        const reply = new DeferredReply<number>();
        reply.resolve(7);
        return reply;
      },
    });
    t.equal(await system.spawn(early).ask("get"), 7);
  });

  t.test("may come from an asynchronous handler", async (t) => {
    const { system } = world(t);
    const slow = actor(protocol("slow@1", { get: ask<undefined, number>() }), () => undefined, {
      get: async () => {
        const reply = new DeferredReply<number>();
        queueMicrotask(() => reply.resolve(7));
        return reply;
      },
    });
    t.equal(await system.spawn(slow).ask("get"), 7);
  });

  t.test("fails the ask with the code of a failed handler when it is rejected", async (t) => {
    const { office } = world(t);
    const rejected = t.rejects(office.ask("fetch"), { code: "actor.failed" });
    office.tell("lose", "fell off the cart");
    await rejected;
    t.equal(await office.ask("awaited"), 0, "the actor lives on");
  });

  t.test("is checked against the reply's schema like any answer", async (t) => {
    const { office } = world(t);
    const rejected = t.rejects(office.ask("fetch"), { code: "ask.invalid" });
    office.tell("deliver", 7);
    await rejected;
  });

  t.test("S15: times out with an unknown outcome, and shows that nobody waits", async (t) => {
    const { clock, office } = world(t);
    const expired = t.rejects(office.ask("fetch", undefined, { timeout: "1s" }), {
      code: "ask.timeout",
      outcome: "unknown",
    });
    await clock.advanceAsync("2s");
    await expired;
    t.equal(await office.ask("awaited"), 0);
    office.tell("deliver", "to nobody");
    t.equal(await office.ask("awaited"), 0);
  });

  t.test("Y2: is rejected when its actor stops", async (t) => {
    const { clock, system, office } = world(t);
    const rejected = t.rejects(office.ask("fetch"), { code: "actor.stopped", outcome: "unknown" });
    await clock.settle();
    await system.stop(office);
    await rejected;
  });

  t.test("regression: nothing is kept for an asker that gave up before", async (t) => {
    const replies = new DeferredReplies();
    const waiter = { settled: true, resolve: () => {}, reject: () => {} };
    const reply = new DeferredReply<number>();
    replies.add(reply, waiter, waiter);
    t.equal(reply.isAwaited, false);
    t.equal(replies.delete(waiter), false);
  });

  t.test("answers an asker on another node", async (t) => {
    const hub = new MemoryHub();
    const [near, far] = ["n1", "n2"].map((node) =>
      createSystem({ node, transport: hub.join(node), log: silentLog }),
    );
    if (near === undefined || far === undefined) throw new Error("two systems were made");
    t.teardown(() => Promise.all([near.shutdown(), far.shutdown()]));
    const office = far.spawn(post, { name: "office" });
    await office.ready;
    const answer = near.refOf(Post, office.address).ask("fetch");
    while ((await office.ask("awaited")) === 0);
    office.tell("deliver", "over the wire");
    t.equal(await answer, "over the wire");
  });
});
