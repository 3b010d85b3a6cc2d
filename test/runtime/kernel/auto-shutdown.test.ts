import t from "tap";
import type { ExitReason, RestartType } from "../../../runtime/index.ts";
import { boom, Puppet, type PuppetContext, puppet } from "../puppet.ts";
import { world } from "../world.ts";

t.test("autoShutdown", async (t) => {
  const leave = (ctx: PuppetContext): void => ctx.stop();

  /** A parent of the significant `a` and `b` and of the insignificant `c`. */
  async function family(
    autoShutdown: "never" | "any-significant" | "all-significant",
    restart: RestartType = "transient",
  ) {
    const made = world();
    const { system } = made;
    const log: string[] = [];
    const reasons: Record<string, ExitReason> = {};
    const member = (name: string) =>
      puppet([], {
        init: () => void log.push(`+${name}`),
        stopping: () => void log.push(`-${name}`),
      });
    const parent = puppet([], {
      init: (ctx) => {
        for (const name of ["a", "b"]) ctx.spawn(member(name), { name, significant: true });
        ctx.spawn(member("c"), { name: "c" });
      },
      stopping: () => void log.push("-p"),
    });
    const ref = system.spawn(parent, { name: "p", autoShutdown, restart });
    system.watch(ref, ({ reason }) => {
      reasons["p"] = reason;
    });
    await ref.ready;
    await made.clock.settle();
    log.length = 0;
    const tell = (name: string, act: (ctx: PuppetContext) => unknown) =>
      system.refOf(Puppet, `local/p/${name}`).tell("act", act);
    return { ...made, ref, log, reasons, tell };
  }

  t.test("S11: with any-significant the first significant end ends the parent", async (t) => {
    const { system, clock, log, reasons, tell } = await family("any-significant");
    tell("c", leave);
    await clock.settle();
    t.same(log, ["-c"], "an insignificant end counts for nothing");
    tell("a", leave);
    await clock.settle();
    t.same(log, ["-c", "-a", "-b", "-p"], "its other children first");
    t.same(reasons, { p: "normal" });
    await system.shutdown();
  });

  t.test("S11: with all-significant the last significant end does", async (t) => {
    const { system, clock, log, reasons, tell } = await family("all-significant");
    tell("a", leave);
    await clock.settle();
    t.same(log, ["-a"]);
    tell("b", (ctx) => ctx.fatal("done for"));
    await clock.settle();
    t.same(log, ["-a", "-b", "-c", "-p"]);
    t.same(reasons, { p: "normal" });
    await system.shutdown();
  });

  t.test("S11: a restart is no end, and neither is being stopped by the parent", async (t) => {
    const { system, clock, ref, log, reasons, tell } = await family("any-significant");
    tell("a", boom);
    await clock.advanceAsync("1s");
    t.same(log, ["-a", "+a"]);
    ref.tell("act", (ctx) =>
      ctx.stop({ ...system.refOf(Puppet, "local/p/b"), address: "local/p/b" }),
    );
    await clock.settle();
    t.same(log, ["-a", "+a", "-b"]);
    t.same(reasons, {});
    await system.shutdown();
  });

  t.test("S11: a permanent parent is started anew, with its children", async (t) => {
    const { system, clock, log, reasons, tell } = await family("any-significant", "permanent");
    tell("a", leave);
    await clock.advanceAsync("1s");
    t.same(log, ["-a", "-c", "-b", "-p", "+a", "+b", "+c"]);
    t.same(reasons, {});
    await system.shutdown();
  });

  t.test("S11: by default significant children change nothing", async (t) => {
    const { system, clock, log, reasons, tell } = await family("never");
    for (const name of ["a", "b"]) tell(name, leave);
    await clock.settle();
    t.same(log, ["-a", "-b"]);
    t.same(reasons, {});
    await system.shutdown();
  });

  t.test("a permanent child cannot be significant", async (t) => {
    const { system } = world();
    const options = { restart: "permanent", significant: true } as const;
    t.throws(() => system.spawn(puppet(), options), TypeError);
    await system.shutdown();
  });
});
