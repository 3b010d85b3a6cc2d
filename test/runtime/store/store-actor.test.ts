import { createStore, createStoreLogic } from "@xstate/store";
import { undoRedo } from "@xstate/store/undo";
import t from "tap";
import { actor, protocol, type Schema, storeActor, tell } from "../../../runtime/index.ts";
import { ManualScheduler } from "../../../runtime/testing/index.ts";
import { gate, world } from "../world.ts";

const cart = createStore({
  context: { items: [] as readonly string[] },
  on: {
    add: (context, event: { readonly item: string }) => ({
      items: [...context.items, event.item],
    }),
    clear: () => ({ items: [] }),
    trip: () => {
      throw new Error("it fell");
    },
  },
});

type Enqueue = Readonly<Record<string, (payload: object) => void>>;

t.test("storeActor", async (t) => {
  t.test("takes the store's events as tells and gives its context", async (t) => {
    const { system } = world();
    const ref = system.spawn(storeActor(cart, { protocol: "cart@2" }), { name: "c" });
    t.equal(ref.protocol.name, "cart@2");
    t.equal(ref.tell("add", { item: "tea" }), true);
    t.equal(ref.tell("add", { item: "milk" }), true);
    t.strictSame(await ref.ask("snapshot"), { context: { items: ["tea", "milk"] } });
    ref.tell("clear");
    t.strictSame(await ref.ask("snapshot"), { context: { items: [] } });
    await system.shutdown();
  });

  t.test("A1: leaves the store alone, and gives every actor its own", async (t) => {
    const { system } = world();
    const definition = storeActor(cart);
    const [one, other] = [system.spawn(definition), system.spawn(definition)];
    one.tell("add", { item: "tea" });
    t.strictSame((await one.ask("snapshot")).context.items, ["tea"]);
    t.strictSame((await other.ask("snapshot")).context.items, []);
    t.strictSame(cart.getSnapshot().context.items, []);
    await system.shutdown();
  });

  t.test(
    "A2, R1, S11: a transition that throws fails the actor, which starts afresh",
    async (t) => {
      const { system, clock, events } = world();
      const ref = system.spawn(storeActor(cart));
      ref.tell("add", { item: "tea" });
      ref.tell("trip");
      ref.tell("add", { item: "milk" });
      await clock.advanceAsync("1s");
      t.strictSame((await ref.ask("snapshot")).context.items, ["milk"]);
      const failed = events.filter(({ type }) => type === "actor.failed");
      t.match(failed, [{ message: "it fell" }]);
      await system.shutdown();
    },
  );

  t.test("R1: a resumed one goes on from before the event that threw", async (t) => {
    const { system } = world();
    const parent = actor(
      protocol("parent@1", { add: tell<string>(), trip: tell() }),
      (_: undefined, ctx) => ctx.spawn(storeActor(cart), { name: "c" }),
      {
        add: ({ state }, item) => void state.tell("add", { item }),
        trip: ({ state }) => void state.tell("trip"),
      },
      { decide: () => "resume" },
    );
    const ref = system.spawn(parent, { name: "p" });
    ref.tell("add", "tea");
    ref.tell("trip");
    ref.tell("add", "milk");
    await ref.ready;
    const store = system.refOf(storeActor(cart).protocol, "local/p/c");
    t.strictSame((await store.ask("snapshot")).context.items, ["tea", "milk"]);
    await system.shutdown();
  });

  t.test("takes a configuration, and a logic whose input is the actor's", async (t) => {
    const { system } = world();
    const inline = storeActor({
      context: { n: 1 },
      on: { double: (context) => ({ n: context.n * 2 }) },
    });
    const ref = system.spawn(inline);
    ref.tell("double");
    t.equal((await ref.ask("snapshot")).context.n, 2);
    const logic = createStoreLogic({
      context: (input: { readonly n: number }) => ({ n: input.n }),
      on: { inc: (context) => ({ n: context.n + 1 }) },
    });
    const counter = system.spawn(storeActor(logic, { events: ["inc"] }), { input: { n: 40 } });
    counter.tell("inc");
    counter.tell("inc");
    t.equal((await counter.ask("snapshot")).context.n, 42);
    await system.shutdown();
  });

  t.test("takes a store's extensions along", async (t) => {
    const { system } = world();
    const ref = system.spawn(storeActor(cart.with(undoRedo())));
    ref.tell("add", { item: "tea" });
    ref.tell("add", { item: "milk" });
    ref.tell("undo");
    t.strictSame((await ref.ask("snapshot")).context.items, ["tea"]);
    ref.tell("redo");
    t.strictSame((await ref.ask("snapshot")).context.items, ["tea", "milk"]);
    await system.shutdown();
  });

  t.test("changed is called with every new context, and can publish it", async (t) => {
    const { system } = world();
    const heard: unknown[] = [];
    const Ears = protocol("ears@1", { hear: tell<readonly string[]>() });
    const ears = actor(Ears, (_: undefined, ctx) => ctx.subscribe("cart", "hear"), {
      hear: (_, items) => void heard.push(items),
    });
    const listener = system.spawn(ears);
    await listener.ready;
    const ref = system.spawn(
      storeActor(cart, { changed: ({ items }, ctx) => void ctx.publish("cart", items) }),
    );
    ref.tell("add", { item: "tea" });
    ref.tell("add", { item: "milk" });
    await ref.ask("snapshot");
    await system.stop(listener, "drain");
    t.strictSame(heard, [["tea"], ["tea", "milk"]]);
    await system.shutdown();
  });

  t.test("R2: effects emit and send, at once in the same turn, later as a message", async (t) => {
    const { system, clock } = world();
    const later = gate();
    const emitted: unknown[] = [];
    const store = createStore({
      context: { log: [] as readonly string[] },
      on: {
        go: (context, event: { readonly word: string }, enqueue) => {
          const { emit, trigger } = enqueue as unknown as Record<"emit" | "trigger", Enqueue>;
          emit["said"]?.(event);
          trigger["note"]?.({ word: "triggered" });
          enqueue.effect((own) => {
            own.send({ type: "note", word: "sent" } as never);
            void later.passed.then(() => own.send({ type: "note", word: "late" } as never));
          });
          return { log: [...context.log, event.word] };
        },
        note: (context, event: { readonly word: string }) => ({
          log: [...context.log, event.word],
        }),
      },
    });
    const changes: number[] = [];
    const ref = system.spawn(
      storeActor(store, {
        emitted: (event) => void emitted.push(event),
        changed: ({ log }) => void changes.push(log.length),
      }),
    );
    ref.tell("go", { word: "go" });
    ref.tell("note", { word: "next" });
    await clock.settle();
    later.open();
    await clock.settle();
    t.strictSame((await ref.ask("snapshot")).context.log, [
      "go",
      "triggered",
      "sent",
      "next",
      "late",
    ]);
    t.strictSame(emitted, [{ type: "said", word: "go" }]);
    t.strictSame(changes, [2, 3, 4, 5], "newer contexts come later");
    await system.shutdown();
  });

  t.test("R3: an effect that throws or rejects fails the actor, not the process", async (t) => {
    const { system, clock, events } = world();
    const store = createStore({
      context: { n: 0 },
      on: {
        inc: ({ n }) => ({ n: n + 1 }),
        trip: (_, event: { readonly why: string }, enqueue) => {
          enqueue.effect(() => {
            throw new Error(event.why);
          });
        },
        tripLater: (_, event: { readonly why: string }, enqueue) => {
          enqueue.effect(async () => {
            throw new Error(event.why);
          });
        },
      },
    });
    const ref = system.spawn(storeActor(store));
    ref.tell("trip", { why: "an effect" });
    await clock.advanceAsync("1s");
    ref.tell("tripLater", { why: "a late effect" });
    await clock.advanceAsync("1s");
    ref.tell("inc");
    t.strictSame(await ref.ask("snapshot"), { context: { n: 1 } });
    const failed = events.flatMap((event) =>
      event.type === "actor.failed" ? [event.message] : [],
    );
    t.strictSame(failed, ["an effect", "a late effect"]);
    await system.shutdown();
  });

  t.test("R3: with a full mailbox, a rejection is not lost", async (t) => {
    const scheduler = new ManualScheduler();
    const { system, events } = world({ scheduler });
    const store = createStore({
      context: { n: 0 },
      on: {
        inc: ({ n }) => ({ n: n + 1 }),
        trip: (_, event: { readonly why: string }, enqueue) => {
          enqueue.effect(() => Promise.reject(new Error(event.why)));
        },
      },
    });
    const ref = system.spawn(storeActor(store, { mailbox: { capacity: 1 } }));
    ref.tell("trip", { why: "too late" });
    scheduler.run();
    t.equal(ref.tell("inc"), true);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(system.deadLetters, 1, "its message was refused");
    scheduler.run();
    t.match(
      events.filter(({ type }) => type === "actor.failed"),
      [{ message: "too late" }],
    );
    const ended = system.shutdown();
    await scheduler.runAsync();
    await ended;
  });

  t.test("checks payloads against the schemas of the store's events", async (t) => {
    const { system } = world();
    const by: Schema<{ readonly by: number }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          const { by } = value as { readonly by?: unknown };
          return typeof by === "number" ? { value: { by } } : { issues: [{ message: "no" }] };
        },
      },
    };
    const store = createStore({
      schemas: { events: { inc: by } },
      context: { n: 0 },
      on: { inc: ({ n }, event) => ({ n: n + event.by }) },
    });
    const ref = system.spawn(storeActor(store));
    t.equal(ref.tell("inc", { by: 2 }), true);
    t.equal(ref.tell("inc", { by: "2" } as never), false);
    t.equal(ref.tell("inc", ...([] as unknown as [never])), false);
    t.strictSame(await ref.ask("snapshot"), { context: { n: 2 } });
    t.equal(system.deadLetters, 2);
    await system.shutdown();
  });

  t.test("refuses what is no event, and events whose names are taken", async (t) => {
    const { system } = world();
    const ref = system.spawn(storeActor(cart));
    ref.tell("clear", ...(["text"] as unknown as []));
    t.equal(ref.tell("nope" as "clear"), false);
    t.strictSame((await ref.ask("snapshot")).context.items, []);
    t.equal(system.deadLetters, 2);
    const taken = { context: {}, on: { snapshot: () => ({}) } };
    t.throws(() => storeActor(taken), { name: "TypeError", message: /snapshot/ });
    await system.shutdown();
  });
});
