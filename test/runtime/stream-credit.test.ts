import fc from "fast-check";
import t from "tap";
import { boom, forEver, type PuppetContext, puppet } from "./puppet.ts";
import { gate, rejection, world } from "./world.ts";

/** Yields 1 to `n` and counts how many it was asked for. */
function counting(n: number, seen: { made: number; cleaned?: number }) {
  return async function* (_ctx: PuppetContext): AsyncGenerator<number, string> {
    try {
      for (let i = 1; i <= n; i++) {
        seen.made = i;
        yield i;
      }
      return `${n} made`;
    } finally {
      seen.cleaned = (seen.cleaned ?? 0) + 1;
    }
  };
}

/** Yields one chunk and hangs. */
async function* hanging(ctx: PuppetContext): AsyncGenerator<number, string> {
  yield 1;
  await forEver(ctx);
  return "";
}

t.test("stream credit", async (t) => {
  for (const credit of [1, 2, 5, 32, 100]) {
    t.test(`S16: a credit of ${credit} is how far the producer may be ahead`, async (t) => {
      const { system, clock } = world();
      const seen = { made: 0 };
      const ref = system.spawn(puppet());
      const flow = ref.stream("flow", counting(300, seen), { credit });
      const chunks = flow[Symbol.asyncIterator]();
      await clock.settle();
      for (let taken = 0; taken < 300; taken++) {
        // One more is made when the generator is asked; it is sent only against credit.
        t.ok(seen.made <= taken + credit + 1, `made ${seen.made} with ${taken} taken`);
        t.same(await chunks.next(), { done: false, value: taken + 1 });
        await clock.settle(1);
      }
      t.same(await chunks.next(), { done: true, value: undefined });
      t.equal(await flow.result, "300 made", "the last frame carries the result");
      await system.shutdown();
    });
  }

  t.test("S16: a credit that is no whole number from 1 to 65,536 is a RangeError", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet());
    for (const credit of [0, -1, 1.5, 65_537, Number.NaN]) {
      t.throws(() => ref.stream("flow", counting(1, { made: 0 }), { credit }), RangeError);
    }
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S16: chunks come once and in order however they are taken", async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.option(fc.integer({ min: 0, max: 80 })),
        async (length, credit, atOnce, leaveAfter) => {
          const { system, clock } = world();
          const seen = { made: 0, cleaned: 0 };
          const ref = system.spawn(puppet());
          const flow = ref.stream("flow", counting(length, seen), { credit });
          flow.result.catch(() => {});
          const chunks = flow[Symbol.asyncIterator]();
          const taken: number[] = [];
          for (let isOpen = true; isOpen; ) {
            const steps = await Promise.all(Array.from({ length: atOnce }, () => chunks.next()));
            for (const { done, value } of steps) {
              if (done === true) isOpen = false;
              else taken.push(value);
            }
            if (isOpen && leaveAfter !== null && taken.length >= leaveAfter) {
              await chunks.return?.();
              isOpen = false;
            }
          }
          await clock.settle();
          const inOrder = taken.every((value, i) => value === i + 1);
          const isAll = leaveAfter !== null || taken.length === length;
          const ended = system.pendingReplies === 0 && seen.cleaned <= 1;
          await system.shutdown();
          return inOrder && isAll && ended;
        },
      ),
      { verbose: 1, numRuns: 150 },
    );
    t.pass();
  });

  t.test("S16: return() cancels the producer, whose clean-up frees its actor", async (t) => {
    const { system, clock } = world();
    const seen = { made: 0, cleaned: 0 };
    const ref = system.spawn(puppet());
    const flow = ref.stream("flow", counting(1_000, seen));
    const chunks = flow[Symbol.asyncIterator]();
    await chunks.next();
    t.same(await chunks.return?.(), { done: true, value: undefined });
    t.same(await chunks.next(), { done: true, value: undefined }, "it stays ended");
    await clock.settle();
    t.equal(seen.cleaned, 1);
    t.equal(await ref.ask("get", () => "free"), "free");
    t.match(await rejection(flow.result), { code: "ask.cancelled" });
    await system.shutdown();
  });

  t.test("S8, S16: the restart of either end ends the stream for the other", async (t) => {
    const { system, clock } = world();
    const seen = { made: 0, cleaned: 0 };
    const producer = system.spawn(puppet(), { concurrency: 2, shutdown: "1s" });
    const consumer = system.spawn(puppet(), { concurrency: 2, shutdown: "1s" });
    const consume = async (): Promise<void> => {
      const flow = producer.stream("flow", counting(1_000, seen), { credit: 1 });
      flow.result.catch(() => {});
      for await (const n of flow) if (n === 2) await gate().passed;
    };
    consumer.tell("act", consume);
    await clock.settle();
    consumer.tell("act", boom);
    await clock.advanceAsync("5s");
    t.equal(seen.cleaned, 1, "the consumer's restart cancels the producer");
    t.equal(system.pendingReplies, 0);
    const flow = producer.stream("flow", hanging);
    const failed = rejection(flow.result);
    await clock.settle();
    producer.tell("act", boom);
    await clock.advanceAsync("5s");
    t.match(await failed, { code: "stream.aborted", outcome: "unknown", data: { lastSeq: 1 } });
    await system.shutdown();
  });

  t.test(
    "regression: a generator that waits for credit cleans up when it is given up",
    async (t) => {
      const { system, clock } = world();
      const seen = { made: 0, cleaned: 0 };
      const ref = system.spawn(puppet(), { concurrency: 2, shutdown: "1s" });
      // It waits for credit, which nobody will give any more.
      const flow = ref.stream("flow", counting(1_000, seen), { credit: 3 });
      flow.result.catch(() => {});
      await clock.settle();
      ref.tell("act", boom);
      await clock.advanceAsync("5s");
      t.equal(seen.cleaned, 1);
      await system.shutdown();
    },
  );

  t.test("S15, S16: the deadline of a stream shrinks hop by hop too", async (t) => {
    const { system, clock } = world();
    const inner = system.spawn(puppet());
    const outer = system.spawn(puppet());
    let code: unknown;
    const asked = outer
      .ask(
        "get",
        async () => {
          const flow = inner.stream("flow", hanging, { timeout: "1h" });
          code = (await rejection(flow.result)).code;
        },
        { timeout: "2s" },
      )
      .catch(() => {});
    await clock.advanceAsync("2s");
    await asked;
    t.equal(code, "ask.timeout");
    t.equal(system.pendingReplies, 0);
    await system.stop(inner, "kill");
    await system.shutdown();
  });
});
