import t from "tap";
import { actor, protocol, stream, tell } from "../../runtime/index.ts";
import { rejection, world } from "./world.ts";

const Source = protocol("source@1", {
  numbers: stream<number, number, string>(),
  broken: stream<number, number>(),
  stuck: stream<undefined, number>(),
  boom: tell(),
});

interface Seen {
  made: number;
  cleaned: number;
  aborted: number;
}

function source(seen: Seen = { made: 0, cleaned: 0, aborted: 0 }) {
  return actor(Source, () => 0, {
    async *numbers(_ctx, n) {
      try {
        for (let i = 1; i <= n; i++) {
          seen.made++;
          yield i;
        }
        return `${n} made`;
      } finally {
        seen.cleaned++;
      }
    },
    async *broken(_ctx, n) {
      for (let i = 1; i <= n; i++) yield i;
      throw new Error("out of ink");
    },
    async *stuck(ctx) {
      yield 1;
      await new Promise<void>((resolve) => {
        ctx.signal.addEventListener("abort", () => {
          seen.aborted++;
          resolve();
        });
      });
    },
    boom: () => {
      throw new Error("boom");
    },
  });
}

t.test("stream", async (t) => {
  t.test("S16: a producer stays within its credit of 32 until chunks are taken", async (t) => {
    const { system, clock } = world();
    const seen = { made: 0, cleaned: 0, aborted: 0 };
    const ref = system.spawn(source(seen));
    const numbers = ref.stream("numbers", 100);
    await clock.settle();
    t.ok(seen.made <= 33, `made ${seen.made}`);
    const taken: number[] = [];
    for await (const n of numbers) taken.push(n);
    t.same(
      taken,
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    t.equal(await numbers.result, "100 made");
    await system.shutdown();
  });

  t.test("S16: leaving early cancels the producer, whose clean-up runs", async (t) => {
    const { system, clock } = world();
    const seen = { made: 0, cleaned: 0, aborted: 0 };
    const ref = system.spawn(source(seen));
    const numbers = ref.stream("numbers", 1_000);
    for await (const n of numbers) if (n === 3) break;
    await clock.settle();
    t.equal(seen.cleaned, 1);
    t.ok(seen.made < 100);
    t.match(await rejection(numbers.result), { code: "ask.cancelled" });
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S16: aborting cancels the producer through its signal", async (t) => {
    const { system, clock } = world();
    const seen = { made: 0, cleaned: 0, aborted: 0 };
    const ref = system.spawn(source(seen));
    const abort = new AbortController();
    const stuck = ref.stream("stuck", undefined, { signal: abort.signal });
    const failed = rejection(
      (async () => {
        for await (const n of stuck) if (n === 1) abort.abort();
      })(),
    );
    await clock.settle();
    t.match(await failed, { code: "ask.cancelled" });
    t.equal(seen.aborted, 1);
    await system.shutdown();
  });

  t.test("S16: a producer that throws breaks the stream after the chunks that came", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(source());
    const taken: number[] = [];
    const broken = ref.stream("broken", 2);
    const failed = rejection(
      (async () => {
        for await (const n of broken) taken.push(n);
      })(),
    );
    await clock.settle();
    t.match(await failed, { code: "actor.failed", outcome: "failed" });
    t.same(taken, [1, 2]);
    t.match(await rejection(broken.result), { code: "actor.failed" });
    await system.shutdown();
  });

  t.test("S16: the death of the producer is stream.aborted with the last sequence", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(source());
    const stuck = ref.stream("stuck");
    const failed = rejection(
      (async () => {
        for await (const _ of stuck);
      })(),
    );
    await clock.settle();
    await system.stop(ref, "kill");
    t.match(await failed, { code: "stream.aborted", data: { lastSeq: 1 } });
    await system.shutdown();
  });

  for (const how of ["stop", "kill"] as const) {
    t.test(`S16: the death of the consumer by ${how} cancels the producer`, async (t) => {
      const { system, clock } = world();
      const seen: Seen = { made: 0, cleaned: 0, aborted: 0 };
      const producer = system.spawn(source(seen));
      const Reader = protocol("reader@1", { read: tell() });
      const reader = actor(Reader, () => 0, {
        read: async () => {
          for await (const _n of producer.stream("stuck"));
        },
      });
      const ref = system.spawn(reader, { shutdown: "1s" });
      ref.tell("read");
      await clock.settle();
      t.equal(seen.aborted, 0);
      const stopped = system.stop(ref, how);
      await clock.advanceAsync("5s");
      await stopped;
      t.equal(seen.aborted, 1, "long before the stream's deadline");
      t.equal(system.pendingReplies, 0);
      await system.shutdown();
    });
  }

  t.test("S15: a stream has a deadline, and its actor goes on afterwards", async (t) => {
    const { system, clock } = world();
    const ref = system.spawn(source());
    const failed = rejection(ref.stream("stuck", undefined, { timeout: "1s" }).result);
    await clock.advanceAsync("1s");
    const next = ref.stream("numbers", 1);
    const taken: number[] = [];
    for await (const n of next) taken.push(n);
    t.same(taken, [1]);
    t.match(await failed, { code: "ask.timeout", outcome: "unknown" });
    await system.shutdown();
  });
});
