import t from "tap";
import {
  actor,
  ask,
  createSystem,
  type DeadLetter,
  DeferredReply,
  MemoryHub,
  MemoryMembers,
  pool,
  protocol,
  silentLog,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { boom, Puppet, puppet } from "../puppet.ts";
import { rejection } from "../world.ts";

/** Two systems whose cut links hold `outbox` envelopes each. */
function pair(outbox = 2) {
  const hub = new MemoryHub({ outbox });
  const members = new MemoryMembers();
  const clock = new ManualClock();
  const [a, b] = ["a", "b"].map((node) =>
    createSystem({
      clock,
      log: silentLog,
      transport: hub.join(node),
      membership: members.join({ name: node, incarnation: "1" }),
    }),
  );
  if (a === undefined || b === undefined) throw new Error("two systems were made");
  const letters: DeadLetter[] = [];
  a.onDeadLetter((letter) => letters.push(letter));
  const log: string[] = [];
  b.spawn(puppet(log), { name: "p" });
  const close = async (): Promise<void> => {
    const down = Promise.all([a.shutdown(), b.shutdown()]);
    await clock.advanceAsync("1m");
    await down;
  };
  return { hub, clock, a, b, ref: a.refOf(Puppet, "b/p"), letters, log, close };
}

t.test("remote offer", async (t) => {
  t.test("S6: waits for room on the link, and is queued there in the end", async (t) => {
    const { hub, clock, ref, letters, log, close } = pair();
    t.equal(await ref.offer("note", "over an open link"), true);
    hub.disconnect("a", "b");
    t.same(
      [1, 2, 3].map((n) => ref.tell("note", `${n}`)),
      [true, true, false],
    );
    let queued: boolean | undefined;
    void ref.offer("note", "offered").then((was) => {
      queued = was;
    });
    await clock.advanceAsync("10s");
    t.equal(queued, undefined);
    hub.connect("a", "b");
    await clock.advanceAsync("1s");
    t.equal(queued, true);
    t.same(log, ["init", "over an open link", "1", "2", "offered"]);
    t.equal(letters.length, 1, "only the tell that was refused");
    await close();
  });

  t.test("S6: by its deadline, or when it is called off, it is a dead letter", async (t) => {
    const { hub, clock, ref, letters, log, close } = pair(0);
    hub.disconnect("a", "b");
    const abort = new AbortController();
    const came: (boolean | undefined)[] = [undefined, undefined];
    void ref.offer("note", "late", { timeout: "2s" }).then((was) => {
      came[0] = was;
    });
    void ref.offer("note", "called off", { signal: abort.signal }).then((was) => {
      came[1] = was;
    });
    await clock.advanceAsync("1s");
    t.same(came, [undefined, undefined]);
    abort.abort();
    await clock.advanceAsync(100);
    t.same(came, [undefined, false]);
    await clock.advanceAsync(1_000);
    t.same(came, [false, false]);
    t.match(letters, [
      { body: "called off", reason: "disconnected", to: "b/p" },
      { body: "late", reason: "disconnected" },
    ]);
    hub.connect("a", "b");
    await clock.settle();
    t.same(log, ["init"]);
    await close();
  });

  t.test("S8: a sender that was restarted offers nothing any more", async (t) => {
    const { hub, clock, a, log, close } = pair(0);
    hub.disconnect("a", "b");
    const sender = a.spawn(puppet(), { shutdown: 0 });
    let came: boolean | undefined;
    sender.tell("act", (ctx) => {
      void ctx
        .refOf(Puppet, "b/p")
        .offer("note", "stale")
        .then((was) => {
          came = was;
        });
    });
    sender.tell("act", boom);
    await clock.advanceAsync("5s");
    hub.connect("a", "b");
    await clock.advanceAsync("1s");
    t.equal(came, false);
    t.same(log, ["init"]);
    t.equal(a.fenced, 1);
    await close();
  });

  t.test("never rejects: what no protocol has is a dead letter at once", async (t) => {
    const { ref, letters, close } = pair();
    t.equal(await ref.offer("nope" as "note", "x"), false);
    t.equal(await ref.offer("get" as "note", "x"), false);
    t.match(letters, [{ reason: "no-handler" }, { reason: "no-handler" }]);
    await close();
  });
});

t.test("remote pool", async (t) => {
  const Crew = protocol("crew@1", {
    who: ask<undefined, string>(),
    never: ask<undefined, string>(),
    defer: ask<undefined, string>(),
    note: tell<string>(),
  });
  const worker = (aborts: { count: number }) =>
    actor(Crew, () => 0, {
      who: (ctx) => ctx.sender ?? "outside",
      never: (ctx) =>
        new Promise<string>((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            aborts.count++;
            reject(ctx.signal.reason);
          });
        }),
      defer: () => new DeferredReply<string>(),
      note: () => {},
    });

  t.test("S5, S18: a pool answers askers of another node, and hears that they left", async (t) => {
    const { clock, a, b, close } = pair();
    const aborts = { count: 0 };
    b.spawn(pool(worker(aborts), { size: 2 }), { name: "crew" });
    const crew = a.refOf(Crew, "b/crew");
    t.equal(await crew.ask("who"), "outside");
    const late = rejection(crew.ask("never", undefined, { timeout: "1s" }));
    const deferred = rejection(crew.ask("defer", undefined, { timeout: "1s" }));
    await clock.advanceAsync("1s");
    t.match(await late, { code: "ask.timeout", outcome: "unknown" });
    t.match(await deferred, { code: "ask.timeout", outcome: "unknown" });
    await clock.settle();
    t.equal(aborts.count, 1);
    t.equal(await crew.ask("who"), "outside", "both workers are free again");
    t.equal(await crew.ask("who"), "outside");
    await close();
  });
});
