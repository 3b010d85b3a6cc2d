import { t } from "tap";
import { actor } from "../../../runtime/actor.ts";
import { createSystem } from "../../../runtime/create-system.ts";
import { silentLog } from "../../../runtime/log.ts";
import { ask, protocol, tell } from "../../../runtime/protocol.ts";

const Sloth = protocol("sloth@1", {
  sleep: ask<undefined, undefined>(),
  poke: tell(),
  bear: ask<undefined, undefined>(),
});

t.test("System.queueDepth", async (t) => {
  t.test(
    "says what waits in all mailboxes, those of children included, and the longest",
    async (t) => {
      const system = createSystem({ log: silentLog });
      t.teardown(() => system.shutdown());
      const wakers: (() => void)[] = [];
      const sleep = (): Promise<undefined> =>
        new Promise((resolve) => wakers.push(() => resolve(undefined)));
      const sloth = actor(Sloth, () => undefined, {
        sleep,
        poke: () => {},
        bear: (ctx) => {
          const child = ctx.spawn(sloth, { name: "cub" });
          child.tell("poke");
          void child.ask("sleep").catch(() => {});
          child.tell("poke");
          return undefined;
        },
      });
      t.same(system.queueDepth(), { actors: 0, queued: 0, longest: 0 });
      const [one, two] = [system.spawn(sloth), system.spawn(sloth)];
      await Promise.all([one.ready, two.ready]);
      t.same(system.queueDepth(), { actors: 2, queued: 0, longest: 0 });
      await two.ask("bear");
      const asleep = one.ask("sleep");
      for (let i = 0; i < 5; i++) one.tell("poke");
      while (wakers.length < 2) await new Promise((resolve) => setImmediate(resolve));
      t.same(
        system.queueDepth(),
        { actors: 3, queued: 6, longest: 5 },
        "what is in hand waits no more",
      );
      for (const wake of wakers) wake();
      await asleep;
    },
  );
});
