/**
 * Streams with random cancels, slow consumers and dying producers against two counters.
 *
 * One producer makes numbered chunks, some after a wait; a program and an actor consume at random
 * paces. The reference of a stream is how many chunks were made, asked for and taken, and how its
 * generator ended.
 *
 * Checks S16 (credit is never exceeded; chunks come in order without a gap; the end is the result, the
 * producer's failure, or `stream.aborted` with the last sequence; leaving cancels the producer, whose
 * `finally` blocks run), A1 to A4 for the end of a stream.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import type { ReplyStream } from "../../runtime/actor-ref.ts";
import { ask, protocol, stream, tell } from "../../runtime/protocol.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

/** The default credit of S16. */
const CREDIT = 32;
const LONGEST_WAIT_MS = 10;

interface Order {
  readonly id: number;
  readonly count: number;
  /** Waits `waitMs` before every chunk whose number divides by this; 0 for never. */
  readonly waitEvery: number;
  readonly waitMs: number;
  /** Throws instead of making this chunk; 0 for never. */
  readonly throwAt: number;
  /** Ends its wait when its signal aborts. */
  readonly mindful: boolean;
}
const Producer = protocol("producer@1", {
  numbers: stream<Order, number, number>(),
  ping: ask<number, number>(),
});
const Consumer = protocol("consumer@1", { consume: tell<{ n: number; order: Order }>() });

type Command =
  | { readonly type: "open"; readonly order: Omit<Order, "id">; readonly timeoutMs: number }
  /** An actor consumes, waiting after every chunk. */
  | { readonly type: "consume"; readonly order: Omit<Order, "id"> }
  | { readonly type: "take"; readonly stream: number; readonly count: number }
  | { readonly type: "cancel" | "abort" | "return"; readonly stream: number }
  | { readonly type: "stop"; readonly who: "producer" | "consumer"; readonly how: "stop" | "kill" }
  | Passing;

const order: fc.Arbitrary<Omit<Order, "id">> = fc.record({
  count: fc.oneof(fc.nat(5), fc.integer({ min: 30, max: 100 })),
  waitEvery: fc.constantFrom(0, 0, 1, 3, 10),
  waitMs: fc.integer({ min: 1, max: LONGEST_WAIT_MS }),
  throwAt: fc.constantFrom(0, 0, 0, 1, 4, 40),
  mindful: fc.boolean(),
});
const streamNumber = fc.nat(5);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("open" as const),
      order,
      timeoutMs: fc.constantFrom(20, 500, 10_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("consume" as const), order }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("take" as const),
      stream: streamNumber,
      count: fc.constantFrom(1, 2, 15, 16, 17, 40),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom("cancel" as const, "abort" as const, "return" as const),
      stream: streamNumber,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stop" as const),
      who: fc.constantFrom("producer" as const, "consumer" as const),
      how: fc.constantFrom("stop" as const, "kill" as const),
    }),
  },
  { weight: 8, arbitrary: passing(10) },
);

/** The reference: what is known of one stream. */
interface Known {
  readonly order: Order;
  readonly stream: ReplyStream<number, number> | undefined;
  readonly steps: AsyncIterator<number> | undefined;
  readonly abort: AbortController;
  made: number;
  /** Chunks that the consumer asked for. */
  wanted: number;
  taken: number;
  /** The consumer called it off. */
  left: boolean;
  /** How its generator ended; `undefined` while it runs or when it never began. */
  end: "returned" | "threw" | "left" | undefined;
  began: boolean;
  /** Its `finally` block has run. */
  cleaned: boolean;
  /** How the iteration ended. */
  iteration: "done" | "broke" | undefined;
  result: string | undefined;
  code: string | undefined;
  /** What `stream.aborted` said. */
  lastSeq: number | undefined;
}

async function run(commands: readonly Command[], seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const streams: Known[] = [];

  const producer = actor(Producer, () => 0, {
    async *numbers(ctx, { id, count, waitEvery, waitMs, throwAt, mindful }) {
      const known = streams[id] as Known;
      world.expect(!known.began, `S16: stream ${id} was produced twice`);
      known.began = true;
      known.end = "left";
      const { signal } = ctx;
      const aborted = new Promise<void>((resolve) => {
        if (mindful) signal.addEventListener("abort", () => resolve());
      });
      try {
        for (let n = 1; n <= count; n++) {
          if (waitEvery > 0 && n % waitEvery === 0) {
            await Promise.race([world.after(waitMs), aborted]);
          }
          if (n === throwAt) {
            known.end = "threw";
            throw new Error("out of ink");
          }
          known.made++;
          const most = Math.max(known.wanted, known.taken) + CREDIT;
          world.expect(
            known.made <= most,
            `S16: stream ${id} made ${known.made} chunks, ${known.wanted} were asked for`,
          );
          yield n;
        }
        known.end = "returned";
        return count;
      } finally {
        known.cleaned = true;
      }
    },
    ping: (_ctx, n) => n,
  });
  const consumer = actor(Consumer, () => 0, {
    consume: async (ctx, { n, order }) => {
      const known = streams[n] as Known;
      const opened = ctx.refOf(Producer, "local/producer").stream("numbers", order);
      note(known, opened);
      known.wanted = 1;
      try {
        for await (const chunk of opened) {
          take(known, chunk);
          await world.after(1);
          known.wanted++;
        }
        known.iteration = "done";
      } catch {
        known.iteration = "broke";
      }
    },
  });

  const take = (known: Known, chunk: number): void => {
    const { id } = known.order;
    known.taken++;
    world.expect(chunk === known.taken, `S16: stream ${id}: ${chunk} came as ${known.taken}th`);
    world.expect(known.iteration === undefined, `S16: stream ${id} went on after its end`);
  };
  const note = (known: Known, opened: ReplyStream<number, number>): void => {
    const { id, count } = known.order;
    opened.result.then(
      (value) => {
        world.expect(known.result === undefined, `A1: the result of ${id} settled twice`);
        world.expect(known.end === "returned" && value === count, `S16: stream ${id}: result`);
        world.expect(
          known.wanted >= count,
          `S16: stream ${id} had its result, ${known.wanted} of ${count} chunks were asked for`,
        );
        known.result = "ok";
      },
      (error: unknown) => {
        world.expect(known.result === undefined, `A1: the result of ${id} settled twice`);
        const isCoded = error instanceof TroupeError;
        world.expect(isCoded, `S15: stream ${id} broke without a code: ${String(error)}`);
        if (!isCoded) return;
        known.result = `${error.outcome}`;
        known.code = error.code;
        if (error.code !== "stream.aborted") return;
        const { lastSeq } = error.data as { readonly lastSeq: number };
        const isRight = known.left
          ? lastSeq <= known.made
          : lastSeq >= known.taken && lastSeq <= known.made;
        world.expect(
          isRight,
          `S16: stream ${id} aborted after ${lastSeq}, ${known.taken} taken, ${known.made} made`,
        );
        known.lastSeq = lastSeq;
      },
    );
  };
  const add = (order: Omit<Order, "id">, timeoutMs: number | undefined): Known => {
    const abort = new AbortController();
    const id = streams.length;
    const whole = { ...order, id };
    const stream =
      timeoutMs === undefined
        ? undefined
        : producerRef.stream("numbers", whole, { timeout: timeoutMs, signal: abort.signal });
    const known: Known = {
      order: whole,
      stream,
      steps: stream?.[Symbol.asyncIterator](),
      abort,
      made: 0,
      wanted: 0,
      taken: 0,
      left: false,
      end: undefined,
      began: false,
      cleaned: false,
      iteration: undefined,
      result: undefined,
      code: undefined,
      lastSeq: undefined,
    };
    streams.push(known);
    if (stream !== undefined) note(known, stream);
    return known;
  };
  const want = (known: Known, count: number): void => {
    for (let i = 0; i < count; i++) {
      known.wanted++;
      const hadLeft = known.left;
      known.steps?.next().then(
        ({ done, value }) => {
          world.expect(!hadLeft || done === true, `S16: a chunk came to one that had left`);
          if (done === true) known.iteration ??= "done";
          else take(known, value);
        },
        () => {
          known.iteration ??= "broke";
        },
      );
    }
  };

  const producerRef = world.system.spawn(producer, { name: "producer", shutdown: 20 });
  const consumerRef = world.system.spawn(consumer, { name: "consumer", shutdown: 20 });
  await world.settle();
  let producerLives: boolean = true;
  let consumerLives: boolean = true;
  // It also ends when it fails more often than its supervisor bears.
  world.system.watch(producerRef, () => {
    producerLives = false;
  });

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "open") add(each.order, each.timeoutMs);
    else if (each.type === "consume") {
      const { order } = add(each.order, undefined);
      consumerRef.tell("consume", { n: order.id, order });
    } else if (each.type === "stop") {
      if (each.who === "consumer") consumerLives = false;
      void world.system.stop(each.who === "producer" ? producerRef : consumerRef, each.how);
    } else {
      const known = streams[each.stream];
      if (known?.stream === undefined) continue;
      switch (each.type) {
        case "take":
          want(known, each.count);
          break;
        case "cancel":
          known.left = true;
          known.stream.cancel();
          break;
        case "return":
          known.left = true;
          void known.steps?.return?.();
          break;
        case "abort":
          known.abort.abort();
          break;
      }
    }
    world.verdict();
  }
  // Whoever consumes goes on until every stream has ended; each has a deadline.
  for (let round = 0; round < 10; round++) {
    for (const known of streams) if (known.steps !== undefined && !known.left) want(known, 20);
    const awaited = streams.filter(isAwaited).map((known) => ({ known, made: known.made }));
    await world.advance(LONGEST_WAIT_MS + 5);
    for (const { known, made } of awaited) {
      const isStuck = isAwaited(known) && known.made === made;
      world.expect(!isStuck, `S16: ${known.order.id} stands still, its consumer waits`);
    }
  }
  await world.advance(120_000);
  for (const known of streams) {
    const { id, count } = known.order;
    const neverSent = known.stream === undefined && known.result === undefined;
    if (neverSent && !consumerLives) continue;
    world.expect(known.result !== undefined, `A1: the end of stream ${id} was never told`);
    world.expect(
      known.left || known.iteration !== undefined,
      `S16: the iteration of ${id} has no end`,
    );
    world.expect(
      known.cleaned === known.began,
      `S16: stream ${id} has ended and its generator was not cleaned up`,
    );
    if (known.result === "never-ran") {
      world.expect(!known.began, `S15: stream ${id} never ran, but it did`);
    }
    if (known.code === "actor.failed") {
      world.expect(known.end === "threw", `S15: stream ${id} did not fail`);
    }
    if (known.iteration === "done" && !known.left) {
      world.expect(
        known.result === "ok" && known.taken === count,
        `S16: stream ${id} was done after ${known.taken} of ${count}: ${known.code}`,
      );
    }
    // S16: what came before the end is taken before the end is seen.
    if (known.lastSeq !== undefined && !known.left) {
      world.expect(
        known.taken === known.lastSeq,
        `S16: stream ${id}: ${known.taken} of ${known.lastSeq} chunks that came were taken`,
      );
    }
  }
  const { pendingReplies } = world.system;
  world.expect(pendingReplies === 0, `A4: ${pendingReplies} streams are pending after their end`);
  if (producerLives) {
    let pong = 0;
    void producerRef.ask("ping", 7).then(
      (n) => {
        pong = n;
      },
      () => {},
    );
    await world.settle();
    world.expect(pong === 7, "S16: the producer is not free after all its streams have ended");
  }
  await world.end();
}

/** A producer runs, and its consumer asks for more than it made. */
function isAwaited({ began, cleaned, left, result, wanted, made }: Known): boolean {
  return began && !cleaned && !left && result === undefined && wanted > made;
}

/** See the file's header. */
export const streams: Model = model("stream", "S16, S15, A1, A4", listOf(command, 30), run);
