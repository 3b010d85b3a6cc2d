import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { actor, ask, protocol, tell } from "../../../runtime/index.ts";
import { Mailbox } from "../../../runtime/kernel/mailbox.ts";
import { gate, rejection, world } from "../world.ts";

t.test("Mailbox", async (t) => {
  t.test("M1: behaves like an array under any pushes and shifts", async () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { freq: 2 })), (steps) => {
        const mailbox = new Mailbox<number>();
        const model: number[] = [];
        for (const step of steps) {
          if (step === null) {
            if (mailbox.shift() !== model.shift()) return false;
          } else {
            mailbox.push(step);
            model.push(step);
          }
          if (mailbox.length !== model.length) return false;
        }
        while (model.length > 0) if (mailbox.shift() !== model.shift()) return false;
        return mailbox.shift() === undefined;
      }),
      { verbose: 1 },
    );
  });

  t.test("M4: the message in hand keeps its place, whatever comes and goes behind it", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("push" as const), value: fc.nat(9) }),
      fc.record({ do: fc.constant("unshift" as const), value: fc.nat(9) }),
      fc.record({ do: fc.constant("take" as const), value: fc.nat(9) }),
      fc.record({ do: fc.constantFrom("begin" as const, "release" as const, "shift" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const mailbox = new Mailbox<number>();
        const waiting: number[] = [];
        let inHand: number | undefined;
        for (const step of steps) {
          switch (step.do) {
            case "push":
              mailbox.push(step.value);
              waiting.push(step.value);
              break;
            case "unshift":
              mailbox.unshift(step.value);
              waiting.unshift(step.value);
              break;
            case "take": {
              const at = waiting.indexOf(step.value);
              assert.equal(
                mailbox.some((value) => value === step.value),
                at >= 0,
              );
              const expected = at < 0 ? undefined : waiting.splice(at, 1)[0];
              assert.equal(
                mailbox.take((value) => value === step.value),
                expected,
              );
              break;
            }
            case "begin":
              if (inHand !== undefined) break;
              inHand = waiting.shift();
              assert.equal(mailbox.begin(), inHand);
              break;
            case "release":
              mailbox.release();
              inHand = undefined;
              break;
            case "shift":
              assert.equal(mailbox.shift(), waiting.shift());
              break;
          }
          assert.equal(mailbox.inHand, inHand);
          assert.equal(mailbox.length, waiting.length);
        }
      }),
      { verbose: 1, numRuns: 500 },
    );
  });

  const Slow = protocol("slow@1", {
    note: tell<number>(),
    hold: tell(),
    seen: ask<undefined, readonly number[]>(),
  });
  const slow = (held: Promise<void>) =>
    actor(Slow, () => [] as number[], {
      note: (ctx, n) => {
        ctx.state.push(n);
      },
      hold: () => held,
      seen: (ctx) => ctx.state,
    });

  t.test("S6: tell returns false when the mailbox is full, and counts a dead letter", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(slow(passed), { mailbox: { capacity: 2 } });
    ref.tell("hold");
    await clock.settle();
    const reasons: string[] = [];
    system.onDeadLetter(({ reason, body }) => reasons.push(`${reason} ${String(body)}`));
    t.same(
      [1, 2, 3].map((n) => ref.tell("note", n)),
      [true, true, false],
    );
    t.match(await rejection(ref.ask("seen")), { code: "mailbox.full", outcome: "never-ran" });
    t.same(reasons, ["mailbox-full 3"]);
    t.equal(system.deadLetters, 1);
    open();
    await clock.settle();
    t.same(await ref.ask("seen"), [1, 2]);
    await system.shutdown();
  });

  t.test(
    "S6: drop-oldest takes the new message in and drops the one that waited longest",
    async (t) => {
      const { system, clock } = world();
      const { passed, open } = gate();
      const ref = system.spawn(slow(passed), { mailbox: { capacity: 2, onFull: "drop-oldest" } });
      ref.tell("hold");
      await clock.settle();
      t.same(
        [1, 2, 3, 4].map((n) => ref.tell("note", n)),
        [true, true, true, true],
      );
      t.equal(system.deadLetters, 2);
      open();
      await clock.settle();
      t.same(await ref.ask("seen"), [3, 4]);
      await system.shutdown();
    },
  );

  t.test("S6: drop-newest drops the message that came last, and tell returns false", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const ref = system.spawn(slow(passed), { mailbox: { capacity: 2, onFull: "drop-newest" } });
    ref.tell("hold");
    await clock.settle();
    t.same(
      [1, 2, 3].map((n) => ref.tell("note", n)),
      [true, true, false],
    );
    t.equal(system.deadLetters, 1);
    open();
    await clock.settle();
    t.same(await ref.ask("seen"), [1, 2]);
    await system.shutdown();
  });

  t.test("M2: news of the runtime come before queued messages", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const watched = system.spawn(slow(passed), { name: "watched" });
    const Watcher = protocol("watcher@1", { hold: tell(), note: tell<string>() });
    const log: string[] = [];
    const watcher = actor(
      Watcher,
      (_: undefined, ctx) => ctx.watch(watched),
      {
        hold: () => passed,
        note: (_ctx, word) => {
          log.push(word);
        },
      },
      {
        terminated: (_ctx, { reason }) => {
          log.push(reason);
        },
      },
    );
    const ref = system.spawn(watcher);
    ref.tell("hold");
    ref.tell("note", "first");
    await clock.settle();
    await system.stop(watched, "kill");
    t.same(log, []);
    open();
    await clock.settle();
    t.same(log, ["killed", "first"]);
  });
});
