import t from "tap";
import { actor, type ExitReason, protocol, tell } from "../../../runtime/index.ts";
import { gate, world } from "../world.ts";

const Mortal = protocol("mortal@1", { boom: tell(), stop: tell() });
const mortal = actor(Mortal, () => 0, {
  boom: () => {
    throw new Error("boom");
  },
  stop: (ctx) => ctx.stop(),
});
const Widow = protocol("widow@1", { watch: tell<string>(), unwatch: tell<string>() });

function widow(seen: string[]) {
  return actor(
    Widow,
    () => 0,
    {
      watch: (ctx, address) => ctx.watch(address),
      unwatch: (ctx, address) => ctx.unwatch(address),
    },
    {
      terminated: (_ctx, { address, reason }) => {
        seen.push(`${address} ${reason}`);
      },
    },
  );
}

t.test("death watch", async (t) => {
  t.test("S12: a watcher is told exactly once, however often it watched", async (t) => {
    const { system, clock } = world();
    const seen: string[] = [];
    const watcher = system.spawn(widow(seen));
    const target = system.spawn(mortal, { name: "m" });
    watcher.tell("watch", "local/m");
    watcher.tell("watch", "local/m");
    await clock.settle();
    await system.stop(target);
    await clock.settle();
    t.same(seen, ["local/m normal"]);
    await system.shutdown();
  });

  t.test("S12: of a target that is not there it is told no-such-actor", async (t) => {
    const { system, clock } = world();
    const seen: string[] = [];
    system.spawn(widow(seen)).tell("watch", "local/nobody");
    await clock.settle();
    t.same(seen, ["local/nobody no-such-actor"]);
    const dead = system.spawn(mortal);
    await system.stop(dead);
    const reasons: ExitReason[] = [];
    system.watch(dead, ({ reason }) => reasons.push(reason));
    t.same(reasons, ["no-such-actor"]);
    await system.shutdown();
  });

  t.test("S12: after unwatch it is never told, also when the news was queued", async (t) => {
    const { system, clock } = world();
    const seen: string[] = [];
    const Self = protocol("self@1", { go: tell() });
    const target = system.spawn(mortal, { name: "m" });
    const both = actor(
      Self,
      () => 0,
      {
        go: async (ctx) => {
          ctx.watch("local/m");
          await system.stop(target, "kill");
          ctx.unwatch("local/m");
        },
      },
      {
        terminated: (_ctx, { reason }) => {
          seen.push(reason);
        },
      },
    );
    system.spawn(both).tell("go");
    await clock.settle();
    t.same(seen, []);
    await system.shutdown();
  });

  t.test("S12: reasons are normal, failed and killed", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const spawned = () => {
      const ref = system.spawn(mortal, { restart: "temporary" });
      system.watch(ref, ({ reason }) => reasons.push(reason));
      return ref;
    };
    spawned().tell("stop");
    await clock.settle();
    spawned().tell("boom");
    await clock.settle();
    await system.stop(spawned(), "kill");
    t.same(reasons, ["normal", "failed", "killed"]);
    await system.shutdown();
  });

  t.test("S12: every watch is told once, also one begun while its target ends", async (t) => {
    const { system, clock } = world();
    const { passed, open } = gate();
    const target = system.spawn(mortal, { name: "m" });
    const slow = system.spawn(widow([]), { name: "slow" });
    const told: string[] = [];
    const count = (who: string) => (): void => void told.push(who);
    system.watch(target, count("first"));
    system.watch(target, count("second"));
    const holding = actor(Mortal, () => 0, { boom: () => passed, stop: () => {} });
    const ending = system.spawn(holding, { name: "ending" });
    ending.tell("boom");
    slow.tell("watch", "local/m");
    await clock.settle();
    const down = system.stop(ending);
    system.watch(ending, count("late"));
    open();
    await down;
    await system.stop(target);
    t.same(told, ["late", "first", "second"]);
    await system.shutdown();
  });

  t.test("S12: whoever watches again after unwatch is told again", async (t) => {
    const { system, clock } = world();
    const seen: string[] = [];
    const watcher = system.spawn(widow(seen));
    const target = system.spawn(mortal, { name: "m" });
    watcher.tell("watch", "local/m");
    watcher.tell("unwatch", "local/m");
    watcher.tell("watch", "local/m");
    await clock.settle();
    await system.stop(target);
    await clock.settle();
    t.same(seen, ["local/m normal"]);
    watcher.tell("watch", "local/m");
    await clock.settle();
    t.same(seen, ["local/m normal", "local/m no-such-actor"], "a new watch of the dead");
    await system.shutdown();
  });

  t.test("S8: watchers are not told of a restart", async (t) => {
    const { system, clock } = world();
    const reasons: ExitReason[] = [];
    const ref = system.spawn(mortal);
    const cancel = system.watch(ref, ({ reason }) => reasons.push(reason));
    ref.tell("boom");
    await clock.advanceAsync("1s");
    t.same(reasons, []);
    cancel();
    await system.stop(ref);
    t.same(reasons, [], "a watch that was called off is not told either");
    await system.shutdown();
  });
});
