import t from "tap";
import { type Clock, DeferredReply, type ExitReason, pool } from "../../runtime/index.ts";
import { ManualClock } from "../../runtime/testing/index.ts";
import { boom, forEver, Puppet, puppet } from "./puppet.ts";
import { gate, rejection, world } from "./world.ts";

t.test("pool", async (t) => {
  t.test("S5: a worker is handed only as many messages as it has room for", async (t) => {
    const { system, clock } = world();
    const gates = [gate(), gate(), gate(), gate()];
    const begun: number[] = [];
    const ref = system.spawn(pool(puppet(), { size: 2 }));
    await ref.ready;
    gates.forEach(({ passed }, i) => {
      ref.tell("act", () => {
        begun.push(i);
        return passed;
      });
    });
    await clock.settle();
    t.same(begun, [0, 1], "the others wait in the pool");
    gates[1]?.open();
    await clock.settle();
    t.same(begun, [0, 1, 2], "the free worker takes the next, the busy one is sent nothing");
    for (const { open } of gates) open();
    await clock.settle();
    t.same(begun, [0, 1, 2, 3]);
    await system.shutdown();
  });

  t.test("S5: a worker's credit is its free concurrency", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    let running = 0;
    const ref = system.spawn(pool(puppet(), { size: 2, worker: { concurrency: 3 } }));
    await ref.ready;
    for (let i = 0; i < 9; i++) {
      ref.tell("act", async () => {
        running++;
        await passed;
        running--;
      });
    }
    await clock.settle();
    t.equal(running, 6);
    open();
    await clock.settle();
    t.equal(running, 0);
    await system.shutdown();
  });

  t.test("S5, S6: a full pool refuses like any mailbox, and an offer waits", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(pool(puppet(), { size: 1, mailbox: { capacity: 2 } }));
    await ref.ready;
    ref.tell("act", () => passed);
    await clock.settle();
    t.same(
      [1, 2, 3].map((n) => ref.tell("note", `${n}`)),
      [true, true, false],
    );
    t.match(await rejection(ref.ask("get", () => 1)), {
      code: "mailbox.full",
      outcome: "never-ran",
    });
    let queued: boolean | undefined;
    void ref.offer("note", "4").then((was) => {
      queued = was;
    });
    await clock.settle();
    t.equal(queued, undefined);
    open();
    await clock.settle();
    t.equal(queued, true);
    t.equal(system.deadLetters, 1);
    await system.shutdown();
  });

  t.test("I1: sender, answer, failure and chunks pass the pool by", async (t) => {
    const { system } = world();
    const ref = system.spawn(pool(puppet(), { size: 2 }), { name: "crew" });
    t.equal(await ref.ask("get", (ctx) => ctx.sender), undefined);
    const asker = system.spawn(puppet(), { name: "asker" });
    t.equal(await asker.ask("get", () => ref.ask("get", (ctx) => ctx.sender)), "local/asker");
    t.match(await rejection(ref.ask("get", (ctx) => ctx.fail("no", 1))), { code: "refused" });
    const flow = ref.stream("flow", async function* () {
      yield 1;
      yield 2;
      return "done";
    });
    const chunks: number[] = [];
    for await (const chunk of flow) chunks.push(chunk);
    t.same(chunks, [1, 2]);
    t.equal(await flow.result, "done");
    await system.shutdown();
  });

  t.test("S2: a pool of one that its own worker asks is a cycle, one of two is not", async (t) => {
    const { system } = world();
    const one = system.spawn(pool(puppet(), { size: 1 }), { name: "one" });
    const inner = await one.ask("get", () => rejection(one.ask("get", () => 1)));
    t.match(inner, { code: "ask.cycle", outcome: "never-ran" });
    const two = system.spawn(pool(puppet(), { size: 2 }), { name: "two" });
    t.equal(await two.ask("get", () => two.ask("get", () => 1)), 1);
    const third = () => rejection(two.ask("get", () => 1));
    t.match(await two.ask("get", () => two.ask("get", third)), { code: "ask.cycle" });
    await system.shutdown();
  });

  t.test("S7: the failure of one worker touches neither the queue nor the others", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const ref = system.spawn(pool(puppet(log), { size: 2 }));
    await ref.ready;
    const { passed, open } = gate();
    ref.tell("act", () => passed);
    const failed = rejection(ref.ask("get", boom));
    for (const line of ["a", "b"]) ref.tell("note", line);
    await clock.settle();
    t.match(await failed, { code: "actor.failed" });
    t.same(log, ["init", "init"], "one is busy, the other waits for its back-off");
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init", "init", "a", "b"]);
    t.equal(system.deadLetters, 0);
    open();
    await system.shutdown();
  });

  t.test("regression: a worker with an async init is handed work after a restart", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const slow = puppet(log, { init: () => Promise.resolve() });
    const ref = system.spawn(pool(slow, { size: 1 }));
    await ref.ready;
    ref.tell("act", boom);
    ref.tell("note", "after");
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init", "after"]);
    await system.shutdown();
  });

  t.test("regression: a pool that was restarted with its group keeps its workers", async (t) => {
    const { system, clock, events } = world();
    const log: string[] = [];
    const parent = puppet([], {
      strategy: "one-for-all",
      init: (ctx) => {
        ctx.spawn(pool(puppet(log), { size: 2 }), { name: "crew" });
        ctx.spawn(puppet(), { name: "other" });
      },
    });
    await system.spawn(parent, { name: "p" }).ready;
    system.refOf(Puppet, "local/p/other").tell("act", boom);
    await clock.advanceAsync("10s");
    t.equal(log.length, 4, "two workers were started twice");
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1);
    t.equal(await system.refOf(Puppet, "local/p/crew").ask("get", () => "works"), "works");
    await system.shutdown();
  });

  t.test("a pool that has lost all its workers has failed, and is started anew", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(pool(puppet(), { size: 2, worker: { restart: "temporary" } }), {
      name: "crew",
    });
    await ref.ready;
    ref.tell("act", boom);
    await clock.advanceAsync("1s");
    t.equal(await ref.ask("get", () => "one is left"), "one is left");
    ref.tell("act", boom);
    ref.tell("act", () => {});
    const waiting = ref.ask("get", () => "queued");
    await clock.advanceAsync("10s");
    t.equal(await waiting, "queued", "S8: the queue survived");
    const failures = events.filter((event) => event.type === "actor.failed");
    t.same(
      failures
        .map(({ path, decision }) => `${path} ${decision}`)
        .filter((line) => line.startsWith("crew ")),
      ["crew restart"],
    );
    await system.shutdown();
  });

  t.test("S9: of a worker killed with a message in hand only the asker is told", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(pool(puppet(), { size: 2 }), { name: "crew" });
    let where = "";
    const asked = rejection(
      ref.ask("get", (ctx) => {
        where = ctx.self.address;
        return forEver(ctx);
      }),
    );
    await clock.settle();
    await system.stop(system.refOf(Puppet, where), "kill");
    t.match(await asked, { code: "actor.stopped", outcome: "unknown" });
    t.equal(await ref.ask("get", () => 1), 1);
    await system.shutdown();
  });

  t.test("S9: a drained pool handles all that was queued, in whichever hands", async (t) => {
    for (const concurrency of [1, 4]) {
      const { system, clock } = world();
      const { passed, open } = gate();
      const log: string[] = [];
      const ref = system.spawn(pool(puppet(log), { size: 2, worker: { concurrency } }));
      await ref.ready;
      log.length = 0;
      for (let i = 0; i < 20; i++) {
        ref.tell("act", async () => {
          await passed;
          log.push(`${i}`);
        });
      }
      const drained = system.stop(ref, "drain");
      await clock.advanceAsync("1m");
      t.same(log, [], "it waits as long as its workers need");
      t.equal(ref.tell("note", "late"), false);
      open();
      await clock.settle();
      await drained;
      t.equal(log.length, 20);
      t.equal(system.deadLetters, 1, "only the late one");
      await system.shutdown();
    }
  });

  t.test("S9: a stopped pool accounts for what its workers had not begun", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(pool(puppet(), { size: 1 }));
    await ref.ready;
    const inHand = ref.ask("get", () => passed.then(() => "ended"));
    await clock.settle();
    const queued = rejection(ref.ask("get", () => 1));
    ref.tell("note", "never");
    const down = system.stop(ref);
    await clock.settle();
    open();
    await down;
    t.equal(await inHand, "ended", "what was in hand was finished");
    t.match(await queued, { code: "actor.stopped", outcome: "never-ran" });
    t.equal(system.deadLetters, 1);
    await system.shutdown();
  });

  t.test("regression: draining loses nothing between the pool and a worker", async (t) => {
    const manual = new ManualClock();
    // Time passes whenever it is looked at: every turn ends after one message.
    const clock: Clock = {
      nowMs: () => manual.nowMs(),
      monotonicMs: () => {
        manual.advance(6);
        return manual.monotonicMs();
      },
      after: (delayMs, fire) => manual.after(delayMs, fire),
    };
    const { system } = world({ clock });
    let done = 0;
    const ref = system.spawn(pool(puppet(), { size: 2, worker: { concurrency: 4 } }));
    await ref.ready;
    for (let i = 0; i < 20; i++) {
      ref.tell("act", () => {
        done++;
      });
    }
    await system.stop(ref, "drain");
    t.equal(done, 20);
    t.equal(system.deadLetters, 0);
    await system.shutdown();
  });

  t.test("S15: wherever a pooled ask is when it is cancelled, the outcome is right", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(pool(puppet(), { size: 1, worker: { concurrency: 2 } }));
    await ref.ready;
    const cancel = new AbortController();
    const { signal } = cancel;
    const hand = rejection(ref.ask("get", forEver, { signal }));
    const deferred = rejection(ref.ask("get", () => new DeferredReply(), { signal }));
    await clock.settle();
    const stashed = rejection(ref.ask("get", (ctx) => ctx.stash(), { signal }));
    await clock.settle();
    ref.tell("act", forEver);
    const queued = rejection(ref.ask("get", () => 1, { signal }));
    await clock.settle();
    cancel.abort();
    const outcomes = [hand, deferred, stashed, queued].map(async (one) => (await one).outcome);
    t.same(await Promise.all(outcomes), ["unknown", "unknown", "unknown", "never-ran"]);
    t.equal(system.pendingReplies, 0);
    await system.stop(ref, "kill");
    await system.shutdown();
  });

  t.test(
    "regression: a worker whose mailbox is smaller than its concurrency drops none",
    async (t) => {
      const { system, clock } = world();
      const log: string[] = [];
      const worker = { concurrency: 5, mailbox: { capacity: 1 } } as const;
      const ref = system.spawn(pool(puppet(log), { size: 1, worker }));
      await ref.ready;
      for (let i = 0; i < 10; i++) ref.tell("note", `${i}`);
      await clock.settle();
      t.same(log.slice(1), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      t.equal(system.deadLetters, 0);
      await system.shutdown();
    },
  );

  t.test("S10: a pool whose worker does not start does not start either", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const broken = puppet([], { init: boom as never });
    const ref = system.spawn(pool(broken, { size: 2 }));
    system.watch(ref, ({ reason }) => reasons.push(reason));
    const failed = rejection(ref.ready);
    await clock.advanceAsync("1s");
    t.match(await failed, { code: "actor.start-failed" });
    t.same(reasons, ["failed"]);
    await system.shutdown();
  });

  t.test("a size that is no whole number from 1 to 10,000 is a RangeError", async (t) => {
    for (const size of [0, -1, 1.5, 10_001, Number.NaN]) {
      t.throws(() => pool(puppet(), { size }), RangeError);
    }
  });
});
