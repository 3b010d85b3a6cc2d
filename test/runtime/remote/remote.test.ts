import t from "tap";
import {
  actor,
  ask,
  createSystem,
  type ExitReason,
  MemoryHub,
  MemoryMembers,
  protocol,
  type Schema,
  type System,
  silentLog,
  stream,
  tell,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { rejection } from "../world.ts";

const text: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "must be text" }] },
  },
};
const Desk = protocol("desk@1", {
  note: tell(text),
  seen: ask<undefined, readonly string[]>(),
  hang: ask<undefined, number>(),
  fail: ask<undefined, number>(),
  refuse: ask<undefined, number>(),
  odd: ask<undefined, unknown>(),
  count: stream<number, number, string>(),
  drip: stream<undefined, number>(),
  news: tell<string>(),
});

interface Seen {
  readonly notes: string[];
  aborted: number;
  made: number;
}

function desk(seen: Seen) {
  return actor(
    Desk,
    (_input: undefined, ctx) => {
      ctx.subscribe("news", "news");
      return seen;
    },
    {
      note: (ctx, line) => {
        ctx.state.notes.push(`${line} from ${ctx.sender ?? "outside"}`);
      },
      seen: (ctx) => ctx.state.notes,
      hang: (ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            seen.aborted++;
            reject(ctx.signal.reason);
          });
        }),
      fail: () => {
        throw new Error("no ink");
      },
      refuse: (ctx) => ctx.fail("closed", { until: 9 }),
      odd: () => () => 1,
      async *count(_ctx, n) {
        for (let i = 1; i <= n; i++) {
          seen.made++;
          yield i;
        }
        return "counted";
      },
      async *drip(ctx) {
        yield 1;
        await new Promise<void>((resolve) => {
          ctx.signal.addEventListener("abort", () => {
            seen.aborted++;
            resolve();
          });
        });
      },
      news: (ctx, line) => {
        ctx.state.notes.push(line);
      },
    },
  );
}

interface Pair {
  readonly hub: MemoryHub;
  readonly members: MemoryMembers;
  readonly clock: ManualClock;
  readonly a: System;
  readonly b: System;
  readonly seen: Seen;
  readonly close: () => Promise<void>;
}

function pair(): Pair {
  const hub = new MemoryHub();
  const members = new MemoryMembers();
  const clock = new ManualClock();
  const systemOf = (node: string): System =>
    createSystem({
      clock,
      log: silentLog,
      transport: hub.join(node),
      membership: members.join({ name: node, incarnation: "1" }),
    });
  const a = systemOf("a");
  const b = systemOf("b");
  const seen = { notes: [], aborted: 0, made: 0 };
  b.spawn(desk(seen), { name: "desk" });
  const close = async (): Promise<void> => {
    const down = Promise.all([a.shutdown(), b.shutdown()]);
    await clock.advanceAsync("10s");
    await down;
  };
  return { hub, members, clock, a, b, seen, close };
}

t.test("remote", async (t) => {
  t.test("S3, S18: tell, ask and stream reach an actor on another node, in order", async (t) => {
    const { a, seen, clock, close } = pair();
    const ref = a.refOf(Desk, "b/desk");
    await ref.ready;
    const sent = Array.from({ length: 300 }, (_, i) => `n${i}`);
    for (const line of sent) t.equal(ref.tell("note", line), true);
    t.same(
      await ref.ask("seen"),
      sent.map((line) => `${line} from outside`),
    );
    const chunks: number[] = [];
    const counted = ref.stream("count", 100);
    await clock.settle();
    t.equal(seen.made, 32, "credit holds across nodes");
    for await (const n of counted) chunks.push(n);
    t.same(
      chunks,
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    t.equal(await counted.result, "counted");
    t.equal(a.pendingReplies, 0);
    await close();
  });

  t.test("S24: the sender is told by its address", async (t) => {
    const { a, seen, clock, close } = pair();
    const Teller = protocol("teller@1", { go: tell() });
    const teller = actor(Teller, () => 0, {
      go: (ctx) => {
        ctx.refOf(Desk, "b/desk").tell("note", "hi");
      },
    });
    a.spawn(teller, { name: "t" }).tell("go");
    await clock.settle();
    t.same(seen.notes, ["hi from a/t"]);
    await close();
  });

  t.test("S15: failures cross nodes with their code, outcome and data", async (t) => {
    const { a, clock, close } = pair();
    const ref = a.refOf(Desk, "b/desk");
    const answers = [
      rejection(ref.ask("refuse")),
      rejection(a.refOf(Desk, "b/nobody").ask("seen")),
      rejection(a.refOf(Desk, "c/desk").ask("seen")),
      rejection(ref.ask("odd")),
      rejection(ref.ask("fail")),
    ];
    await clock.settle();
    t.match(await Promise.all(answers), [
      { code: "refused", outcome: "failed", data: { code: "closed", data: { until: 9 } } },
      { code: "actor.not-found", outcome: "never-ran" },
      { code: "node.disconnected", outcome: "never-ran" },
      { code: "ask.undecodable", outcome: "unknown" },
      { code: "actor.failed", outcome: "failed", data: { cause: { message: "no ink" } } },
    ]);
    t.equal(a.pendingReplies, 0);
    await close();
  });

  t.test("S15: a timeout cancels the callee on the other node", async (t) => {
    const { a, seen, clock, close } = pair();
    const asked = rejection(a.refOf(Desk, "b/desk").ask("hang", undefined, { timeout: "1s" }));
    await clock.advanceAsync("1s");
    t.match(await asked, { code: "ask.timeout", outcome: "unknown" });
    t.equal(seen.aborted, 1);
    await close();
  });

  t.test("S16: leaving a remote stream early cancels its producer", async (t) => {
    const { a, seen, clock, close } = pair();
    for await (const n of a.refOf(Desk, "b/desk").stream("drip")) if (n === 1) break;
    await clock.settle();
    t.equal(seen.aborted, 1);
    await close();
  });

  t.test("S16: the death of either end of a remote stream is noticed by the other", async (t) => {
    const { a, b, seen, clock, close } = pair();
    const ends: string[] = [];
    const Reader = protocol("reader@1", { read: tell() });
    const reader = a.spawn(
      actor(Reader, () => 0, {
        read: async (ctx) => {
          for await (const _n of ctx.refOf(Desk, "b/desk").stream("drip"));
        },
      }),
    );
    reader.tell("read");
    await clock.settle();
    await a.stop(reader, "kill");
    await clock.settle();
    t.equal(seen.aborted, 1, "the consumer's death cancels the producer");

    const read = async (): Promise<void> => {
      for await (const _n of a.refOf(Desk, "b/desk").stream("drip"));
    };
    read().catch((error: { code: string; data: unknown }) => {
      ends.push(`${error.code} ${JSON.stringify(error.data)}`);
    });
    await clock.settle();
    const desk = b.refOf(Desk, "b/desk");
    await b.stop(desk, "kill");
    await clock.settle();
    t.same(ends, ['stream.aborted {"lastSeq":1}'], "the producer's death ends the stream");
    t.equal(a.pendingReplies, 0);
    await close();
  });

  t.test("S21, A4: once a node is down its asks are unknown and its streams aborted", async (t) => {
    const { a, members, clock, close } = pair();
    const ref = a.refOf(Desk, "b/desk");
    const stuck = ref.stream("drip");
    const broken = rejection(stuck.result);
    await clock.settle();
    const asked = rejection(ref.ask("hang"));
    members.move({ name: "b", incarnation: "1" }, "down");
    t.match(await asked, { code: "node.down", outcome: "unknown" });
    t.match(await broken, { code: "stream.aborted", data: { lastSeq: 1 } });
    t.equal(a.pendingReplies, 0);
    await close();
  });

  t.test("X3: nothing waits for an answer that may be lost", async (t) => {
    const { a, b, hub, seen, clock, close } = pair();
    const asked = rejection(a.refOf(Desk, "b/desk").ask("hang"));
    await clock.settle();
    hub.loseOne("b", "a");
    b.spawn(
      actor(
        protocol("x@1", {}),
        (_input: undefined, ctx) => {
          ctx.refOf(Desk, "a/nobody").tell("note", "wakes the link");
        },
        {},
      ),
    );
    await clock.settle();
    t.match(await asked, { code: "node.disconnected", outcome: "unknown" });
    await clock.settle();
    t.equal(seen.aborted, 1, "and its callee is told to stop");
    await close();
  });

  t.test("S12: watches work across nodes: ended, never there, node down", async (t) => {
    const { a, b, members, clock, close } = pair();
    const reasons: (string | ExitReason)[] = [];
    const note =
      (name: string) =>
      ({ reason }: { readonly reason: ExitReason }) => {
        reasons.push(`${name} ${reason}`);
      };
    const mortal = b.spawn(
      actor(protocol("m@1", {}), () => 0, {}),
      { name: "m" },
    );
    a.watch("b/m", note("m"));
    a.watch("b/m", note("m again"));
    a.watch("b/nobody", note("nobody"));
    a.watch("b/desk", note("desk"));
    const cancel = a.watch("b/desk", note("called off"));
    cancel();
    await clock.settle();
    await b.stop(mortal);
    await clock.settle();
    members.move({ name: "b", incarnation: "1" }, "down");
    t.same(reasons, ["nobody no-such-actor", "m normal", "m again normal", "desk node-down"]);
    await close();
  });

  t.test("S12, I3: a node that never was counts as down after ten seconds", async (t) => {
    const { a, clock, close } = pair();
    const told: string[] = [];
    const cancel = a.watch("ghost/called-off", ({ reason }) => told.push(`off ${reason}`));
    a.watch("ghost/x", ({ reason }) => told.push(`x ${reason}`));
    a.watch("ghost/y", ({ reason }) => told.push(`y ${reason}`));
    cancel();
    await clock.advanceAsync("9s");
    t.same(told, []);
    await clock.advanceAsync("2s");
    t.same(told, ["x node-down", "y node-down"]);
    await close();
    t.equal(clock.pending, 0, "nothing tries on");
  });

  t.test("S12, S21: a member that is only silent is not given up", async (t) => {
    const { a, hub, members, clock, close } = pair();
    members.join({ name: "late", incarnation: "1" });
    const told: string[] = [];
    a.watch("late/x", ({ reason }) => told.push(reason));
    await clock.advanceAsync("60s");
    t.same(told, []);
    const late = createSystem({
      clock,
      log: silentLog,
      transport: hub.join("late"),
      membership: members.join({ name: "late", incarnation: "1" }),
    });
    await clock.advanceAsync("2s");
    t.same(told, ["no-such-actor"], "it is asked again until it answers");
    await late.shutdown();
    await close();
  });

  t.test(
    "S6, S17: what the other node cannot take is a dead letter there, and reported back",
    async (t) => {
      const { a, b, clock, close } = pair();
      const here: string[] = [];
      const there: string[] = [];
      a.onDeadLetter(({ to, reason }) => here.push(`${to} ${reason}`));
      b.onDeadLetter(({ to, reason }) => there.push(`${to} ${reason}`));
      t.equal(a.refOf(Desk, "b/nobody").tell("note", "x"), true);
      t.equal(
        a.refOf(Desk, "b/desk").tell("note", 5 as unknown as string),
        false,
        "its own schema",
      );
      await clock.settle();
      t.same(there, ["b/nobody no-such-actor"]);
      t.same(here, ["b/desk undecodable", "b/nobody no-such-actor"]);
      t.same([a.deadLetters, b.deadLetters], [1, 1], "each counted where it was dropped");
      await close();
    },
  );

  t.test("the border checks what arrives, whatever the sender checked", async (t) => {
    const { a, b, clock, close } = pair();
    const Loose = protocol("desk@1", { note: tell<number>() });
    t.equal(a.refOf(Loose, "b/desk").tell("note", 5), true);
    await clock.settle();
    t.equal(b.deadLetters, 1);
    await close();
  });

  t.test("S2: a cycle over two nodes is refused", async (t) => {
    const { a, b, clock, close } = pair();
    const Ring = protocol("ring@1", { ask: ask<readonly string[], string>() });
    const ring = actor(Ring, () => 0, {
      ask: async (ctx, [next, ...rest]) => {
        if (next === undefined) return "end";
        return ctx
          .refOf(Ring, next)
          .ask("ask", rest)
          .catch((error: { readonly code: string }) => error.code);
      },
    });
    const first = a.spawn(ring, { name: "r" });
    b.spawn(ring, { name: "r" });
    const answer = first.ask("ask", ["b/r", "a/r"]);
    await clock.settle();
    t.equal(await answer, "ask.cycle");
    await close();
  });

  t.test("topics reach every subscribed actor on every node", async (t) => {
    const { a, b, seen, clock, close } = pair();
    const here: Seen = { notes: [], aborted: 0, made: 0 };
    a.spawn(desk(here), { name: "desk" });
    const Paper = protocol("paper@1", { print: tell<string>() });
    const paper = actor(Paper, () => 0, {
      print: (ctx, line) => {
        ctx.publish("news", line);
      },
    });
    await clock.settle();
    b.spawn(paper).tell("print", "extra");
    await clock.settle();
    t.same([here.notes, seen.notes], [["extra"], ["extra"]]);
    await close();
  });
});
