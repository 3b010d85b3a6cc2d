import t from "tap";
import { boom, forEver, Puppet, puppet, untilAborted } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

t.test("concurrency", async (t) => {
  t.test("S1: at most as many handlers run at a time as the actor allows", async (t) => {
    const { system, clock } = world();
    const gates = Array.from({ length: 5 }, gate);
    const begun: number[] = [];
    const ref = system.spawn(puppet(), { concurrency: 2 });
    gates.forEach(({ passed }, i) => {
      ref.tell("act", () => {
        begun.push(i);
        return passed;
      });
    });
    await clock.settle();
    t.same(begun, [0, 1]);
    gates[1]?.open();
    await clock.settle();
    t.same(begun, [0, 1, 2], "they start in their order");
    for (const { open } of gates) open();
    await clock.settle();
    t.same(begun, [0, 1, 2, 3, 4]);
    await system.shutdown();
  });

  t.test("S1: handlers that run at a time share the state, not the message", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(puppet(), { concurrency: 2, name: "c" });
    const askers = ["a", "b"].map((name) => system.spawn(puppet(), { name }));
    const cancel = new AbortController();
    const [first, second] = askers.map((asker, i) =>
      asker.ask("get", () => {
        const { signal } = i === 0 ? cancel : new AbortController();
        return ref
          .ask(
            "get",
            async (ctx) => {
              ctx.state.count++;
              await passed;
              return { sender: ctx.sender, aborted: ctx.signal.aborted, count: ctx.state.count };
            },
            { signal },
          )
          .catch(({ code }) => code);
      }),
    );
    await clock.settle();
    cancel.abort();
    open();
    t.equal(await first, "ask.cancelled");
    t.same(await second, { sender: "local/b", aborted: false, count: 2 });
    await system.shutdown();
  });

  t.test("S1: an interleaving operation runs while a handler awaits", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { interleave: ["peek"] });
    ref.tell("act", async (ctx) => {
      await passed;
      ctx.state.count = 7;
    });
    ref.tell("note", "waits");
    t.equal(await ref.ask("peek", (ctx) => ctx.state.count), 0, "it overtakes what waits");
    const later = ref.ask("get", (ctx) => ctx.state.count);
    await clock.settle();
    t.same(log, ["init"], "all other operations keep to one at a time");
    open();
    t.equal(await later, 7);
    t.same(log, ["init", "waits"]);
    await system.shutdown();
  });

  t.test("I1: no more interleave at a time than the mailbox has room for", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const options = { interleave: ["peek"], mailbox: { capacity: 2 } };
    const ref = system.spawn(puppet(), options);
    let running = 0;
    const peek = () =>
      ref.ask("peek", async () => {
        running++;
        await passed;
        running--;
      });
    ref.tell("act", () => passed);
    await clock.settle();
    const peeks = [peek(), peek()];
    await clock.settle();
    peeks.push(peek(), peek());
    await clock.settle();
    t.equal(running, 2);
    t.match(await rejection(peek()), { code: "mailbox.full" });
    open();
    await Promise.all(peeks);
    await system.shutdown();
  });

  t.test("I2: news of the runtime wait for no handler", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const watched = system.spawn(puppet(), { name: "watched" });
    const watcher = puppet([], {
      concurrency: 2,
      init: (ctx) => ctx.watch(watched),
      terminated: (_ctx, { reason }) => {
        log.push(reason);
      },
    });
    const ref = system.spawn(watcher);
    for (let i = 0; i < 3; i++) ref.tell("act", () => passed);
    await clock.settle();
    await system.stop(watched);
    await clock.settle();
    t.same(log, ["normal"]);
    open();
    await system.shutdown();
  });

  t.test("S2: an actor of two at a time closes a cycle when both wait for it", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet(), { concurrency: 2, name: "two" });
    const inner = () => rejection(ref.ask("get", () => 1));
    t.match(await ref.ask("get", () => ref.ask("get", inner)), {
      code: "ask.cycle",
      outcome: "never-ran",
      data: { path: ["local/two", "local/two", "local/two"] },
    });
    await system.shutdown();
  });

  t.test("S2: an interleaving operation closes no cycle, another of its actor does", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet(), { interleave: ["peek"], name: "i" });
    t.equal(await ref.ask("get", () => ref.ask("peek", (ctx) => ctx.state.count)), 0);
    t.match(await ref.ask("get", () => rejection(ref.ask("get", () => 1))), { code: "ask.cycle" });
    t.match(await ref.ask("peek", () => ref.ask("get", () => rejection(ref.ask("get", () => 1)))), {
      code: "ask.cycle",
    });
    await system.shutdown();
  });

  t.test("S8: a restart aborts all that run, and fences those that do not end", async (t) => {
    const { system, clock } = world();
    const late = gate();
    const log: string[] = [];
    const ref = system.spawn(puppet(log), { concurrency: 4, shutdown: "1s" });
    const polite = ref.ask("get", async (ctx) => {
      await untilAborted(ctx);
      return "ended in time";
    });
    const stubborn = rejection(
      ref.ask("get", async (ctx) => {
        await late.passed;
        ctx.self.tell("note", "from a zombie");
        return 1;
      }),
    );
    await clock.settle();
    ref.tell("act", boom);
    ref.tell("note", "queued");
    await clock.advanceAsync("1s");
    t.equal(await polite, "ended in time");
    t.match(await stubborn, { code: "actor.stopped", outcome: "unknown" });
    await clock.advanceAsync("1s");
    t.same(log, ["init", "init", "queued"]);
    late.open();
    await clock.settle();
    t.same(log, ["init", "init", "queued"]);
    t.equal(system.fenced, 2);
    await system.shutdown();
  });

  t.test("S7: what fails beside it leaves a handler running until the restart", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(puppet(), { concurrency: 3 });
    const { passed, open } = gate();
    const failures = [boom, boom].map((act) =>
      rejection(ref.ask("get", (ctx) => passed.then(() => act(ctx)))),
    );
    const fine = ref.ask("get", () => passed.then(() => "fine"));
    await clock.settle();
    open();
    await clock.advanceAsync("1s");
    for (const failure of failures) t.match(await failure, { code: "actor.failed" });
    t.equal(await fine, "fine");
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1, "it fails once");
    await system.shutdown();
  });

  t.test("S9: kill ends an actor however many of its handlers run", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(puppet(), { concurrency: 3 });
    const asked = [1, 2, 3, 4].map(() => rejection(ref.ask("get", forEver)));
    await clock.settle();
    await system.stop(ref, "kill");
    const outcomes = asked.map(async (one) => (await one).outcome);
    t.same(await Promise.all(outcomes), ["unknown", "unknown", "unknown", "never-ran"]);
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S9: drain waits for all that run and handles all that waits", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    let done = 0;
    const ref = system.spawn(puppet(), { concurrency: 3 });
    for (let i = 0; i < 10; i++) ref.tell("act", () => passed.then(() => ++done));
    const drained = system.stop(ref, "drain");
    await clock.advanceAsync("1h");
    open();
    await drained;
    t.equal(done, 10);
    t.equal(system.deadLetters, 0);
    await system.shutdown();
  });

  t.test("S16: streams of one actor run side by side, each with its credit", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet(), { concurrency: 2, name: "s" });
    const open = (n: number) =>
      system.refOf(Puppet, "local/s").stream(
        "flow",
        async function* () {
          for (let i = 0; i < n; i++) yield i;
          return `${n}`;
        },
        { credit: 1 },
      );
    const streams = [open(50), open(60)];
    const taken = streams.map(() => 0);
    for (let left = 2; left > 0; ) {
      left = 0;
      for (const [i, stream] of streams.entries()) {
        const { done } = await stream[Symbol.asyncIterator]().next();
        if (done === true) continue;
        taken[i] = (taken[i] ?? 0) + 1;
        left++;
      }
    }
    t.same(taken, [50, 60]);
    t.same(await Promise.all(streams.map(({ result }) => result)), ["50", "60"]);
    t.equal(system.pendingReplies, 0);
    await system.stop(ref);
    await system.shutdown();
  });

  t.test("options that make no sense are refused with their name", async (t) => {
    const { system } = world();
    t.throws(() => system.spawn(puppet(), { concurrency: 0 }), RangeError);
    t.throws(() => system.spawn(puppet(), { concurrency: 1.5 }), RangeError);
    t.throws(() => system.spawn(puppet(), { interleave: ["nope"] }), TypeError);
    await system.shutdown();
  });
});
