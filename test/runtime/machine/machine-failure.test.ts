import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { assign, emit, fromCallback, fromPromise, sendTo, setup } from "xstate";
import {
  actor,
  ask,
  type Log,
  machineActor,
  protocol,
  silentLog,
  type TroupeEvent,
} from "../../../runtime/index.ts";
import { rejection, world } from "../world.ts";
import { clumsyActor, thrown, WAYS, type Way } from "./fixtures/clumsy-machine.ts";

const run = promisify(execFile);

/** A log that keeps the errors that are written to it. */
function errorLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    error: ({ err }) => void lines.push((err as Error).message),
    child: () => log,
  };
  return { log, lines };
}

/** The messages of the failures that were seen. */
function failures(events: readonly TroupeEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === "actor.failed" ? [event.message] : []));
}

t.test("A machine that throws", async (t) => {
  for (const [way, message] of Object.entries(WAYS)) {
    t.test(`S11, S20: fails its actor, which is restarted: ${way}`, async (t) => {
      const { system, clock, events } = world();
      const ref = system.spawn(clumsyActor(), { name: "c" });
      await ref.ready;
      ref.tell("count");
      ref.tell(way as Way);
      await clock.advanceAsync("10s");
      t.equal(failures(events).length, 1, failures(events).join());
      t.match(failures(events)[0], message);
      ref.tell("count");
      ref.tell("count");
      t.match(await ref.ask("snapshot"), { value: "fine", context: { count: 2 } });
      await system.shutdown();
      t.equal(clock.pending, 0);
    });
  }

  t.test("S7: fails the ask or the tell that it was about, and no other", async (t) => {
    const { system, clock } = world();
    const letters: string[] = [];
    system.onDeadLetter(({ type, reason }) => letters.push(`${type} ${reason}`));
    const ref = system.spawn(clumsyActor());
    ref.tell("action");
    const asked = ref.ask("snapshot");
    await clock.advanceAsync("1s");
    t.match(await asked, { value: "fine" });
    t.strictSame(letters, ["clumsy.action@1 failed"]);
    await system.shutdown();
  });

  t.test("M3: an error from outside is not blamed on the message that is next", async (t) => {
    const { system, clock, events } = world();
    const letters: string[] = [];
    system.onDeadLetter(({ type, reason }) => letters.push(`${type} ${reason}`));
    let fall = (): void => {};
    const machine = setup({
      types: {
        context: {} as { readonly count: number },
        events: {} as { readonly type: "count" | "fall" },
      },
      actors: {
        outside: fromCallback(({ sendBack }) => {
          fall = () => sendBack({ type: "fall" });
        }),
      },
      actions: { trip: () => thrown("it fell") },
    }).createMachine({
      context: { count: 0 },
      invoke: { src: "outside" },
      on: {
        count: { actions: assign({ count: ({ context }) => context.count + 1 }) },
        fall: { actions: "trip" },
      },
    });
    const ref = system.spawn(machineActor(machine));
    await ref.ready;
    ref.tell("count");
    const counted = ref.ask("snapshot");
    fall();
    t.match(await counted, { context: { count: 1 } });
    await clock.advanceAsync("1s");
    t.strictSame(failures(events), ["it fell"]);
    t.strictSame(letters, ["machine.troupe:step@1 failed"]);
    await system.shutdown();
  });

  t.test("M2: leaves the machine where it was, so that it can be resumed", async (t) => {
    const { system, clock, events } = world();
    const started: string[] = [];
    const machine = setup({
      types: {
        context: {} as { readonly count: number },
        events: {} as { readonly type: "go" | "ok" },
      },
      actors: {
        old: fromCallback(() => () => {
          started.push("old stopped");
        }),
        next: fromCallback(() => {
          started.push("next started");
        }),
      },
      actions: { trip: () => thrown("half-way") },
    }).createMachine({
      context: { count: 0 },
      initial: "here",
      states: {
        here: {
          invoke: { src: "old" },
          after: { 1000: "later" },
          on: {
            go: { target: "there", actions: assign({ count: 7 }) },
            ok: { actions: assign({ count: ({ context }) => context.count + 1 }) },
          },
        },
        there: { invoke: { src: "next" }, entry: ["trip"] },
        later: {},
      },
    });
    const parent = actor(
      protocol("parent@1", { address: ask<undefined, string>() }),
      (_: undefined, ctx) => ctx.spawn(machineActor(machine), { name: "m" }).address,
      { address: (ctx) => ctx.state },
      { decide: () => "resume" },
    );
    const address = await system.spawn(parent, { name: "p" }).ask("address");
    const ref = system.refOf(machineActor(machine).protocol, address);
    ref.tell("go");
    ref.tell("ok");
    t.match(await ref.ask("snapshot"), { value: "here", context: { count: 1 } });
    t.strictSame(failures(events), ["half-way"]);
    t.strictSame(started, []);
    await clock.advanceAsync("1s");
    t.match(await ref.ask("snapshot"), { value: "later" }, "its delay went on");
    t.strictSame(started, ["old stopped"]);
    await system.shutdown();
  });

  t.test("M2: takes no further step before the supervisor has decided", async (t) => {
    const { system, clock, events } = world();
    const ran: string[] = [];
    const machine = setup({
      types: { events: {} as { readonly type: "go" | "trip" | "after" } },
      actors: {
        twice: fromCallback(({ sendBack, receive }) => {
          receive(() => {
            sendBack({ type: "trip" });
            sendBack({ type: "after" });
          });
        }),
      },
      actions: { trip: () => thrown("it fell"), note: () => ran.push("after") },
    }).createMachine({
      invoke: { src: "twice", id: "t" },
      on: {
        go: { actions: sendTo("t", { type: "go" }) },
        trip: { actions: "trip" },
        after: { actions: "note" },
      },
    });
    const ref = system.spawn(machineActor(machine));
    ref.tell("go");
    await clock.advanceAsync("1s");
    t.strictSame(failures(events), ["it fell"]);
    t.strictSame(ran, [], "what the failed machine had to come went with it");
    await system.shutdown();
  });

  t.test("saves nothing after it was killed from within", async (t) => {
    const { system, clock } = world();
    const saved: unknown[] = [];
    const machine = setup({
      types: { events: {} as { readonly type: "die" } },
      actions: { die: () => {} },
    }).createMachine({
      initial: "a",
      states: { a: { on: { die: { target: "b", actions: "die" } } }, b: {} },
    });
    const ref = system.spawn(
      machineActor(machine, {
        provide: () => ({ actions: { die: () => void system.stop(ref, "kill") } }),
        save: (record) => void saved.push(record),
      }),
    );
    await ref.ready;
    ref.tell("die");
    await clock.settle();
    t.equal(saved.length, 1, "at the start");
    await system.shutdown();
  });

  t.test("S10: whose first step throws does not start, and leaves nothing behind", async (t) => {
    const stopped: string[] = [];
    const base = setup({
      types: { input: {} as { readonly where: string } },
      actors: {
        running: fromCallback(() => () => {
          stopped.push("running");
        }),
        throwing: fromPromise(() => thrown("the promise")),
        sender: fromCallback(({ sendBack }) => sendBack({ type: "trip" })),
      },
      actions: { trip: () => thrown("the entry") },
    });
    const machines = {
      context: base.createMachine({ context: () => thrown("the context") }),
      entry: base.createMachine({ invoke: { src: "running" }, entry: "trip" }),
      event: base.createMachine({
        invoke: [{ src: "running" }, { src: "sender" }],
        on: { trip: { actions: "trip" } },
      }),
    };
    for (const [where, machine] of Object.entries(machines)) {
      const { system, clock } = world();
      stopped.length = 0;
      const ref = system.spawn(machineActor(machine, { restart: "temporary" }), {
        input: { where },
      });
      const { code } = await rejection(ref.ready);
      t.equal(code, "actor.start-failed", where);
      t.strictSame(stopped, where === "context" ? [] : ["running"], where);
      await system.shutdown();
      t.equal(clock.pending, 0);
    }
  });

  t.test("G3: what stands below an actor that failed is stopped, at any depth", async (t) => {
    const { system, events } = world();
    const stopped: string[] = [];
    const leaf = fromCallback(() => () => {
      stopped.push("leaf");
    });
    const middle = setup({
      types: { events: {} as { readonly type: "fall" } },
      actors: { leaf },
      actions: { trip: () => thrown("the middle") },
    }).createMachine({ invoke: { src: "leaf" }, on: { fall: { actions: "trip" } } });
    const upper = setup({
      types: { events: {} as { readonly type: "fall" } },
      actors: { middle },
    }).createMachine({
      initial: "up",
      on: { fall: { actions: sendTo("m", { type: "fall" }) } },
      states: { up: { invoke: { src: "middle", id: "m", onError: "down" } }, down: {} },
    });
    const machine = setup({
      types: { events: {} as { readonly type: "fall" } },
      actors: { upper },
    }).createMachine({
      invoke: { src: "upper", id: "u" },
      on: { fall: { actions: sendTo("u", { type: "fall" }) } },
    });
    const ref = system.spawn(machineActor(machine));
    ref.tell("fall");
    await ref.ask("snapshot");
    t.strictSame(stopped, ["leaf"]);
    t.strictSame(failures(events), [], "the middle's parent handled it");
    await system.shutdown();
  });

  t.test("a restart aborts what the failed machine had under way", async (t) => {
    const { system, clock } = world();
    const aborted: string[] = [];
    const machine = setup({
      types: { events: {} as { readonly type: "fall" } },
      actors: {
        work: fromPromise(
          ({ signal }) =>
            new Promise(() => signal.addEventListener("abort", () => aborted.push("work"))),
        ),
      },
      actions: { trip: () => thrown("it fell") },
    }).createMachine({ invoke: { src: "work" }, on: { fall: { actions: "trip" } } });
    const ref = system.spawn(machineActor(machine));
    ref.tell("fall");
    await clock.advanceAsync("1s");
    t.strictSame(aborted, ["work"]);
    t.match(await ref.ask("snapshot"), { status: "active" });
    await system.shutdown();
  });

  t.test(
    "S7: ctx.fail in a provided action refuses the event, ctx.fatal ends the actor",
    async (t) => {
      const { system, events } = world();
      const machine = setup({
        types: {
          context: {} as { readonly count: number },
          events: {} as { readonly type: "refuse" } | { readonly type: "end" },
        },
        actions: { refuse: () => {}, end: () => {} },
      }).createMachine({
        context: { count: 0 },
        on: {
          refuse: { actions: [assign({ count: 9 }), "refuse"] },
          end: { actions: "end" },
        },
      });
      const ref = system.spawn(
        machineActor(machine, {
          provide: (ctx) => ({
            actions: { refuse: () => ctx.fail("not-now"), end: () => ctx.fatal("enough") },
          }),
        }),
      );
      const ended = new Promise((resolve) => system.watch(ref, resolve));
      ref.tell("refuse");
      t.equal((await ref.ask("snapshot")).context.count, 0);
      t.strictSame(failures(events), []);
      ref.tell("end");
      t.match(await ended, { reason: "failed" });
      await system.shutdown();
    },
  );

  t.test(
    "what throws while it is stopped is logged, and an inspector that throws too",
    async (t) => {
      const { log, lines } = errorLog();
      const { system } = world({ log });
      const machine = setup({
        types: { events: {} as { readonly type: "go" } },
        actors: { odd: fromCallback(() => () => thrown("the disposal")) },
      }).createMachine({ invoke: { src: "odd" }, on: { go: {} } });
      let seen = 0;
      const ref = system.spawn(
        machineActor(machine, {
          inspect: ({ type }) => {
            if (type === "@xstate.event" && seen++ === 0) thrown("the inspector");
          },
        }),
      );
      ref.tell("go");
      t.equal((await ref.ask("snapshot")).status, "active");
      await system.stop(ref);
      t.strictSame(lines, ["the inspector", "the disposal"]);
      t.equal(system.deadLetters, 0);
      await system.shutdown();
    },
  );

  t.test("the emitted option's error fails the actor", async (t) => {
    const { system, clock, events } = world();
    const machine = setup({
      types: { events: {} as { readonly type: "go" }, emitted: {} as { readonly type: "gone" } },
    }).createMachine({ on: { go: { actions: emit({ type: "gone" }) } } });
    const ref = system.spawn(machineActor(machine, { emitted: () => thrown("the listener") }));
    ref.tell("go");
    await clock.advanceAsync("1s");
    t.strictSame(failures(events), ["the listener"]);
    await system.shutdown();
  });

  t.test(
    "regression: an actor whose XState machine throws does not bring the process down",
    async (t) => {
      const program = fileURLToPath(new URL("./fixtures/throwing-machines.js", import.meta.url));
      const { stdout, stderr } = await run(process.execPath, [program], { timeout: 60_000 });
      t.equal(stderr, "");
      t.strictSame(stdout.trim().split("\n"), [
        ...Object.keys(WAYS).map((way) => `${way}: failed once, alive`),
        "ended by itself",
      ]);
    },
  );

  t.test("regression: a delay is carried out however many tasks its actor runs", async (t) => {
    const { system, clock } = world();
    const machine = setup({
      types: { events: {} as { readonly type: "go" } },
      actions: { work: () => {} },
    }).createMachine({
      initial: "idle",
      states: {
        idle: { on: { go: "busy" } },
        busy: { entry: "work", after: { 50: "late" } },
        late: {},
      },
    });
    const actor = machineActor(machine, {
      mailbox: { capacity: 1 },
      provide: (ctx) => ({
        actions: { work: () => ctx.task(() => new Promise<undefined>(() => {}), "go") },
      }),
    });
    const ref = system.spawn(actor, { name: "m" });
    ref.tell("go");
    await clock.advanceAsync("100ms");
    t.equal((await ref.ask("snapshot")).value, "late");
    const down = system.shutdown();
    await clock.advanceAsync("30s");
    await down;
  });
});
