import t from "tap";
import {
  assign,
  createActor,
  fromPromise,
  raise,
  SimulatedClock,
  sendTo,
  setup,
  spawnChild,
} from "xstate";
import { pack, unpack } from "../../../cluster/wire/packing.ts";
import { type MachineRecord, machineActor } from "../../../runtime/index.ts";
import { gate, rejection, world } from "../world.ts";

const child = setup({
  types: {
    context: {} as { readonly beats: number },
    events: {} as { readonly type: "beat" },
  },
}).createMachine({
  context: { beats: 0 },
  initial: "young",
  on: { beat: { actions: assign({ beats: ({ context }) => context.beats + 1 }) } },
  states: { young: { after: { 5000: "old" } }, old: {} },
});

const order = setup({
  types: {
    context: {} as { readonly items: readonly string[]; readonly child: unknown },
    events: {} as
      | { readonly type: "add"; readonly item: string }
      | { readonly type: "pay" }
      | { readonly type: "pause" }
      | { readonly type: "go.on" }
      | { readonly type: "fall" },
    input: {} as { readonly items: readonly string[] },
  },
  actors: { child },
  actions: {
    trip: () => {
      throw new Error("it fell");
    },
  },
}).createMachine({
  id: "order",
  context: ({ input, spawn }) => ({ items: input.items, child: spawn("child", { id: "kid" }) }),
  initial: "open",
  on: {
    add: { actions: assign({ items: ({ context, event }) => [...context.items, event.item] }) },
    fall: { actions: "trip" },
  },
  states: {
    open: {
      initial: "fresh",
      on: { pay: "paying", pause: "paused" },
      states: { fresh: { after: { 1000: "stale" } }, stale: {}, hist: { type: "history" } },
    },
    paused: { on: { "go.on": "open.hist" } },
    paying: { after: { 10000: "open" } },
  },
});

/** What the wire makes of a value. */
function overTheWire(value: unknown): MachineRecord {
  const carried = unpack(pack(value));
  if (!carried.ok) throw new Error(carried.error);
  return carried.value as MachineRecord;
}

t.test("A machine's record", async (t) => {
  t.test("is plain data that the wire carries, and restores the machine elsewhere", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(order), { input: { items: ["tea"] } });
    ref.tell("add", { item: "milk" });
    await clock.advanceAsync("1s");
    ref.tell("pause");
    const record = await ref.ask("persisted");
    t.strictSame(overTheWire(record), record);
    await system.shutdown();

    const there = world({ node: "there" });
    const other = there.system.spawn(machineActor(order, { snapshot: overTheWire(record) }), {
      input: { items: [] },
    });
    t.match(await other.ask("snapshot"), {
      value: "paused",
      context: { items: ["tea", "milk"], child: { id: "kid" } },
    });
    other.tell("go.on");
    t.strictSame((await other.ask("snapshot")).value, { open: "stale" }, "its history came along");
    await there.system.shutdown();
  });

  t.test("R2: holds what is left of its delays, those of the actors below it too", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(order), { input: { items: [] } });
    ref.tell("pay");
    await clock.advanceAsync("4s");
    const record = await ref.ask("persisted");
    t.strictSame(
      record.delays?.map(({ source, leftMs }) => ({ source, leftMs })),
      [
        { source: ["kid"], leftMs: 1_000 },
        { source: [], leftMs: 6_000 },
      ],
    );
    await system.shutdown();

    const there = world();
    const other = there.system.spawn(machineActor(order, { snapshot: record }), {
      input: { items: [] },
    });
    const stateOf = async () => {
      const { children } = (await other.ask("persisted")) as unknown as {
        readonly children: { readonly kid: { readonly snapshot: { readonly value: string } } };
      };
      return [(await other.ask("snapshot")).value, children.kid.snapshot.value];
    };
    await other.ready;
    await there.clock.advanceAsync(999);
    t.strictSame(await stateOf(), ["paying", "young"]);
    await there.clock.advanceAsync(1);
    t.strictSame(await stateOf(), ["paying", "old"]);
    await there.clock.advanceAsync(5_000);
    t.strictSame(await stateOf(), [{ open: "fresh" }, "old"]);
    await there.system.shutdown();
    t.equal(there.clock.pending, 0);
  });

  t.test("R2: a restored delay is called off when its state is left", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(order), { input: { items: [] } });
    const record = await ref.ask("persisted");
    const other = system.spawn(machineActor(order, { snapshot: record }), {
      input: { items: [] },
    });
    other.tell("pause");
    await clock.advanceAsync("2s");
    other.tell("go.on");
    t.strictSame((await other.ask("snapshot")).value, { open: "fresh" });
    await system.shutdown();
  });

  t.test("R1: is what XState restores too, and the other way round", async (t) => {
    const { system } = world();
    const ref = system.spawn(machineActor(order), { input: { items: ["tea"] } });
    ref.tell("pay");
    const record = await ref.ask("persisted");
    const plain = createActor(order, {
      snapshot: structuredClone(record),
      input: { items: [] },
      clock: new SimulatedClock(),
    }).start();
    t.equal(plain.getSnapshot().value, "paying");
    const back = system.spawn(machineActor(order, { snapshot: plain.getPersistedSnapshot() }), {
      input: { items: [] },
    });
    t.match(await back.ask("snapshot"), { value: "paying", context: { items: ["tea"] } });
    plain.stop();
    await system.shutdown();
  });

  t.test("R3: restores any number of times, at each restart", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(machineActor(order), { input: { items: ["tea"] } });
    const record = await ref.ask("persisted");
    const before = structuredClone(record);
    const other = system.spawn(machineActor(order, { snapshot: record }), { input: { items: [] } });
    for (let i = 0; i < 3; i++) {
      other.tell("add", { item: "milk" });
      other.tell("fall");
      await clock.advanceAsync("1s");
      t.match(await other.ask("snapshot"), { context: { items: ["tea"], child: { id: "kid" } } });
    }
    t.strictSame(record, before);
    await system.shutdown();
  });

  t.test("save and snapshot let a restart go on from the last state", async (t) => {
    const { system, clock } = world();
    const saved: MachineRecord[] = [];
    const definition = machineActor(order, {
      save: async (record) => {
        await null;
        saved.push(record);
      },
      snapshot: async () => saved.at(-1),
    });
    const ref = system.spawn(definition, { input: { items: [] } });
    ref.tell("add", { item: "tea" });
    ref.tell("fall");
    ref.tell("add", { item: "milk" });
    await clock.advanceAsync("1s");
    t.match(await ref.ask("snapshot"), { context: { items: ["tea", "milk"] } });
    t.match(
      saved.slice(0, 2),
      [{ context: { items: [] } }, { context: { items: ["tea"] } }],
      "at the start and after every step",
    );
    await system.shutdown();
  });

  t.test("S1: the next message waits for the save, those who wait for a state too", async (t) => {
    const { system, clock } = world();
    const held = gate();
    let saves = 0;
    const ref = system.spawn(
      machineActor(order, { save: () => (++saves === 2 ? held.passed : undefined) }),
      { input: { items: [] } },
    );
    let told = false;
    const paying = ref.ask("until", { state: "paying" }).then(() => {
      told = true;
    });
    ref.tell("pay");
    const next = ref.ask("snapshot");
    await clock.settle();
    t.strictSame([saves, told], [2, false]);
    held.open();
    await Promise.all([paying, next]);
    await system.shutdown();
  });

  t.test("a save that fails, fails the actor", async (t) => {
    const { system, clock, events } = world();
    const ref = system.spawn(
      machineActor(order, {
        save: async ({ value }: MachineRecord & { readonly value?: unknown }) => {
          if (value === "paying") throw new Error("no room");
        },
      }),
      { input: { items: [] } },
    );
    ref.tell("pay");
    await clock.advanceAsync("1s");
    t.match(await ref.ask("snapshot"), { value: { open: "fresh" } });
    t.equal(events.filter(({ type }) => type === "actor.failed").length, 1);
    await system.shutdown();
  });

  t.test("is refused, and nothing fails, where the context is no plain data", async (t) => {
    const { system, events } = world();
    const machine = setup({
      types: {
        context: {} as { readonly at: { readonly map: unknown } },
        events: {} as { readonly type: "spawn" },
      },
      actors: { work: fromPromise(async () => 1) },
    }).createMachine({
      context: { at: { map: new Map() } },
      on: { spawn: { actions: spawnChild(fromPromise(async () => 1)) } },
    });
    const ref = system.spawn(machineActor(machine));
    t.match(await rejection(ref.ask("persisted")), {
      code: "refused",
      data: {
        code: "not-plain",
        data: "context.at.map is an instance of Map, which is no plain data",
      },
    });
    ref.tell("spawn");
    t.match(await rejection(ref.ask("persisted")), { data: { code: "not-plain" } });
    t.notOk(events.some(({ type }) => type === "actor.failed"));
    await system.shutdown();
  });

  t.test("of a machine that was done stops its actor at once", async (t) => {
    const { system } = world();
    const machine = setup({
      types: { events: {} as { readonly type: "end" }, output: {} as string },
    }).createMachine({
      initial: "a",
      states: { a: { on: { end: "z" } }, z: { type: "final" } },
      output: "out",
    });
    const saved: MachineRecord[] = [];
    const ref = system.spawn(machineActor(machine, { save: (record) => void saved.push(record) }));
    ref.tell("end");
    await ref.ask("output");
    const other = system.spawn(machineActor(machine, { snapshot: () => saved.at(-1) }));
    t.equal(await other.ask("output"), "out");
    await system.shutdown();
  });

  t.test(
    "delayed events between actors keep their ids, so that they can be cancelled",
    async (t) => {
      const { system, clock } = world();
      const machine = setup({
        types: {
          context: {} as { readonly rung: number },
          events: {} as { readonly type: "set" } | { readonly type: "ring" },
        },
        actors: { child },
      }).createMachine({
        context: { rung: 0 },
        invoke: { src: "child", id: "kid" },
        on: {
          set: {
            actions: [
              raise({ type: "ring" }, { delay: 100 }),
              raise({ type: "ring" }, { delay: 100 }),
              sendTo("kid", { type: "beat" } as never, { delay: 100 }),
            ],
          },
          ring: { actions: assign({ rung: ({ context }) => context.rung + 1 }) },
        },
      });
      const ref = system.spawn(machineActor(machine));
      ref.tell("set");
      const record = overTheWire(await ref.ask("persisted"));
      t.equal(record.delays?.length, 4);
      const other = system.spawn(machineActor(machine, { snapshot: record }));
      await other.ready;
      await clock.advanceAsync("1s");
      t.equal((await other.ask("snapshot")).context.rung, 2);
      t.match(await other.ask("persisted"), {
        children: { kid: { snapshot: { context: { beats: 1 } } } },
      });
      await system.shutdown();
    },
  );
});
