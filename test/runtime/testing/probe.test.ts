import { AssertionError } from "node:assert";
import t from "tap";
import {
  actor,
  ask,
  createSystem,
  protocol,
  seededRandom,
  silentLog,
  stream,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock, probe, seededWorld } from "../../../runtime/testing/index.ts";

const Sink = protocol("sink@1", {
  note: tell<{ readonly n: number }>(),
  tick: tell(),
  price: ask<string, number>(),
  lines: stream<string, string, number>(),
});

/** Tells what an expectation says when it fails. */
async function complaint(expectation: Promise<unknown>): Promise<string> {
  try {
    await expectation;
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  return "it held";
}

t.test("Probe", async (t) => {
  t.test("P1: takes messages in order and shows who sent them", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink, { name: "sink" });
    const Source = protocol("source@1", { go: tell() });
    const source = actor(Source, () => undefined, {
      go: (ctx) => {
        const ref = ctx.refOf(Sink, sink.ref.address);
        ref.tell("note", { n: 1 });
        ref.tell("note", { n: 2 });
      },
    });
    world.system().spawn(source, { name: "source" }).tell("go");
    t.equal((await sink.expectMessage("note", { n: 1 })).sender, "local/source");
    t.equal((await sink.expectMessage("note", ({ n }) => n > 1)).payload.n, 2);
    t.equal(sink.ref.address, "local/sink");
    t.match(sink.received, [
      { operation: "note", payload: { n: 1 }, atMs: 0 },
      { operation: "note" },
    ]);
    await world.end();
  });

  t.test("P2: says what came instead, and what else waits, and takes nothing", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    sink.ref.tell("note", { n: 1 });
    sink.ref.tell("tick");
    t.equal(
      await complaint(sink.expectMessage("note", { n: 2 })),
      "expected note { n: 2 }, but note { n: 1 } from outside came; waiting: tick from outside",
    );
    t.equal(
      await complaint(sink.expectMessage("tick")),
      "expected tick, but note { n: 1 } from outside came; waiting: tick from outside",
    );
    await sink.expectMessage("note");
    await sink.expectMessage("tick");
    t.equal(
      await complaint(sink.expectMessage("tick", undefined, { within: "7s" })),
      "expected tick within 7s, but nothing came",
    );
    t.equal(world.clock.monotonicMs(), 7_000, "it waited on the world's time");
    await world.end();
  });

  t.test("waits no longer than until the message comes", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    world.system().ports.clock.after(1_500, () => sink.ref.tell("tick"));
    await sink.expectMessage("tick", undefined, { within: "1m" });
    t.equal(world.clock.monotonicMs(), 1_500);
    await world.end();
  });

  t.test("fishes for a message among others", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink, { ignore: ["tick"] });
    for (const n of [1, 2, 3]) sink.ref.tell("note", { n });
    sink.ref.tell("tick");
    t.equal((await sink.fishForMessage("note", ({ n }) => n === 2)).payload.n, 2);
    t.equal(
      await complaint(sink.fishForMessage("note", { n: 9 })),
      "expected note { n: 9 } within 3s, but it did not come; waiting: note { n: 3 } from outside",
    );
    t.equal(sink.received.length, 4, "what is ignored is recorded");
    await world.end();
  });

  t.test("expectNoMessage lets time pass, and names what came", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    await sink.expectNoMessage({ for: "5s" });
    t.equal(world.clock.monotonicMs(), 5_000);
    world.system().ports.clock.after(500, () => sink.ref.tell("tick"));
    t.equal(
      await complaint(sink.expectNoMessage({ for: "1s" })),
      "expected no message, but tick from outside came",
    );
    t.equal(world.clock.monotonicMs(), 5_500);
    await world.end();
  });

  t.test("P3: answers and refuses asks in any order, and receives meanwhile", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    const [apples, pears] = [sink.ref.ask("price", "apples"), sink.ref.ask("price", "pears")];
    const first = await sink.expectMessage("price", "apples");
    await sink.expectMessage("price", "pears");
    sink.reply(2);
    t.equal(await world.run(pears), 2);
    first.fail("sold-out", { since: 1 });
    await t.rejects(world.run(apples), {
      code: "refused",
      outcome: "failed",
      data: { code: "sold-out", data: { since: 1 } },
    });
    sink.ref.tell("tick");
    await sink.expectMessage("tick");
    t.throws(() => sink.reply(1), TypeError);
    await world.end();
  });

  t.test("P3: produces a stream, chunk by chunk, to its end", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    const read: string[] = [];
    const lines = sink.ref.stream("lines", "poem");
    const reading = (async () => {
      for await (const line of lines) read.push(line);
      return lines.result;
    })();
    const taken = await sink.expectMessage("lines", "poem");
    taken.chunk("one");
    await world.settle();
    t.strictSame(read, ["one"]);
    taken.chunk("two");
    taken.reply(2);
    t.equal(await world.run(reading), 2);
    t.strictSame(read, ["one", "two"]);

    const broken = sink.ref.stream("lines", "prose");
    (await sink.expectMessage("lines")).fail("boring");
    await t.rejects(world.run(broken.result), { code: "refused" });
    await world.end();
  });

  t.test("a stream whose reader goes lets the probe receive again", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    const lines = sink.ref.stream("lines", "poem");
    lines.result.catch(() => {});
    await sink.expectMessage("lines");
    lines.cancel();
    sink.ref.tell("tick");
    t.equal((await sink.expectMessage("tick")).operation, "tick");
    await world.end();
  });

  t.test("S12: expects the end of an actor, with its reason", async (t) => {
    const world = seededWorld({ seed: 1 });
    const sink = probe(world, Sink);
    const system = world.system();
    const one = probe(system, Sink, { name: "one" });
    sink.watch(one.ref);
    t.match(
      await complaint(sink.expectTerminated(one.ref, { within: "1s" })),
      "expected local/one to end within 1s",
    );
    const stopped = one.stop();
    t.strictSame(await sink.expectTerminated(one.ref), { address: "local/one", reason: "normal" });
    await stopped;
    t.match(await sink.expectTerminated("local/never-was"), { reason: "no-such-actor" });
    t.equal(
      await complaint(sink.expectTerminated(one.ref, { reason: "killed" })),
      "local/one ended: normal",
    );
    await world.end();
  });

  t.test("stands on the node that it is told to", async (t) => {
    const world = seededWorld({ seed: 1, nodes: ["n1", "n2"] });
    const there = probe(world, Sink, { node: "n2", name: "there" });
    t.equal(probe(world, Sink, { name: "here" }).ref.address, "n1/here");
    world.system("n1").refOf(Sink, "n2/there").tell("tick");
    await there.expectMessage("tick");
    await world.end();
  });

  t.test("moves a manual clock that a system was given", async (t) => {
    const clock = new ManualClock();
    const system = createSystem({ clock, log: silentLog, random: seededRandom(1) });
    const sink = probe(system, Sink);
    clock.after(2_000, () => sink.ref.tell("tick"));
    await sink.expectMessage("tick");
    t.equal(clock.monotonicMs(), 2_000);
    const down = system.shutdown();
    await clock.advanceAsync("1s");
    await down;
  });

  t.test("on a clock that runs by itself it waits with a deadline", async (t) => {
    const system = createSystem({ log: silentLog });
    const sink = probe(system, Sink);
    system.ports.clock.after(5, () => sink.ref.tell("tick"));
    await sink.expectMessage("tick");
    t.match(
      await complaint(sink.expectMessage("tick", undefined, { within: 10 })),
      "expected tick within 10ms, but nothing came",
    );
    await sink.expectNoMessage({ for: 5 });
    await system.shutdown();
  });
});
