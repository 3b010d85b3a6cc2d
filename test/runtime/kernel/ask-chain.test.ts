import t from "tap";
import { DeferredReply } from "../../../runtime/index.ts";
import { type Act, Puppet, type PuppetContext, puppet } from "../puppet.ts";
import { rejection, world } from "../world.ts";

/** Asks along a path of addresses; the last one acts. */
function relay([next, ...rest]: readonly string[], act: Act = () => "end"): Act {
  if (next === undefined) return act;
  return (ctx) => ctx.refOf(Puppet, next).ask("get", relay(rest, act));
}

t.test("ask chain", async (t) => {
  t.test("S2: an actor that asks itself is refused at once", async (t) => {
    const { system } = world();
    const ref = system.spawn(puppet(), { name: "a" });
    const error = await ref.ask("get", (ctx) => rejection(ctx.self.ask("get", () => 1)));
    const data = { path: ["local/a", "local/a"] };
    t.match(error, { code: "ask.cycle", outcome: "never-ran", data });
    await system.shutdown();
  });

  t.test("S2: a cycle is found whichever references it runs through", async (t) => {
    const { system } = world();
    const refs = ["a", "b", "c"].map((name) => system.spawn(puppet(), { name }));
    const [a, b, c] = refs;
    // References without an owner, as a program hands them out.
    const error = await a?.ask("get", () =>
      b?.ask("get", () => c?.ask("get", () => rejection(a.ask("get", () => 1)))),
    );
    t.match(error, {
      code: "ask.cycle",
      data: { path: ["local/a", "local/b", "local/c", "local/a"] },
    });
    await system.shutdown();
  });

  t.test("S2: two actors that only ask the same third one close no cycle", async (t) => {
    const { system } = world();
    for (const name of ["a", "b", "c"]) system.spawn(puppet(), { name });
    const [a, b] = ["local/a", "local/b"].map((address) => system.refOf(Puppet, address));
    const answers = [a, b].map((ref) => ref?.ask("get", relay(["local/c"])));
    t.same(await Promise.all(answers), ["end", "end"]);
    await system.shutdown();
  });

  t.test("S2: who tells waits for nobody, so that an answer may be asked for", async (t) => {
    const { system, clock } = world();
    const log: string[] = [];
    const a = system.spawn(puppet(log), { name: "a" });
    const b = system.spawn(puppet(), { name: "b" });
    a.tell("act", (ctx) => {
      ctx.refOf(Puppet, b.address).tell("act", async (inner: PuppetContext) => {
        log.push(String(await inner.refOf(Puppet, a.address).ask("get", () => "answered")));
      });
    });
    await clock.settle();
    t.same(log, ["init", "answered"]);
    await system.shutdown();
  });

  t.test("S2: who deferred its answer is free, and closes no cycle", async (t) => {
    const { system } = world();
    const reply = new DeferredReply<unknown>();
    const a = system.spawn(puppet(), { name: "a" });
    const b = system.spawn(puppet(), { name: "b" });
    const asked = b.ask("get", () =>
      a.ask("get", (ctx) => {
        ctx.task(async () => {
          // The task runs beside the mailbox: its actor is not waiting.
          reply.resolve(await ctx.refOf(Puppet, "local/c").ask("get", () => "from c"));
          return "done";
        }, "note");
        return reply;
      }),
    );
    system.spawn(puppet(), { name: "c" });
    t.equal(await asked, "from c");
    await system.shutdown();
  });

  t.test("S2: an init that asks its own actor is a cycle too", async (t) => {
    const { system, clock } = world();
    let error: unknown;
    const eager = puppet([], {
      init: async (ctx) => {
        error = await rejection(ctx.self.ask("get", () => 1));
      },
    });
    await system.spawn(eager).ready;
    await clock.settle();
    t.match(error, { code: "ask.cycle" });
    await system.shutdown();
  });

  t.test(
    "S2, I1: a chain is followed for 32 links; a longer one ends by its deadline",
    async (t) => {
      for (const [links, code] of [
        [31, "ask.cycle"],
        [40, "ask.timeout"],
      ] as const) {
        const { system, clock } = world();
        const addresses = Array.from({ length: links }, (_, i) => `local/n${i}`);
        for (const address of addresses) system.spawn(puppet(), { name: address.slice(6) });
        let error: unknown;
        const last: Act = async (ctx) => {
          error = await rejection(ctx.refOf(Puppet, "local/n0").ask("get", () => 1));
        };
        const asked = system
          .refOf(Puppet, "local/n0")
          .ask("get", relay(addresses.slice(1), last))
          .catch(() => {});
        await clock.advanceAsync("30s");
        await asked;
        t.match(
          error,
          { code: code === "ask.cycle" ? code : /ask\.(timeout|expired)/ },
          `${links}`,
        );
        await system.shutdown();
      }
    },
  );

  t.test("S2: streams and asks are links of one chain", async (t) => {
    const { system } = world();
    const a = system.spawn(puppet(), { name: "a" });
    const b = system.spawn(puppet(), { name: "b" });
    const error = await a.ask("get", async () => {
      let seen: unknown;
      const flow = b.stream("flow", async function* () {
        seen = await rejection(a.ask("get", () => 1));
        yield 1;
        return "";
      });
      for await (const _ of flow);
      return seen;
    });
    t.match(error, { code: "ask.cycle", outcome: "never-ran" });
    await system.shutdown();
  });
});
