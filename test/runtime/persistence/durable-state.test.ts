import t from "tap";
import {
  ask,
  createSystem,
  durableState,
  protocol,
  silentLog,
  stream,
  type TroupeError,
  tell,
} from "../../../runtime/index.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";

const Basket = protocol("basket@1", {
  add: tell<string>(),
  list: ask<undefined, readonly string[]>(),
  fill: ask<number, number>(),
  open: ask<undefined, number>(),
  lines: stream<undefined, string>(),
});

const basketOf = (id: string) =>
  durableState(
    Basket,
    { version: 1, initial: () => ({ items: [] as unknown[] }), id },
    {
      add: (ctx, item) => {
        ctx.state.items.push(item);
      },
      list: (ctx) => ctx.state.items.map(String),
      fill: (ctx, bytes) => {
        ctx.state.items.push("x".repeat(bytes));
        return ctx.state.items.length;
      },
      open: (ctx) => {
        ctx.state.items.push(() => "no plain data");
        return ctx.state.items.length;
      },
      async *lines(ctx) {
        try {
          for (let n = 1; ; n++) {
            ctx.state.items.push(`line ${n}`);
            yield `line ${n}`;
          }
        } finally {
          ctx.state.items.push("left");
        }
      },
    },
    { backoff: { initial: "1ms", max: "1s" } },
  );

const failure = (promise: Promise<unknown>): Promise<TroupeError> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: TroupeError) => error,
  );

const revisionOf = async (keyValues: ReturnType<typeof memoryKeyValues>, key: string) =>
  (await (await keyValues.open("state")).get(key))?.revision;

t.test("durableState", async (t) => {
  t.test("a message that changes nothing writes nothing", async (t) => {
    const keyValues = memoryKeyValues();
    const system = createSystem({ keyValues, log: silentLog });
    const ref = system.spawn(basketOf("b"));
    ref.tell("add", "tea");
    t.strictSame(await ref.ask("list"), ["tea"]);
    const revision = await revisionOf(keyValues, "named.b");
    for (let n = 0; n < 5; n++) await ref.ask("list");
    t.equal(await revisionOf(keyValues, "named.b"), revision);
    await system.shutdown();
  });

  t.test("D1: an answer does not leave while the store is away", async (t) => {
    const keyValues = memoryKeyValues();
    const system = createSystem({ keyValues, log: silentLog });
    const ref = system.spawn(basketOf("b"));
    await ref.ask("fill", 1);
    keyValues.faults.unavailable = true;
    const error = await failure(ref.ask("fill", 2));
    t.match(error, { code: "store.unavailable", outcome: "unknown" });
    keyValues.faults.unavailable = false;
    t.strictSame(await ref.ask("list"), ["x"], "nothing of the failed message is left");
    await system.shutdown();
  });

  t.test("D3: after a write in doubt the actor goes on with what is stored", async (t) => {
    const keyValues = memoryKeyValues();
    const system = createSystem({ keyValues, log: silentLog });
    const ref = system.spawn(basketOf("b"));
    await ref.ask("fill", 1);
    keyValues.faults.storedButTimedOut = 1;
    t.match(await failure(ref.ask("fill", 2)), { outcome: "unknown" });
    t.strictSame(await ref.ask("list"), ["x", "xx"], "it was stored after all");
    t.equal(await ref.ask("fill", 3), 3);
    await system.shutdown();
  });

  t.test(
    "regression: a write in doubt restarts the actor also when its asker has left",
    async (t) => {
      const keyValues = memoryKeyValues();
      const system = createSystem({ keyValues, log: silentLog });
      const ref = system.spawn(basketOf("b"));
      await ref.ask("fill", 1);
      keyValues.faults.storedButTimedOut = 1;
      keyValues.faults.delayMs = [60, 60];
      t.match(await failure(ref.ask("fill", 2, { timeout: 10 })), { code: "ask.timeout" });
      t.strictSame(await ref.ask("list"), ["x", "xx"]);
      t.equal(await ref.ask("fill", 3), 3, "it is not taken for stale");
      await system.shutdown();
    },
  );

  t.test("a state that is too large or no plain data fails its message alone", async (t) => {
    const system = createSystem({ keyValues: memoryKeyValues(), log: silentLog });
    const ref = system.spawn(basketOf("b"));
    t.equal(await ref.ask("fill", 200_000), 1);
    t.match(await failure(ref.ask("fill", 200_000)), {
      code: "actor.failed",
      message:
        /the state of b cannot be stored: about \d+ bytes, more than 262144; keep large values/,
    });
    t.match(await failure(ref.ask("open")), {
      message: /state\.items|it\.items\[1\] is a function/,
    });
    t.equal((await ref.ask("list")).length, 1);
    t.equal(await ref.ask("fill", 10), 2);
    await system.shutdown();
  });

  t.test("what a stream changes as its consumer leaves is stored too", async (t) => {
    const keyValues = memoryKeyValues();
    const system = createSystem({ keyValues, log: silentLog });
    const ref = system.spawn(basketOf("b"));
    for await (const line of ref.stream("lines", undefined, { credit: 1 })) {
      if (line === "line 2") break;
    }
    t.equal((await ref.ask("list")).at(-1), "left");
    await system.stop(ref, "kill");
    t.equal((await system.spawn(basketOf("b")).ask("list")).at(-1), "left");
    await system.shutdown();
  });

  t.test("a state moves from version 1 to 3, and back is refused", async (t) => {
    const keyValues = memoryKeyValues();
    const system = createSystem({ keyValues, log: silentLog });
    const Total = protocol("total@1", {
      add: ask<number, number>(),
      total: ask<undefined, number>(),
    });
    const first = durableState(
      Total,
      { version: 1, initial: () => 0, id: "t" },
      {
        add: (ctx, n) => {
          ctx.state += n;
          return ctx.state;
        },
        total: (ctx) => ctx.state,
      },
    );
    const third = durableState(
      Total,
      {
        version: 3,
        initial: () => ({ sum: 0, times: 0 }),
        migrate: {
          1: (old: number) => ({ sum: old }),
          2: (old: { readonly sum: number }) => ({ ...old, times: 0 }),
        },
        id: "t",
      },
      {
        add: (ctx, n) => {
          ctx.state.sum += n;
          ctx.state.times++;
          return ctx.state.times;
        },
        total: (ctx) => ctx.state.sum,
      },
    );
    t.equal(await system.spawn(first).ask("add", 7), 7);
    const migrated = system.spawn(third);
    t.equal(await migrated.ask("total"), 7);
    t.equal(await system.spawn(first).ask("total"), 7, "M3: reading it changed nothing stored");
    t.equal(await system.spawn(third).ask("add", 1), 1);
    const back = system.spawn(first);
    const error = await failure(back.ready);
    t.match(error, { code: "actor.start-failed", cause: { code: "state.unreadable" } });
    t.match(
      error.message,
      /the state of t is of version 3, and this program knows versions up to 1/,
    );
    t.equal(await system.spawn(third).ask("total"), 8, "the refusal changed nothing");
    await system.shutdown();
  });

  t.test("refuses options that cannot hold", async (t) => {
    const handlers = { hit: () => {} };
    const Hit = protocol("hit@1", { hit: tell() });
    const of = { version: 1, initial: () => 0, id: "h" };
    t.throws(() => durableState(Hit, of, handlers, { concurrency: 2 }), {
      name: "TypeError",
      message: /must be serial/,
    });
    t.throws(() => durableState(Hit, of, handlers, { interleave: ["hit"] }), TypeError);
    t.throws(() => durableState(Hit, { ...of, version: 0 }, handlers), RangeError);
    const system = createSystem({ log: silentLog });
    const parallel = system.spawn(durableState(Hit, of, handlers), { concurrency: 2 });
    t.match(await failure(parallel.ready), { message: /must be serial/ });
    const { id: _id, ...anonymous } = of;
    t.match(await failure(system.spawn(durableState(Hit, anonymous, handlers)).ready), {
      message: /has no id: register it as virtual, or give it an "id"/,
    });
    await system.shutdown();
  });
});
