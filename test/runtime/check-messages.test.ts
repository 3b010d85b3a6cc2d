import t from "tap";
import {
  actor,
  ask,
  type DeadLetter,
  DeferredReply,
  protocol,
  stream,
  tell,
} from "../../runtime/index.ts";
import { rejection, world } from "./world.ts";

const Box = protocol("box@1", {
  put: tell<unknown>(),
  echo: ask<unknown, unknown>(),
  defer: ask<undefined, unknown>(),
  answer: tell<unknown>(),
  flow: stream<unknown, unknown, unknown>(),
  held: ask<undefined, number>(),
});

class Money {
  readonly amount = 1;
}

/** Keeps what it is given, and answers with what `made` makes of it. */
function box(made: (value: unknown) => unknown = (value) => value) {
  return actor(Box, () => ({ items: [] as unknown[], waiting: new DeferredReply<unknown>() }), {
    put: (ctx, item) => {
      ctx.state.items.push(item);
    },
    echo: (_ctx, value) => made(value),
    defer: (ctx) => ctx.state.waiting,
    answer: (ctx) => ctx.state.waiting.resolve(made(undefined)),
    async *flow(_ctx, value) {
      yield made(value);
      return made(value);
    },
    held: (ctx) => ctx.state.items.length,
  });
}

t.test("checkMessages", async (t) => {
  t.test("S18: nobody shares an object: requests, answers and chunks are copies", async (t) => {
    const { system } = world({ checkMessages: true });
    const kept: unknown[] = [];
    const ref = system.spawn(
      box((value) => {
        kept.push(value);
        return value;
      }),
    );
    const sent = { list: [1] };
    const answer = await ref.ask("echo", sent);
    t.same(answer, sent);
    t.not(kept[0], sent, "the request");
    t.not(answer, kept[0], "the answer");
    const flow = ref.stream("flow", sent);
    for await (const chunk of flow) {
      t.same(chunk, sent);
      t.not(chunk, kept[1], "the chunk");
    }
    t.same(await flow.result, sent);
    await system.shutdown();
  });

  t.test("S18: a tell that could not travel is refused, and a dead letter", async (t) => {
    const { system } = world({ checkMessages: { maxBytes: 1_000 } });
    const letters: DeadLetter[] = [];
    system.onDeadLetter((letter) => letters.push(letter));
    const ref = system.spawn(box());
    t.equal(ref.tell("put", new Money()), false);
    t.equal(ref.tell("put", ref), false, "a reference is no message; its address is");
    t.equal(ref.tell("put", "x".repeat(1_001)), false);
    t.equal(await ref.offer("put", new Money()), false);
    t.equal(ref.tell("put", ref.address), true);
    t.same(
      letters.map(({ reason }) => reason),
      ["undecodable", "undecodable", "too-large", "undecodable"],
    );
    t.equal(await ref.ask("held"), 1);
    await system.shutdown();
  });

  t.test("S15, S18: a request that could not travel never ran", async (t) => {
    const { system } = world({ checkMessages: { maxBytes: 1_000 } });
    const ref = system.spawn(box());
    const never = { outcome: "never-ran" };
    t.match(await rejection(ref.ask("echo", new Money())), { code: "ask.undecodable", ...never });
    t.match(await rejection(ref.ask("echo", "x".repeat(1_001))), {
      code: "payload.too-large",
      ...never,
    });
    t.match(await rejection(ref.stream("flow", () => 1).result), {
      code: "ask.undecodable",
      ...never,
    });
    t.equal(system.pendingReplies, 0);
    await system.shutdown();
  });

  t.test("S18: an answer or a chunk that could not travel fails the call", async (t) => {
    const { system, clock } = world({ checkMessages: { maxBytes: 1_000 } });
    const ref = system.spawn(box(() => new Money()));
    t.match(await rejection(ref.ask("echo", 1)), { code: "ask.undecodable", outcome: "unknown" });
    const deferred = rejection(ref.ask("defer"));
    ref.tell("answer", 1);
    t.match(await deferred, { code: "ask.undecodable", outcome: "unknown" });
    const flow = rejection(ref.stream("flow", 1).result);
    await clock.advanceAsync("1s");
    t.match(await flow, { code: "actor.failed", data: { cause: { code: "ask.undecodable" } } });
    const large = system.spawn(box(() => "x".repeat(1_001)));
    t.match(await rejection(large.ask("echo", 1)), {
      code: "payload.too-large",
      outcome: "unknown",
    });
    await system.shutdown();
  });

  t.test("S18: off by default: local messages are handed over as they are", async (t) => {
    const { system } = world();
    const ref = system.spawn(box());
    const money = new Money();
    t.equal(await ref.ask("echo", money), money);
    await system.shutdown();
  });
});
