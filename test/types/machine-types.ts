/** What the types of machine and store actors must refuse; compiled, never run. */
import { createStore, createStoreConfig, createStoreLogic } from "@xstate/store";
import { createMachine, setup } from "xstate";
import { createSystem, machineActor, storeActor } from "../../runtime/index.ts";

const machine = setup({
  types: {
    context: {} as { readonly n: number },
    events: {} as
      | { readonly type: "TOGGLE" }
      | { readonly type: "user.login"; readonly name: string }
      | { readonly type: "note"; readonly text?: string }
      | { readonly type: "left" | "right"; readonly far: number },
    input: {} as { readonly n: number },
    output: {} as { readonly total: number },
    tags: {} as "bright",
    emitted: {} as { readonly type: "moved"; readonly by: number },
  },
  actions: { show: (_, _params: { readonly n: number }) => {} },
}).createMachine({
  context: ({ input }) => ({ n: input.n }),
  initial: "off",
  states: { off: {}, on: { initial: "dim", states: { dim: {}, full: {} } } },
  output: ({ context }) => ({ total: context.n }),
});

export async function useMachine(): Promise<void> {
  const system = createSystem();
  const definition = machineActor(machine, {
    restart: "permanent",
    emitted: ({ by }, ctx) => ctx.log.info({ by }, "moved"),
    provide: (ctx) => ({ actions: { show: (_, { n }) => ctx.log.info({ n }, "shows") } }),
    snapshot: ({ input }) => (input.n > 0 ? undefined : Promise.resolve(undefined)),
    save: (record, ctx) => ctx.log.info({ record }, "saved"),
    events: ["left"],
  });
  const ref = system.spawn(definition, { name: "m", input: { n: 1 } });
  ref.tell("TOGGLE") satisfies boolean;
  ref.tell("user.login", { name: "Ada" });
  ref.tell("note", { text: "x" });
  ref.tell("note", {});
  ref.tell("left", { far: 1 });
  ref.tell("right", { far: 1 });
  const state = await ref.ask("snapshot");
  state.context.n satisfies number;
  state.value satisfies "off" | { on: "dim" | "full" };
  state.tags satisfies readonly "bright"[];
  (await ref.ask("output")).total satisfies number;
  (await ref.ask("until", { state: "on" }, { timeout: "1s" })).context.n satisfies number;
  await ref.ask("until", { state: { on: "full" }, tag: "bright" });
  const record = await ref.ask("persisted");
  machineActor(machine, { snapshot: record });

  // @ts-expect-error unknown event
  ref.tell("toggle");
  // @ts-expect-error wrong payload
  ref.tell("user.login", { name: 1 });
  // @ts-expect-error missing payload
  ref.tell("user.login");
  // @ts-expect-error a payload that is not taken
  ref.tell("TOGGLE", { name: "x" });
  // @ts-expect-error the type is the operation, not part of the payload
  ref.tell("left", { far: 1, type: "right" });
  // @ts-expect-error an event is no ask
  await ref.ask("TOGGLE");
  // @ts-expect-error an ask is no event
  ref.tell("snapshot");
  // @ts-expect-error no such state
  await ref.ask("until", { state: "nowhere" });
  // @ts-expect-error no such tag
  await ref.ask("until", { tag: "dark" });
  // @ts-expect-error missing input
  system.spawn(definition, { name: "m" });
  // @ts-expect-error wrong input
  system.spawn(definition, { input: { n: "1" } });
  // @ts-expect-error no such event
  machineActor(machine, { events: ["up"] });
  // @ts-expect-error no such action
  machineActor(machine, { provide: () => ({ actions: { hide: () => {} } }) });
  // @ts-expect-error no machine
  machineActor({ initial: "off" });

  const plain = system.spawn(machineActor(createMachine({ initial: "a", states: { a: {} } })));
  (await plain.ask("snapshot")).status satisfies "active" | "done";
  // @ts-expect-error events without types are no operations
  plain.tell("anything");
}

const config = createStoreConfig({
  context: { count: 0 },
  on: {
    inc: (context, event: { by: number }) => ({ count: context.count + event.by }),
    reset: () => ({ count: 0 }),
  },
});

export async function useStore(): Promise<void> {
  const system = createSystem();
  for (const definition of [storeActor(config), storeActor(createStore(config))]) {
    const ref = system.spawn(definition, { name: "s" });
    ref.tell("inc", { by: 2 }) satisfies boolean;
    ref.tell("reset");
    (await ref.ask("snapshot")).context.count satisfies number;
    // @ts-expect-error unknown event
    ref.tell("dec");
    // @ts-expect-error wrong payload
    ref.tell("inc", { by: "2" });
    // @ts-expect-error missing payload
    ref.tell("inc");
    // @ts-expect-error a payload that is not taken
    ref.tell("reset", { by: 1 });
    // @ts-expect-error an ask is no event
    ref.tell("snapshot");
  }
  const inline = storeActor({
    context: { names: [] as readonly string[] },
    on: {
      add: (context, event: { name: string }) => ({ names: [...context.names, event.name] }),
    },
  });
  system.spawn(inline).tell("add", { name: "Ada" });
  // @ts-expect-error wrong payload
  system.spawn(inline).tell("add", { nam: "Ada" });

  const logic = createStoreLogic({
    context: (input: { start: number }) => ({ count: input.start }),
    on: { inc: (context) => ({ count: context.count + 1 }) },
  });
  const counter = storeActor(logic, {
    events: ["inc"],
    changed: ({ count }, ctx) => void ctx.publish("count", count satisfies number),
  });
  system.spawn(counter, { input: { start: 1 } }).tell("inc");
  // @ts-expect-error its events are not known without the option
  storeActor(logic);
  // @ts-expect-error missing input
  system.spawn(counter);
  // @ts-expect-error wrong input
  system.spawn(counter, { input: { start: "1" } });
}
