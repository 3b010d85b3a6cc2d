/** A store as a supervised actor: its events are messages, its changes go to whoever subscribed. */
import { actor, createSystem, protocol, silentLog, storeActor, tell } from "troupe";

const stock = storeActor(
  {
    context: { apples: 10 },
    on: {
      take: (context, event: { count: number }) => {
        if (event.count > context.apples) throw new RangeError("not that many");
        return { apples: context.apples - event.count };
      },
    },
  },
  { changed: ({ apples }, ctx) => void ctx.publish("apples", apples) },
);

const Sign = protocol("sign@1", { show: tell<number>() });
const sign = actor(Sign, (_: undefined, ctx) => ctx.subscribe("apples", "show"), {
  show: (_, apples) => void process.stdout.write(`${apples} apples\n`),
});

// Without `log`, the failure is one structured line on standard error.
const system = createSystem({ log: silentLog });
const shown = system.spawn(sign, { name: "sign" });
await shown.ready;
const ref = system.spawn(stock, { name: "stock", backoff: { initial: "10ms", max: "1s" } });
ref.tell("take", { count: 3 });
ref.tell("take", { count: 2 });
ref.tell("take", { count: 9 });
ref.tell("take", { count: 1 });
const { context } = await ref.ask("snapshot");
await system.stop(shown, "drain");
process.stdout.write(`restarted with 10, then ${context.apples}\n`);
await system.shutdown();
