import t from "tap";
import { fromPromise, setup } from "xstate";
import { pack } from "../../../cluster/wire/packing.ts";
import { type MachineInspection, machineActor } from "../../../runtime/index.ts";
import { world } from "../world.ts";

t.test("A machine's inspection", async (t) => {
  t.test("shows actors, events, microsteps, actions and snapshots as plain data", async (t) => {
    const { system } = world();
    const machine = setup({
      types: {
        context: {} as { readonly odd: () => void; readonly n: number },
        events: {} as { readonly type: "load" },
        tags: {} as "busy",
      },
      actors: { fetch: fromPromise(async () => 42) },
      actions: { note: () => {} },
    }).createMachine({
      id: "m",
      context: { odd: () => {}, n: 1 },
      initial: "idle",
      states: {
        idle: { on: { load: { target: "loading", actions: "note" } } },
        loading: { tags: "busy", invoke: { src: "fetch", id: "f", onDone: "loaded" } },
        loaded: {},
      },
    });
    const seen: MachineInspection[] = [];
    const ref = system.spawn(machineActor(machine, { inspect: (event) => seen.push(event) }));
    ref.tell("load");
    await ref.ask("until", { state: "loaded" });
    for (const event of seen) pack(event);

    const [root] = seen;
    t.match(root, { type: "@xstate.actor" });
    const rootId = root?.sessionId ?? "";
    t.ok(seen.every((event) => event.rootId === rootId));
    const shown = seen
      .filter(({ sessionId }) => sessionId === rootId)
      .map((event) => {
        switch (event.type) {
          case "@xstate.actor":
            return "actor";
          case "@xstate.action":
            return `action ${event.action.type}`;
          case "@xstate.event":
            return `event ${event.event.type}`;
          default:
            return `${event.type.slice(8)} ${event.event.type} ${String(event.snapshot.value)}`;
        }
      });
    t.strictSame(
      shown.filter((line) => !line.includes("xstate.init") && !line.startsWith("action xstate.")),
      [
        "actor",
        "event load",
        "action note",
        "microstep load loading",
        "snapshot load loading",
        "event xstate.done.actor.f",
        "microstep xstate.done.actor.f loaded",
        "snapshot xstate.done.actor.f loaded",
      ],
      "each once, though the promise's event waited for a handler",
    );
    const child = seen.find(
      (event) => event.type === "@xstate.actor" && event.sessionId !== rootId,
    );
    t.match(child, { id: "f", src: "fetch", parentId: rootId });
    const done = seen.find(
      (event) => event.type === "@xstate.event" && event.event.type === "xstate.done.actor.f",
    );
    t.match(done, { sourceId: child?.sessionId, event: { output: 42 } });
    const busy = seen.find(
      (event) => event.type === "@xstate.snapshot" && event.event.type === "load",
    );
    t.strictSame((busy as { readonly snapshot?: unknown } | undefined)?.snapshot, {
      status: "active",
      value: "loading",
      context: { n: 1 },
      tags: ["busy"],
    });
    await system.shutdown();
  });
});
