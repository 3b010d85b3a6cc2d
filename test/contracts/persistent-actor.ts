/**
 * What actors that keep state must do, whichever stores are behind them.
 *
 * Each test keeps its state under ids of its own, so that one store serves the whole suite.
 */
import type { Test } from "tap";
import {
  type ActorRef,
  type Ask,
  type AskOptions,
  ask,
  createSystem,
  durableState,
  type EventLogs,
  eventSourced,
  type KeyValues,
  protocol,
  type Stream,
  type System,
  silentLog,
  stream,
  type Tell,
  TroupeError,
  tell,
} from "../../runtime/index.ts";

/** Stores under test. */
export interface StoresUnderTest {
  readonly keyValues: KeyValues;
  readonly eventLogs: EventLogs;
}

/** What both kinds of account speak. */
type AccountOperations = {
  readonly deposit: Ask<number, number>;
  readonly gift: Tell<number>;
  readonly balance: Ask<undefined, number>;
  readonly overdraw: Ask<number, never>;
  readonly crash: Ask<number, never>;
  readonly instalments: Stream<readonly number[], number, number>;
};

const Account = protocol("account@1", {
  deposit: ask<number, number>(),
  gift: tell<number>(),
  balance: ask<undefined, number>(),
  overdraw: ask<number, never>(),
  crash: ask<number, never>(),
  instalments: stream<readonly number[], number, number>(),
});

const stored = durableState(
  Account,
  {
    version: 1,
    initial: () => ({ balance: 0 }),
    id: (input: { readonly id: string }) => input.id,
  },
  {
    deposit: async (ctx, amount) => {
      ctx.state.balance += amount;
      return ctx.state.balance;
    },
    gift: (ctx, amount) => {
      ctx.state.balance += amount;
    },
    balance: (ctx) => ctx.state.balance,
    overdraw: (ctx, fee) => {
      ctx.state.balance -= fee;
      return ctx.fail("overdrawn");
    },
    crash: (ctx, amount) => {
      ctx.state.balance += amount;
      throw new Error("crashed");
    },
    async *instalments(ctx, amounts) {
      for (const amount of amounts) {
        ctx.state.balance += amount;
        yield ctx.state.balance;
      }
      return ctx.state.balance;
    },
  },
  { backoff: { initial: "1ms", max: "1s" } },
);

const sourced = eventSourced(
  Account,
  {
    version: 1,
    initial: () => ({ balance: 0 }),
    apply: (state, event: { readonly by: number }) => ({ balance: state.balance + event.by }),
    snapshotEvery: 5,
    keep: "since-snapshot",
    id: (input: { readonly id: string }) => input.id,
  },
  {
    deposit: async (ctx, amount) => {
      ctx.persist({ by: amount });
      return ctx.state.balance;
    },
    gift: (ctx, amount) => {
      ctx.persist({ by: amount - 1 }, { by: 1 });
    },
    balance: (ctx) => ctx.state.balance,
    overdraw: (ctx, fee) => {
      ctx.persist({ by: -fee });
      return ctx.fail("overdrawn");
    },
    crash: (ctx, amount) => {
      ctx.persist({ by: amount });
      throw new Error("crashed");
    },
    async *instalments(ctx, amounts) {
      for (const amount of amounts) {
        ctx.persist({ by: amount });
        yield ctx.state.balance;
      }
      return ctx.state.balance;
    },
  },
  { backoff: { initial: "1ms", max: "1s" } },
);

const failure = (promise: Promise<unknown>): Promise<TroupeError> =>
  promise.then(
    () => new TroupeError("actor.failed", "it did not fail"),
    (error: TroupeError) => error,
  );

const patient: AskOptions = { timeout: "60s" };

/** Runs the suite; `start` is called once. */
export async function persistentActorContract(
  t: Test,
  start: () => Promise<StoresUnderTest>,
): Promise<void> {
  const stores = await start();
  let ids = 0;
  const freshId = (): string => `contract ${++ids}`;
  const systems: System[] = [];
  /** A node of its own: what it shares with the others are the stores. */
  const system = (): System => {
    const made = createSystem({ ...stores, log: silentLog });
    systems.push(made);
    return made;
  };
  t.teardown(() => Promise.all(systems.map((each) => each.shutdown())));

  for (const [kind, definition] of [
    ["durableState", stored],
    ["eventSourced", sourced],
  ] as const) {
    const open = (on: System, id: string): ActorRef<AccountOperations> =>
      on.spawn(definition, { input: { id } });
    const balance = (id: string): Promise<number> =>
      open(system(), id).ask("balance", undefined, patient);

    await t.test(`${kind}: what was answered is there when the actor starts again`, async (t) => {
      const id = freshId();
      const node = system();
      const account = open(node, id);
      t.equal(await account.ask("deposit", 5, patient), 5);
      t.equal(account.tell("gift", 2), true);
      t.equal(await account.ask("balance", undefined, patient), 7);
      await node.stop(account, "kill");
      t.equal(await open(node, id).ask("balance", undefined, patient), 7);
      t.equal(await balance(id), 7, "and on another node");
    });

    await t.test(`${kind}: many messages survive, each once`, async (t) => {
      const id = freshId();
      const account = open(system(), id);
      const totals = await Promise.all(
        Array.from({ length: 40 }, () => account.ask("deposit", 1, patient)),
      );
      t.strictSame(
        totals,
        Array.from({ length: 40 }, (_, n) => n + 1),
      );
      t.equal(await balance(id), 40);
    });

    await t.test(`${kind}: a chunk leaves after what it tells of was stored`, async (t) => {
      const id = freshId();
      const account = open(system(), id);
      const chunks: number[] = [];
      const paying = account.stream("instalments", [1, 2, 3], { credit: 1, timeout: "60s" });
      for await (const chunk of paying) {
        chunks.push(chunk);
        if (chunk === 6) t.equal(await balance(id), 6, "whoever takes it over knows the last one");
      }
      t.strictSame(chunks, [1, 3, 6]);
    });

    await t.test(`${kind}: a handler that throws changes nothing, a refusal keeps`, async (t) => {
      const id = freshId();
      const account = open(system(), id);
      await account.ask("deposit", 10, patient);
      t.match(await failure(account.ask("crash", 5, patient)), { code: "actor.failed" });
      t.equal(await account.ask("balance", undefined, patient), 10);
      t.match(await failure(account.ask("overdraw", 3, patient)), { code: "refused" });
      t.equal(await account.ask("balance", undefined, patient), 7);
      t.equal(await balance(id), 7);
    });

    await t.test(
      `${kind}: V1, R3: the writes of a stale owner are refused, and it ends`,
      async (t) => {
        const id = freshId();
        const old = system();
        const older = open(old, id);
        await older.ask("deposit", 1, patient);
        const ended = new Promise<string>((resolve) => {
          old.watch(older, ({ reason }) => resolve(reason));
        });
        const newer = open(system(), id);
        t.equal(await newer.ask("deposit", 10, patient), 11);
        const error = await failure(older.ask("deposit", 100, patient));
        t.match(error, { code: "state.stale", outcome: "failed", retry: "after" });
        t.equal(await ended, "failed");
        t.equal(await newer.ask("deposit", 10, patient), 21, "the newer one is not disturbed");
        t.equal(await balance(id), 21);
      },
    );

    await t.test(`${kind}: of many that start at once, what is answered adds up`, async (t) => {
      const id = freshId();
      const rivals = Array.from({ length: 5 }, () => open(system(), id));
      const outcomes = await Promise.all(
        rivals.map((rival) =>
          rival.ask("deposit", 1, patient).then(
            () => 1,
            () => 0,
          ),
        ),
      );
      const answered = outcomes.filter((outcome) => outcome === 1).length;
      t.ok(answered >= 1);
      t.equal(await balance(id), answered);
    });
  }
}
