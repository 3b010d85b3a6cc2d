import t, { type Test } from "tap";
import { bidder, type Performed } from "../../../actors/index.ts";
import { type Award, Bidder, topicOf } from "../../../protocols/index.ts";
import {
  actor,
  createSystem,
  MemoryMembers,
  type Ports,
  protocol,
  silentLog,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

type Heard = { readonly said: string; readonly body: unknown };

/** An auctioneer that only writes down what it hears, and says what it is told to say. */
const Scribe = protocol("auctioneer@1", {
  bid: tell<unknown>(),
  refusal: tell<unknown>(),
  inform: tell<unknown>(),
  failure: tell<unknown>(),
  call: tell<string>(),
  award: tell<Award>(),
  withdraw: tell<Award>(),
});

function world(t: Test, ports: Partial<Ports> = {}) {
  const clock = new ManualClock();
  const system = createSystem({ clock, log: silentLog, ...ports });
  t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
  const heard: Heard[] = [];
  const note = (said: string) => (_: unknown, body: unknown) => {
    heard.push({ said, body });
  };
  const scribe = actor(Scribe, () => undefined, {
    bid: note("bid"),
    refusal: note("refusal"),
    inform: note("inform"),
    failure: note("failure"),
    call: (ctx, auction) => {
      const auctioneer = ctx.self.address;
      const capability = "double@1";
      const call = { auction, capability, auctioneer, task: 21, withinMs: 100 };
      ctx.publish(topicOf(capability), call);
    },
    award: async (ctx, award) => {
      const answer = await ctx.refOf(Bidder, "local/b").ask("award", award);
      heard.push({ said: answer.confirmed ? "confirmed" : answer.reason, body: award.auction });
    },
    withdraw: (ctx, { auction, round }) => {
      ctx.refOf(Bidder, "local/b").tell("withdraw", { auction, round });
    },
  });
  return { clock, system, heard, hall: system.spawn(scribe, { name: "hall" }) };
}

const award = (auction: string): Award => ({ auction, round: 1, task: 21 });

/** Work that ends when the test says so. */
function slowWork() {
  const open: { signal: AbortSignal; finish: (work: Performed<number>) => void }[] = [];
  const perform = (_: number, { signal }: { readonly signal: AbortSignal }) =>
    new Promise<Performed<number>>((finish) => open.push({ signal, finish }));
  return { open, perform };
}

t.test("Bidder", async (t) => {
  t.test("N1: confirms before it works, and answers calls while it does", async (t) => {
    const { clock, system, heard, hall } = world(t);
    const { open, perform } = slowWork();
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    hall.tell("award", award("a1"));
    await clock.settle();
    hall.tell("call", "a2");
    await clock.settle();
    open[0]?.finish({ result: 42, confidence: 0.9 });
    await clock.settle();
    t.match(heard, [
      { said: "confirmed" },
      { said: "bid", body: { auction: "a2", kind: "k", priceMicros: 7, outstanding: 1 } },
      {
        said: "inform",
        body: { auction: "a1", round: 1, result: 42, confidence: 0.9, priceMicros: 7 },
      },
    ]);
  });

  t.test("N2: refuses and declines what is beyond its room, and works in order", async (t) => {
    const { clock, system, heard, hall } = world(t);
    const { open, perform } = slowWork();
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform, backlog: 1 };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    for (const auction of ["a1", "a2", "a3"]) hall.tell("award", award(auction));
    hall.tell("call", "a4");
    await clock.settle();
    t.match(heard, [
      { said: "confirmed", body: "a1" },
      { said: "confirmed", body: "a2" },
      { said: "busy", body: "a3" },
      { said: "refusal", body: { auction: "a4", reason: "busy" } },
    ]);
    t.equal(open.length, 1, "one at a time");
    open[0]?.finish({ result: 1 });
    await clock.settle();
    t.equal(open.length, 2, "then the next");
  });

  t.test("S21: refuses calls while its node lags", async (t) => {
    const members = new MemoryMembers();
    const self = { name: "local", incarnation: "1" };
    const { clock, system, heard, hall } = world(t, { membership: members.join(self) });
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform: slowWork().perform };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    for (const [auction, phase] of [
      ["a1", "degraded"],
      ["a2", "up"],
      ["a3", "draining"],
    ] as const) {
      members.move(self, phase);
      hall.tell("call", auction);
      await clock.settle();
    }
    t.match(heard, [
      { said: "refusal", body: { auction: "a1", reason: "busy" } },
      { said: "bid", body: { auction: "a2" } },
      { said: "refusal", body: { auction: "a3", reason: "busy" } },
    ]);
  });

  t.test("N3: says when its work failed, and goes on with the next", async (t) => {
    const { clock, system, heard, hall } = world(t);
    let calls = 0;
    const perform = () => {
      if (calls++ === 0) throw new Error("jammed");
      return { result: 42, priceMicros: 3 };
    };
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    for (const auction of ["a1", "a2"]) hall.tell("award", award(auction));
    await clock.settle();
    const ends = heard.filter(({ said }) => said !== "confirmed");
    t.match(ends, [
      { said: "failure", body: { auction: "a1", reason: "jammed", priceMicros: 0 } },
      { said: "inform", body: { auction: "a2", result: 42, priceMicros: 3 } },
    ]);
  });

  t.test("stops work that is withdrawn, and says nothing of it", async (t) => {
    const { clock, system, heard, hall } = world(t);
    const { open, perform } = slowWork();
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    hall.tell("award", award("a1"));
    await clock.settle();
    hall.tell("withdraw", award("a1"));
    await clock.settle();
    t.equal(open[0]?.signal.aborted, true);
    open[0]?.finish({ result: 42 });
    await clock.settle();
    t.strictSame(
      heard.map(({ said }) => said),
      ["confirmed"],
    );
  });

  t.test("N3: fails what it has in hand when it stops", async (t) => {
    const { clock, system, heard, hall } = world(t);
    const { open, perform } = slowWork();
    const spec = { kind: "k", capability: "double@1", price: () => 7, perform };
    const ref = system.spawn(bidder(spec), { name: "b" });
    for (const auction of ["a1", "a2"]) hall.tell("award", award(auction));
    await clock.settle();
    await system.stop(ref);
    await clock.settle();
    t.equal(open[0]?.signal.aborted, true);
    const failed = heard.filter(({ said }) => said === "failure");
    t.match(failed, [{ body: { auction: "a2" } }, { body: { auction: "a1" } }]);
  });

  t.test("refuses a task that it cannot price, and lives on", async (t) => {
    const { clock, system, heard, hall } = world(t);
    const price = (task: number) => (task as unknown as { size: { of: number } }).size.of;
    const spec = { kind: "k", capability: "double@1", price, perform: () => ({ result: 1 }) };
    await system.spawn(bidder(spec), { name: "b" }).ready;
    for (let i = 0; i < 9; i++) hall.tell("call", `a${i}`);
    await clock.settle();
    t.equal(heard.filter(({ said }) => said === "refusal").length, 9);
  });

  t.test("refuses options that are no amounts", async (t) => {
    const spec = {
      kind: "k",
      capability: "double@1",
      price: () => 7,
      perform: () => ({ result: 1 }),
    };
    t.throws(() => bidder({ ...spec, concurrency: 0 }), RangeError);
    t.throws(() => bidder({ ...spec, backlog: -1 }), RangeError);
  });
});
