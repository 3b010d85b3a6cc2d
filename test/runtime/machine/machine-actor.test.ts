import t from "tap";
import { assign, emit, fromCallback, fromPromise, raise, sendParent, sendTo, setup } from "xstate";
import { actor, ask, MemoryHub, machineActor, protocol, tell } from "../../../runtime/index.ts";
import { rejection, world } from "../world.ts";

const light = setup({
  types: {
    context: {} as { readonly turns: number; readonly by: string },
    events: {} as
      | { readonly type: "TOGGLE" }
      | { readonly type: "user.login"; readonly name: string }
      | { readonly type: "break" },
    input: {} as { readonly turns: number },
    tags: {} as "bright",
  },
}).createMachine({
  id: "light",
  context: ({ input }) => ({ turns: input.turns, by: "nobody" }),
  initial: "off",
  on: { "user.login": { actions: assign({ by: ({ event }) => event.name }) } },
  states: {
    off: {
      on: { TOGGLE: { target: "on", actions: assign({ turns: (s) => s.context.turns + 1 }) } },
    },
    on: { tags: "bright", on: { TOGGLE: "off", break: "broken" } },
    broken: { type: "final" },
  },
  output: ({ context }) => `broken after ${context.turns}`,
});

/** Something that happens outside the machine when the test says so. */
function bell() {
  let back = (): void => {};
  const actor = fromCallback(({ sendBack }) => {
    back = () => sendBack({ type: "rung" });
  });
  return { actor, ring: () => back() };
}

function ringing(actor: ReturnType<typeof bell>["actor"]) {
  return setup({
    types: {
      context: {} as { readonly rings: number },
      events: {} as { readonly type: "leave" | "rung" },
    },
    actors: { bell: actor },
    actions: { count: assign({ rings: ({ context }) => context.rings + 1 }) },
  });
}

t.test("machineActor", async (t) => {
  t.test("takes the machine's events as tells and its input as its own", async (t) => {
    const { system } = world();
    const ref = system.spawn(machineActor(light), { name: "l", input: { turns: 5 } });
    t.equal(ref.protocol.name, "light@1");
    t.equal(ref.tell("TOGGLE"), true);
    t.equal(ref.tell("user.login", { name: "Ada" }), true);
    t.strictSame(await ref.ask("snapshot"), {
      value: "on",
      context: { turns: 6, by: "Ada" },
      status: "active",
      tags: ["bright"],
    });
    await system.shutdown();
  });

  t.test("A1: every actor of a definition runs a machine of its own", async (t) => {
    const { system } = world();
    const definition = machineActor(light);
    const one = system.spawn(definition, { input: { turns: 0 } });
    const other = system.spawn(definition, { input: { turns: 10 } });
    one.tell("TOGGLE");
    t.equal((await one.ask("snapshot")).context.turns, 1);
    t.equal((await other.ask("snapshot")).context.turns, 10);
    await system.shutdown();
  });

  t.test("A2: ignores what the machine does not handle in its state", async (t) => {
    const { system, events } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    t.equal(ref.tell("break"), true);
    t.equal((await ref.ask("snapshot")).value, "off");
    t.equal(system.deadLetters, 0);
    t.notOk(events.some(({ type }) => type === "actor.failed"));
    await system.shutdown();
  });

  t.test("refuses an event that the machine does not know, and one that is none", async (t) => {
    const { system } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    t.equal(ref.tell("nope" as "TOGGLE"), false);
    t.equal(system.deadLetters, 1);
    for (const payload of ["text", 7, null, [1]]) {
      ref.tell("TOGGLE", ...([payload] as unknown as []));
    }
    t.equal((await ref.ask("snapshot")).value, "off");
    t.equal(system.deadLetters, 5);
    await system.shutdown();
  });

  t.test("does not let a payload pose as another event", async (t) => {
    const { system } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    ref.tell("user.login", { name: "Eve", type: "TOGGLE" } as { name: string });
    const { value, context } = await ref.ask("snapshot");
    t.strictSame([value, context.by], ["off", "Eve"]);
    await system.shutdown();
  });

  t.test(
    "M5: stops with reason normal when the machine is done, and tells those who wait",
    async (t) => {
      const { system } = world();
      const ref = system.spawn(machineActor(light), { name: "l", input: { turns: 0 } });
      const ended = new Promise((resolve) => system.watch(ref, resolve));
      const output = ref.ask("output");
      const broken = ref.ask("until", { state: "broken" });
      ref.tell("TOGGLE");
      ref.tell("break");
      t.equal(await output, "broken after 1");
      t.match(await broken, { value: "broken", status: "done", output: "broken after 1" });
      t.strictSame(await ended, { address: "local/l", reason: "normal" });
      await system.shutdown();
    },
  );

  t.test("S18: is reached from another node, by events whose names hold dots too", async (t) => {
    const hub = new MemoryHub();
    const near = world({ node: "near", transport: hub.join("near") });
    const far = world({ node: "far", transport: hub.join("far") });
    const definition = machineActor(light);
    await far.system.spawn(definition, { name: "l", input: { turns: 0 } }).ready;
    const ref = near.system.refOf(definition.protocol, "far/l");
    ref.tell("TOGGLE");
    ref.tell("user.login", { name: "Ada" });
    t.match(await ref.ask("snapshot"), { value: "on", context: { by: "Ada", turns: 1 } });
    t.match(await ref.ask("until", { tag: "bright" }), { tags: ["bright"] });
    const output = ref.ask("output");
    ref.tell("break");
    t.equal(await output, "broken after 1");
    await Promise.all([near.system.shutdown(), far.system.shutdown()]);
  });

  t.test("M5: answers what is queued when the machine is done, and refuses events", async (t) => {
    const { system } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    await ref.ready;
    ref.tell("TOGGLE");
    ref.tell("break");
    ref.tell("TOGGLE");
    const state = ref.ask("snapshot");
    t.equal(await ref.ask("output"), "broken after 1");
    t.match(await state, { value: "broken", status: "done" });
    t.equal(system.deadLetters, 1, "the last event");
    await system.shutdown();
  });

  t.test("M5: a permanent one that is done starts again", async (t) => {
    const { system, clock } = world();
    const definition = machineActor(light, { restart: "permanent" });
    const ref = system.spawn(definition, { input: { turns: 0 } });
    ref.tell("TOGGLE");
    ref.tell("break");
    await clock.advanceAsync("1s");
    t.match(await ref.ask("snapshot"), { value: "off", context: { turns: 0 } });
    await system.shutdown();
  });

  t.test("M5: one that is done at once starts, and then stops", async (t) => {
    const { system } = world();
    const brief = setup({ types: { output: {} as number } }).createMachine({
      initial: "end",
      states: { end: { type: "final" } },
      output: 7,
    });
    const ref = system.spawn(machineActor(brief), { name: "brief" });
    const ended = new Promise((resolve) => system.watch(ref, resolve));
    const output = ref.ask("output");
    await ref.ready;
    t.equal(await output, 7);
    t.match(await ended, { reason: "normal" });
    await system.shutdown();
  });

  t.test("until answers once a state, a tag, or both hold, at once if they do", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    t.equal((await ref.ask("until", { state: "off" })).value, "off");
    let bright = false;
    const waits = ref.ask("until", { state: "on", tag: "bright" }).then((state) => {
      bright = true;
      return state;
    });
    const late = rejection(ref.ask("until", { state: "broken" }, { timeout: "1s" }));
    await clock.settle();
    t.equal(bright, false);
    ref.tell("TOGGLE");
    t.match(await waits, { value: "on", context: { turns: 1 } });
    await clock.advanceAsync("2s");
    t.match(await late, { code: "ask.timeout" });
    await system.shutdown();
  });

  t.test("until and output reject when the actor ends first", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(light), { input: { turns: 0 } });
    const output = rejection(ref.ask("output"));
    const on = rejection(ref.ask("until", { state: "on" }));
    await clock.settle();
    await system.stop(ref);
    t.match(await output, { code: "actor.stopped", outcome: "unknown" });
    t.match(await on, { code: "actor.stopped", outcome: "unknown" });
    await system.shutdown();
  });

  t.test("invokes promises, callbacks and machines, whose results are its events", async (t) => {
    const { system } = world();
    const doubler = setup({
      types: { input: {} as { readonly n: number }, context: {} as { readonly n: number } },
    }).createMachine({
      context: ({ input }) => ({ n: input.n }),
      entry: sendParent(({ context }) => ({ type: "doubled", n: context.n * 2 })),
    });
    const machine = setup({
      types: {
        context: {} as { readonly seen: readonly number[] },
        events: {} as { readonly type: "doubled" | "ticked"; readonly n: number },
      },
      actors: {
        load: fromPromise(async () => 20),
        tick: fromCallback(({ sendBack }) => {
          queueMicrotask(() => sendBack({ type: "ticked", n: 1 }));
        }),
        doubler,
      },
      actions: {
        see: assign({
          seen: ({ context, event }) => [...context.seen, (event as unknown as { n: number }).n],
        }),
      },
    }).createMachine({
      context: { seen: [] },
      initial: "loading",
      states: {
        loading: {
          invoke: {
            src: "load",
            onDone: {
              target: "doubling",
              actions: assign({ seen: ({ event }) => [event.output] }),
            },
          },
        },
        doubling: {
          invoke: { src: "doubler", input: { n: 4 } },
          on: { doubled: { target: "ticking", actions: "see" } },
        },
        ticking: { invoke: { src: "tick" }, on: { ticked: { target: "over", actions: "see" } } },
        over: {},
      },
    });
    const ref = system.spawn(machineActor(machine));
    const state = await ref.ask("until", { state: "over" });
    t.strictSame(state.context.seen, [20, 8, 1]);
    await system.shutdown();
  });

  t.test("M1, S1: what occurs outside comes in the order in which it occurred", async (t) => {
    const { system } = world();
    const outside = bell();
    const machine = ringing(outside.actor).createMachine({
      context: { rings: 0 },
      invoke: { src: "bell" },
      initial: "start",
      states: {
        start: { on: { rung: "rung", leave: "left" } },
        rung: { on: { leave: "rungAndLeft" } },
        left: { on: { rung: "leftAndRung" } },
        rungAndLeft: {},
        leftAndRung: {},
      },
    });
    const ref = system.spawn(machineActor(machine, { events: ["leave", "rung"] }));
    await ref.ready;
    ref.tell("leave");
    outside.ring();
    t.equal((await ref.ask("snapshot")).value, "rungAndLeft", "it rang before leave was handled");
    await system.shutdown();
  });

  t.test("M1: with a full mailbox, what occurred outside is not lost", async (t) => {
    for (const onFull of ["reject", "drop-oldest"] as const) {
      const { system, clock } = world();
      const outside = bell();
      const machine = ringing(outside.actor).createMachine({
        context: { rings: 0 },
        invoke: { src: "bell" },
        initial: "start",
        on: { leave: {} },
        states: {
          start: { on: { rung: { target: "rung", actions: "count" } } },
          rung: { on: { rung: { target: "again", actions: "count" } } },
          again: { on: { rung: { actions: "count" } } },
        },
      });
      const ref = system.spawn(machineActor(machine, { mailbox: { capacity: 1, onFull } }));
      await ref.ready;
      ref.tell("leave");
      outside.ring();
      ref.tell("leave");
      await clock.settle();
      outside.ring();
      await clock.settle();
      t.equal((await ref.ask("snapshot")).value, "again", onFull);
      if (onFull === "reject") {
        const full = ref.ask("until", { state: "again" });
        outside.ring();
        t.match(await full, { context: { rings: 3 } }, "an ask that is queued does as well");
      }
      await system.shutdown();
    }
  });

  t.test("S13: delays use the system's clock, and none is left after a stop", async (t) => {
    const { system, clock } = world();
    const machine = setup({
      types: { events: {} as { readonly type: "hurry" } },
      delays: { patience: 60_000 },
    }).createMachine({
      initial: "calm",
      states: {
        calm: { after: { patience: "bored" }, on: { hurry: "bored" } },
        bored: { after: { 1000: "asleep" } },
        asleep: { after: { 5000000000: "awake" } },
        awake: {},
      },
    });
    const definition = machineActor(machine);
    const ref = system.spawn(definition);
    await ref.ready;
    await clock.advanceAsync(59_999);
    t.equal((await ref.ask("snapshot")).value, "calm");
    await clock.advanceAsync(1);
    t.equal((await ref.ask("snapshot")).value, "bored");
    await clock.advanceAsync("1s");
    t.equal((await ref.ask("snapshot")).value, "asleep");
    await clock.advanceAsync(4_999_999_999);
    t.equal((await ref.ask("snapshot")).value, "asleep", "past what a timer can take at once");
    await clock.advanceAsync(1);
    t.equal((await ref.ask("snapshot")).value, "awake");

    const other = system.spawn(definition);
    await other.ready;
    other.tell("hurry");
    await clock.advanceAsync("1s");
    t.equal(
      (await other.ask("snapshot")).value,
      "asleep",
      "a state that was left does not time out",
    );
    await system.stop(other);
    await system.shutdown();
    t.equal(clock.pending, 0);
  });

  t.test("C2: a delay called off by one due at the same time does not count", async (t) => {
    const { system, clock } = world();
    const machine = setup({
      types: {
        context: {} as { readonly rung: number },
        events: {} as { readonly type: "again" },
      },
    }).createMachine({
      context: { rung: 0 },
      type: "parallel",
      states: {
        first: { after: { 10: { actions: raise({ type: "again" }) } } },
        second: {
          initial: "waits",
          states: {
            waits: {
              after: { 10: { actions: assign({ rung: ({ context }) => context.rung + 1 }) } },
              on: { again: { target: "waits", reenter: true } },
            },
          },
        },
      },
    });
    const ref = system.spawn(machineActor(machine));
    await ref.ready;
    // Without a turn in between, both are due before either is carried out.
    clock.advance(10);
    await clock.settle();
    t.equal((await ref.ask("snapshot")).context.rung, 0);
    await clock.advanceAsync(10);
    t.equal((await ref.ask("snapshot")).context.rung, 1);
    await system.shutdown();
  });

  t.test("S9: a stop aborts its promises and disposes of its callbacks, a kill too", async (t) => {
    for (const how of ["stop", "kill"] as const) {
      const { system } = world();
      const ended: string[] = [];
      const machine = setup({
        actors: {
          promise: fromPromise(
            ({ signal }) =>
              new Promise((resolve) => {
                signal.addEventListener("abort", () => {
                  ended.push("promise");
                  resolve(undefined);
                });
              }),
          ),
          callback: fromCallback(() => () => {
            ended.push("callback");
          }),
        },
      }).createMachine({ invoke: [{ src: "promise" }, { src: "callback" }] });
      const ref = system.spawn(machineActor(machine));
      await ref.ready;
      await system.stop(ref, how);
      t.strictSame(new Set(ended), new Set(["callback", "promise"]), how);
      await system.shutdown();
    }
  });

  t.test("provide gives the machine its actor: to tell others, in its own name", async (t) => {
    const { system } = world();
    const Listener = protocol("listener@1", {
      heard: tell<{ readonly n: number }>(),
      last: ask<undefined, { readonly from: string; readonly n: number }>(),
    });
    const listener = actor(Listener, () => ({ from: "", n: 0 }), {
      heard: (ctx, { n }) => {
        ctx.state = { from: ctx.sender ?? "", n };
      },
      last: (ctx) => ctx.state,
    });
    const machine = setup({
      types: { events: {} as { readonly type: "say"; readonly n: number } },
      actions: { speak: (_, _params: { readonly n: number }) => {} },
    }).createMachine({
      on: { say: { actions: { type: "speak", params: ({ event }) => ({ n: event.n }) } } },
    });
    const ears = system.spawn(listener, { name: "ears" });
    const ref = system.spawn(
      machineActor(machine, {
        provide: (ctx) => ({
          actions: {
            speak: (_, { n }) => {
              ctx.refOf(Listener, "local/ears").tell("heard", { n });
            },
          },
        }),
      }),
      { name: "mouth" },
    );
    ref.tell("say", { n: 3 });
    await ref.ask("snapshot");
    t.strictSame(await ears.ask("last"), { from: "local/mouth", n: 3 });
    await system.shutdown();
  });

  t.test("emitted is called with what the machine emits", async (t) => {
    const { system } = world();
    const machine = setup({
      types: {
        events: {} as { readonly type: "go" },
        emitted: {} as { readonly type: "gone"; readonly far: number },
      },
    }).createMachine({ on: { go: { actions: emit({ type: "gone", far: 3 }) } } });
    const heard: unknown[] = [];
    const ref = system.spawn(
      machineActor(machine, {
        emitted: (event, ctx) => heard.push([event.far, ctx.self.address]),
      }),
      { name: "m" },
    );
    ref.tell("go");
    await ref.ask("snapshot");
    t.strictSame(heard, [[3, "local/m"]]);
    await system.shutdown();
  });

  t.test("events names those that only a wildcard or a child handles", async (t) => {
    const { system } = world();
    const machine = setup({
      types: {
        context: {} as { readonly last: string },
        events: {} as { readonly type: "door.open" } | { readonly type: "door.shut" },
      },
    }).createMachine({
      context: { last: "" },
      on: { "door.*": { actions: assign({ last: ({ event }) => event.type }) } },
    });
    const ref = system.spawn(machineActor(machine, { events: ["door.open"] }));
    t.equal(ref.tell("door.open"), true);
    t.equal(ref.tell("door.shut"), false);
    t.equal((await ref.ask("snapshot")).context.last, "door.open");
    await system.shutdown();
  });

  t.test("refuses events whose names are taken, or are no names", async (t) => {
    const taken = setup({ types: { events: {} as { readonly type: "snapshot" } } }).createMachine({
      on: { snapshot: {} },
    });
    t.throws(() => machineActor(taken), { name: "TypeError", message: /snapshot/ });
    const odd = setup({ types: { events: {} as { readonly type: "fall over" } } }).createMachine({
      on: { "fall over": {} },
    });
    t.throws(() => machineActor(odd), { name: "TypeError", message: /fall over/ });
    t.equal(machineActor(light, { protocol: "lamp@3" }).protocol.name, "lamp@3");
  });

  t.test(
    "a spawned child is told by sendTo and answers its parent, and shows as its id",
    async (t) => {
      const { system } = world();
      const echo = setup({ types: { events: {} as { readonly type: "ping" } } }).createMachine({
        on: { ping: { actions: sendParent({ type: "pong" }) } },
      });
      const machine = setup({
        types: {
          context: {} as { readonly child: unknown; readonly pongs: number },
          events: {} as { readonly type: "ask" } | { readonly type: "pong" },
        },
        actors: { echo },
      }).createMachine({
        context: ({ spawn }) => ({ child: spawn("echo", { id: "e" }), pongs: 0 }),
        on: {
          ask: { actions: sendTo("e", { type: "ping" }) },
          pong: { actions: assign({ pongs: ({ context }) => context.pongs + 1 }) },
        },
      });
      const ref = system.spawn(machineActor(machine));
      ref.tell("ask");
      ref.tell("ask");
      t.strictSame((await ref.ask("snapshot")).context, {
        child: { xstate$$type: 1, id: "e" },
        pongs: 2,
      });
      await system.shutdown();
    },
  );
});
