import t from "tap";
import {
  actor,
  ask,
  createSystem,
  durableState,
  protocol,
  type ReminderTime,
  type Schema,
  silentLog,
  singleton,
  TroupeError,
  tell,
  virtual,
} from "../../../runtime/index.ts";
import { memoryReminders } from "../../../runtime/ports/memory-reminders.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const number: Schema<number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "not a number" }] },
  },
};

const Alarm = protocol("alarm@1", {
  ring: tell(number),
  set: ask<{ readonly name: string; readonly time: ReminderTime; readonly n: number }, undefined>(),
  cancel: ask<string, undefined>(),
  fail: tell<number>(),
  setFailing: ask<undefined, undefined>(),
  setWrongly: ask<"payload" | "operation" | "name", undefined>(),
});

/** What rang, over all activations. */
function alarms() {
  const rung: string[] = [];
  let failures = 0;
  let handle: (n: number) => void | Promise<void> = () => {};
  const definition = actor(
    Alarm,
    () => undefined,
    {
      ring: async (ctx, n) => {
        rung.push(`${ctx.activation?.key} ${n}`);
        await handle(n);
      },
      set: async (ctx, { name, time, n }) => {
        await ctx.reminders.set(name, time, "ring", n);
        return undefined;
      },
      cancel: async (ctx, name) => {
        await ctx.reminders.cancel(name);
        return undefined;
      },
      fail: (ctx, times) => {
        if (++failures <= times) throw new Error("not yet");
        rung.push(`${ctx.activation?.key} after ${failures}`);
      },
      setFailing: async (ctx) => {
        await ctx.reminders.set("f", { after: "1s" }, "fail", 3);
        return undefined;
      },
      setWrongly: async (ctx, how) => {
        if (how === "payload") await ctx.reminders.set("w", { after: 1 }, "ring", "x" as never);
        if (how === "operation") await ctx.reminders.set("w", { after: 1 }, "cancel" as never);
        if (how === "name") await ctx.reminders.set("", { after: 1 }, "ring", 1);
        return undefined;
      },
    },
    { intensity: { restarts: 100, within: "1m" }, backoff: { initial: "1ms", max: "1s" } },
  );
  const clock = new ManualClock();
  const reminders = memoryReminders({ clock });
  const system = (only: "virtual" | "singleton" = "virtual") =>
    createSystem({
      clock,
      reminders,
      log: silentLog,
      actors: [
        only === "virtual"
          ? virtual(definition, { passivateAfter: "5s" })
          : singleton(definition, { name: "alarm" }),
      ],
    });
  const during = (does: (n: number) => void | Promise<void>) => {
    handle = does;
  };
  return { rung, clock, reminders, system, during, definition };
}

const within = <T>(clock: ManualClock, promise: Promise<T>): Promise<T> => {
  void clock.advanceAsync(10);
  return promise;
};

t.test("ctx.reminders", async (t) => {
  t.test("tells the actor at the time, also when it was passivated meanwhile", async (t) => {
    const { rung, clock, system } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    await within(clock, ref.ask("set", { name: "r", time: { after: "1m" }, n: 7 }));
    await clock.advanceAsync("59s");
    t.strictSame(rung, []);
    await clock.advanceAsync("2s");
    t.strictSame(rung, ["a 7"]);
    await clock.advanceAsync("5m");
    t.strictSame(rung, ["a 7"], "once");
    await node.shutdown();
  });

  t.test("outlives the system that it was set in", async (t) => {
    const { rung, clock, system } = alarms();
    const first = system();
    const set = first.actorOf(Alarm, "a").ask("set", { name: "r", time: { after: "1m" }, n: 7 });
    await within(clock, set);
    await first.shutdown();
    await clock.advanceAsync("1h");
    t.strictSame(rung, []);
    const second = system();
    await clock.advanceAsync("10s");
    t.strictSame(rung, ["a 7"]);
    await second.shutdown();
  });

  t.test("repeats, and makes one of what was missed while nobody was there", async (t) => {
    const { rung, clock, system } = alarms();
    const first = system();
    const every = first.actorOf(Alarm, "a").ask("set", { name: "r", time: { every: "1m" }, n: 1 });
    await within(clock, every);
    await clock.advanceAsync("3m");
    t.equal(rung.length, 3);
    await first.shutdown();
    await clock.advanceAsync("1h");
    const second = system();
    await clock.advanceAsync("1s");
    t.equal(rung.length, 4);
    await clock.advanceAsync("2m");
    t.equal(rung.length, 6);
    await second.shutdown();
  });

  t.test("follows a cron expression", async (t) => {
    const { rung, clock, system } = alarms();
    const node = system();
    const time = { every: "*/10 * * * *" };
    await within(clock, node.actorOf(Alarm, "a").ask("set", { name: "r", time, n: 1 }));
    await clock.advanceAsync("1h");
    t.equal(rung.length, 6);
    await node.shutdown();
  });

  t.test("is replaced by one of the same name, and called off", async (t) => {
    const { rung, clock, system } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    await within(clock, ref.ask("set", { name: "r", time: { after: "1m" }, n: 1 }));
    await within(clock, ref.ask("set", { name: "r", time: { after: "2m" }, n: 2 }));
    await within(clock, ref.ask("set", { name: "s", time: { every: "1m" }, n: 3 }));
    await within(clock, ref.ask("cancel", "s"));
    await within(clock, ref.ask("cancel", "never set"));
    await clock.advanceAsync("10m");
    t.strictSame(rung, ["a 2"]);
    await node.shutdown();
  });

  t.test("R2: its handler may call it off, and has the last word", async (t) => {
    const { rung, clock, system, reminders, during } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    await within(clock, ref.ask("set", { name: "r", time: { every: "1m" }, n: 1 }));
    // As the handler would do by its own context.
    during(() => reminders.cancel({ type: "alarm", key: "a", name: "r" }));
    await clock.advanceAsync("10m");
    t.strictSame(rung, ["a 1"]);
    await node.shutdown();
  });

  t.test("is delivered again when its acknowledgement was lost, and handled once", async (t) => {
    const { rung, clock, system, reminders } = alarms();
    const node = system();
    await within(
      clock,
      node.actorOf(Alarm, "a").ask("set", { name: "r", time: { after: "1s" }, n: 1 }),
    );
    reminders.faults.acksLost = 2;
    await clock.advanceAsync("1m");
    t.strictSame(rung, ["a 1"]);
    t.equal(reminders.faults.acksLost, 0);
    await node.shutdown();
  });

  t.test("P1: an occurrence stays in hand as long as its handler runs", async (t) => {
    const { rung, clock, system, during } = alarms();
    const node = system();
    await within(
      clock,
      node.actorOf(Alarm, "a").ask("set", { name: "r", time: { after: "1s" }, n: 1 }),
    );
    during(() => new Promise<void>((resolve) => clock.after(20_000, resolve)));
    await clock.advanceAsync("2m");
    t.strictSame(rung, ["a 1"]);
    await node.shutdown();
  });

  t.test("P2: comes again when its handler failed, and is given up in the end", async (t) => {
    const { rung, clock, system, during } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    await within(clock, ref.ask("setFailing"));
    await clock.advanceAsync("1m");
    t.strictSame(rung, ["a after 4"]);
    during(() => {
      throw new Error("never");
    });
    await within(clock, ref.ask("set", { name: "r", time: { after: "1s" }, n: 1 }));
    await clock.advanceAsync("1h");
    t.equal(rung.filter((what) => what === "a 1").length, 10);
    await node.shutdown();
  });

  t.test("an occurrence waits for a store that is away, and comes again", async (t) => {
    const { rung, clock, system, reminders } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    await within(clock, ref.ask("set", { name: "r", time: { every: "10s" }, n: 1 }));
    reminders.faults.unavailable = true;
    const refused = ref.ask("set", { name: "s", time: { after: "1s" }, n: 2 }).catch((e) => e);
    t.match(await within(clock, refused), {
      code: "actor.failed",
      data: { cause: { code: "store.unavailable" } },
    });
    await clock.advanceAsync("5s");
    reminders.faults.unavailable = false;
    await clock.advanceAsync("21s");
    t.strictSame(rung, ["a 1", "a 1"]);
    await node.shutdown();
  });

  t.test("a singleton has reminders too", async (t) => {
    const { rung, clock, system } = alarms();
    const node = system("singleton");
    const ref = node.singletonOf(Alarm);
    await within(clock, ref.ask("set", { name: "r", time: { after: "1m" }, n: 1 }));
    await clock.advanceAsync("2m");
    t.strictSame(rung, ["alarm 1"]);
    await node.shutdown();
  });

  t.test("A2: what could not be delivered is refused when it is set", async (t) => {
    const { clock, system } = alarms();
    const node = system();
    const ref = node.actorOf(Alarm, "a");
    for (const [how, message] of [
      ["payload", /the payload of alarm\.ring@1: not a number/],
      ["operation", /cancel is no tell/],
      ["name", /a reminder has a name/],
    ] as const) {
      const error = await within(
        clock,
        ref.ask("setWrongly", how).then(
          () => undefined,
          (thrown: unknown) => thrown,
        ),
      );
      t.ok(error instanceof TroupeError);
      t.match(error, { message });
      await clock.advanceAsync("1s");
    }
    await node.shutdown();
  });

  t.test("A1: an actor that is neither virtual nor a singleton has none", async (t) => {
    const { clock, definition } = alarms();
    const node = createSystem({ clock, log: silentLog });
    const ref = node.spawn(definition);
    const set = ref.ask("set", { name: "r", time: { after: 1 }, n: 1 }).catch((e) => e);
    t.match(await within(clock, set), { message: /is no virtual actor or singleton/ });
    await node.shutdown();
  });

  t.test("what a reminder changes is stored before it counts as handled", async (t) => {
    const clock = new ManualClock();
    const Count = protocol("count@1", {
      bump: tell(),
      begin: ask<undefined, undefined>(),
      count: ask<undefined, number>(),
    });
    const counter = durableState(
      Count,
      { version: 1, initial: () => ({ count: 0 }) },
      {
        bump: (ctx) => {
          ctx.state.count++;
        },
        begin: async (ctx) => {
          await ctx.reminders.set("b", { every: "1m" }, "bump");
          return undefined;
        },
        count: (ctx) => ctx.state.count,
      },
    );
    const node = createSystem({
      clock,
      log: silentLog,
      actors: [virtual(counter, { passivateAfter: "10s" })],
    });
    await within(clock, node.actorOf(Count, "c").ask("begin"));
    await clock.advanceAsync("5m");
    const revision = (await (await node.ports.keyValues.open("state")).get("virtual.count.c"))
      ?.value;
    t.match(revision, { state: { value: { count: 5 } } });
    t.equal(await within(clock, node.actorOf(Count, "c").ask("count")), 5);
    await node.shutdown();
  });
});
