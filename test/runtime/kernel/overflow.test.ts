import fc from "fast-check";
import t from "tap";
import type { DeadLetter } from "../../../runtime/index.ts";
import { boom, type PuppetContext, puppet } from "../puppet.ts";
import { gate, rejection, world } from "../world.ts";

type OnFull = "reject" | "drop-oldest" | "drop-newest";

t.test("overflow", async (t) => {
  t.test("S6: a mailbox holds 1,024 messages unless its actor says otherwise", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(puppet());
    ref.tell("act", () => passed);
    await clock.settle();
    let taken = 0;
    while (ref.tell("note", "")) taken++;
    t.equal(taken, 1_024, "beside the one in hand");
    t.equal(system.deadLetters, 1);
    open();
    await system.shutdown();
  });

  t.test("S6: news of the runtime find room in a full mailbox", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const log: string[] = [];
    const watched = system.spawn(puppet());
    const watcher = puppet(log, {
      init: (ctx) => ctx.watch(watched),
      terminated: (_ctx, { reason }) => void log.push(reason),
    });
    const ref = system.spawn(watcher, { mailbox: { capacity: 1 } });
    ref.tell("act", () => passed);
    await clock.settle();
    t.same([ref.tell("note", "a"), ref.tell("note", "b")], [true, false]);
    await system.stop(watched);
    open();
    await clock.settle();
    t.same(log, ["init", "normal", "a"]);
    await system.shutdown();
  });

  t.test("S6: with room for one, one waits beside the one in hand", async (t) => {
    for (const onFull of ["reject", "drop-oldest", "drop-newest"] as const) {
      const { system, clock } = world();
      const { passed, open } = gate();
      const log: string[] = [];
      const ref = system.spawn(puppet(log), { mailbox: { capacity: 1, onFull } });
      t.same(
        [1, 2].map((n) => ref.tell("note", `before the start ${n}`)),
        [true, onFull === "drop-oldest"],
      );
      await clock.settle();
      ref.tell("act", () => passed);
      await clock.settle();
      t.same(
        [1, 2, 3].map((n) => ref.tell("note", `${n}`)),
        [true, false, false].map((taken) => taken || onFull === "drop-oldest"),
      );
      open();
      await clock.settle();
      const last = onFull === "drop-oldest";
      t.same(log, ["init", `before the start ${last ? 2 : 1}`, last ? "3" : "1"], onFull);
      t.equal(system.deadLetters, 3);
      await system.shutdown();
    }
  });

  t.test("S6: drop-oldest never drops the message in hand, and tells its asker", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(puppet(), { mailbox: { capacity: 1, onFull: "drop-oldest" } });
    const inHand = ref.ask("get", () => passed.then(() => "in hand"));
    await clock.settle();
    const dropped = rejection(ref.ask("get", () => "never"));
    const kept = ref.ask("get", () => "kept");
    t.match(await dropped, { code: "mailbox.full", outcome: "never-ran" });
    open();
    t.same(await Promise.all([inHand, kept]), ["in hand", "kept"]);
    t.equal(system.deadLetters, 0, "an ask that is refused is no dead letter");
    await system.shutdown();
  });

  t.test(
    "S6: an actor that tells itself into a full mailbox is refused like anybody",
    async (t) => {
      const { system, clock } = world();
      const log: string[] = [];
      const ref = system.spawn(puppet(log), { mailbox: { capacity: 2 } });
      ref.tell("act", (ctx) => {
        for (let i = 0; i < 4; i++) log.push(`${ctx.self.tell("note", `own ${i}`)}`);
      });
      await clock.settle();
      t.same(log, ["init", "true", "true", "false", "false", "own 0", "own 1"]);
      t.equal(system.deadLetters, 2);
      await system.shutdown();
    },
  );

  t.test("S6: tell never throws, whatever it is given and whatever listeners do", async (t) => {
    const { system, clock } = world();
    system.onDeadLetter(() => {
      throw new Error("a listener that throws");
    });
    const ref = system.spawn(puppet(), { mailbox: { capacity: 1 } });
    const wild = ref as unknown as { tell(operation: unknown, payload?: unknown): boolean };
    const hostile = new Proxy({}, { get: () => boom(undefined as never) });
    for (const operation of ["nope", "get", "flow", "", "constructor", "__proto__", undefined, 7]) {
      t.equal(wild.tell(operation, hostile), false, String(operation));
    }
    await system.stop(ref);
    t.equal(wild.tell("note", hostile), false);
    await clock.settle();
    t.equal(system.deadLetters, 9);
    await system.shutdown();
  });

  t.test("T1, T3: each tell is handled once or counted once, whatever happens", async (t) => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.constant("tell" as const) },
      { weight: 4, arbitrary: fc.constantFrom("slow" as const, "settle" as const) },
      { weight: 2, arbitrary: fc.constantFrom("stash" as const, "unstash" as const) },
      { weight: 1, arbitrary: fc.constantFrom("boom" as const, "second" as const) },
    );
    const scenario = fc.record({
      steps: fc.array(step, { maxLength: 60 }),
      capacity: fc.integer({ min: 1, max: 6 }),
      onFull: fc.constantFrom<OnFull>("reject", "drop-oldest", "drop-newest"),
      concurrency: fc.integer({ min: 1, max: 3 }),
      end: fc.constantFrom("stop" as const, "drain" as const, "kill" as const),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ steps, capacity, onFull, concurrency, end }) => {
        const { system, clock } = world();
        const options = { mailbox: { capacity, onFull }, concurrency, shutdown: 100 } as const;
        const ref = system.spawn(puppet(), options);
        const handled = new Map<number, number>();
        const letters: DeadLetter[] = [];
        system.onDeadLetter((letter) => letters.push(letter));
        const done = (n: number): void => void handled.set(n, (handled.get(n) ?? 0) + 1);
        const acts: Record<string, (n: number) => (ctx: PuppetContext) => unknown> = {
          tell: (n) => () => done(n),
          slow: (n) => (ctx) =>
            new Promise<void>((resolve) => {
              ctx.clock.after(30, () => {
                done(n);
                resolve();
              });
            }),
          stash: (n) => (ctx) => {
            if (ctx.state.count > 0) done(n);
            else ctx.stash();
          },
          unstash: (n) => (ctx) => {
            ctx.state.count++;
            ctx.unstash();
            done(n);
          },
          boom: () => boom,
        };
        let sent = 0;
        for (const name of steps) {
          if (name === "settle") await clock.settle(2);
          else if (name === "second") await clock.advanceAsync("1s");
          else ref.tell("act", acts[name]?.(sent++) as never);
        }
        const down = system.stop(ref, end);
        await clock.advanceAsync("1m");
        await down;
        const twice = [...handled.values()].filter((times) => times > 1).length;
        // A handler that was given up and ended afterwards is a dead letter all the same.
        const abandoned = system.fenced;
        const accounted = handled.size + letters.length;
        await system.shutdown();
        return twice === 0 && accounted >= sent && accounted <= sent + abandoned;
      }),
      { verbose: 1, numRuns: 200 },
    );
    t.pass();
  });

  t.test(
    "regression: a listener that sends to the full actor is not called for that",
    async (t) => {
      for (const onFull of ["reject", "drop-oldest", "drop-newest"] as const) {
        const { system, clock } = world();
        const log: string[] = [];
        const ref = system.spawn(puppet(log), { mailbox: { capacity: 4, onFull } });
        let heard = 0;
        system.onDeadLetter(() => {
          heard++;
          ref.tell("note", "from the listener");
        });
        for (let i = 0; i < 10; i++) ref.tell("note", `${i}`);
        t.same([heard, system.deadLetters], [6, 12], onFull);
        await clock.settle();
        t.equal(log.length, 1 + 4, "S6: no more than it has room for were queued");
        await system.shutdown();
      }
    },
  );
});
