import t from "tap";
import {
  type ActorDefinition,
  type ActorReport,
  actor,
  createSystem,
  protocol,
  silentLog,
  type Tell,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const Odd = protocol("odd@1", { fail: tell<string>(), wait: tell(), breed: tell<number>() });
type Odd = ActorDefinition<
  { fail: Tell<string>; wait: Tell<undefined>; breed: Tell<number> },
  undefined
>;

const odd: Odd = actor(
  Odd,
  () => undefined,
  {
    fail: (_ctx, why) => {
      throw new Error(why);
    },
    wait: (ctx) =>
      new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve())),
    breed: (ctx, count) => {
      for (let n = 0; n < count; n++) ctx.spawn(odd);
    },
  },
  { capability: "oddity@1", backoff: { initial: 10, max: 10 } },
);

t.test("the survey of actors", async (t) => {
  const clock = new ManualClock();
  const system = createSystem({ clock, log: silentLog });
  t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
  const top = system.spawn(odd, { name: "top" });
  const other = system.spawn(odd, { name: "other", mailbox: { capacity: 10 } });
  await clock.settle();

  t.test("counts all, and tells of each how it is", async (t) => {
    t.equal(system.actorCount, 2);
    top.tell("breed", 3);
    other.tell("wait");
    await clock.settle();
    for (let n = 0; n < 4; n++) other.tell("wait");
    t.equal(system.actorCount, 5);
    t.match(system.actor("other"), {
      actor: {
        address: "local/other",
        protocol: "odd@1",
        phase: "running",
        generation: 1,
        queued: 4,
        capacity: 10,
        busy: 1,
        children: 0,
        capability: "oddity@1",
      },
      children: [],
    });
    t.equal(system.actor("nobody"), undefined);
    t.equal(system.actor("top/nobody"), undefined);
    t.equal(system.actor("other/nobody/at/all"), undefined);
  });

  t.test("pages through them, parents before their children, each once", async (t) => {
    const pages: ActorReport[][] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: ReturnType<typeof system.actors> = system.actors({ from, limit: 2 });
      pages.push([...page.actors]);
      from = page.next;
    }
    t.same(
      pages.map((page) => page.length),
      [2, 2, 1],
    );
    const addresses = pages.flat().map(({ address }) => address);
    t.match(addresses, ["local/top", /^local\/top\/\$\d+$/, /\$/, /\$/, "local/other"]);
    t.equal(new Set(addresses).size, 5);
    t.equal(system.actors({ from: 99 }).actors.length, 0);
    t.equal(system.actors().next, undefined);
  });

  t.test(
    "V1: finds an actor by the name that it was given, and changes nothing by looking",
    async (t) => {
      const family = system.actor("top");
      const [child] = family?.children ?? [];
      t.equal(family?.actor.children, 3);
      t.match(system.actor(child?.address.slice("local/".length) ?? ""), { actor: child });
    },
  );

  t.test("S7: keeps how an actor failed the last time", async (t) => {
    t.equal(system.actor("top")?.actor.lastFailure, undefined);
    top.tell("fail", "on purpose");
    await clock.advanceAsync("1s");
    t.match(system.actor("top")?.actor, {
      phase: "running",
      generation: 2,
      restarts: 1,
      lastFailure: { operation: "fail", message: "on purpose", atMs: Number },
    });
  });
});
