import t from "tap";
import {
  actor,
  ask,
  createSystem,
  MemoryHub,
  MemoryMembers,
  protocol,
  silentLog,
  type Transport,
  type TransportSink,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { rejection } from "../world.ts";

/** A transport that, like the one over NATS, hands back what is longer than a limit. */
function limited(transport: Transport, mostChars: number): Transport {
  let sink: TransportSink | undefined;
  return {
    node: transport.node,
    attach: (given) => {
      sink = given;
      transport.attach(given);
    },
    send: (to, envelope) => {
      if (JSON.stringify(envelope).length <= mostChars) return transport.send(to, envelope);
      queueMicrotask(() => sink?.undelivered(to, envelope, "too-large"));
      return true;
    },
    publish: (topic, envelope) => transport.publish(topic, envelope),
    subscribe: (topic) => transport.subscribe(topic),
    unsubscribe: (topic) => transport.unsubscribe(topic),
  };
}

function pair() {
  const hub = new MemoryHub();
  const members = new MemoryMembers();
  const clock = new ManualClock();
  const [a, b] = ["a", "b"].map((node) =>
    createSystem({
      clock,
      log: silentLog,
      transport: limited(hub.join(node), 10_000),
      membership: members.join({ name: node, incarnation: "1" }),
    }),
  );
  if (a === undefined || b === undefined) throw new Error("two systems were made");
  const close = async (): Promise<void> => {
    const down = Promise.all([a.shutdown(), b.shutdown()]);
    await clock.advanceAsync("1m");
    await down;
  };
  return { clock, a, b, close };
}

t.test("remote failures", async (t) => {
  const Clerk = protocol("clerk@1", { file: ask<string, string>() });
  const clerk = actor(Clerk, () => 0, {
    file: (ctx, what) => {
      if (what === "function") return ctx.fail("closed", { why: () => "lunch" });
      if (what === "large") return ctx.fail("closed", "x".repeat(20_000));
      throw new Error("y".repeat(20_000));
    },
  });

  t.test("regression: a failure that cannot travel reaches its asker, shortened", async (t) => {
    const { clock, a, b, close } = pair();
    b.spawn(clerk, { name: "clerk", shutdown: 0 });
    const ref = a.refOf(Clerk, "b/clerk");
    for (const [what, code] of [
      ["function", "refused"],
      ["large", "refused"],
      ["long", "actor.failed"],
    ] as const) {
      const asked = rejection(ref.ask("file", what));
      await clock.advanceAsync("1s");
      t.match(await asked, { code, outcome: "failed", data: undefined }, what);
    }
    t.equal(a.pendingReplies, 0);
    await close();
  });
});
