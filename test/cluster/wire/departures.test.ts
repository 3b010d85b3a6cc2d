/** When what is sent leaves, on the queues of a real process. */
import t from "tap";
import { parseFrame } from "../../../cluster/wire/frame.ts";
import { Link } from "../../../cluster/wire/link.ts";
import type { AnyContext, OperationHandler } from "../../../runtime/kernel/behavior.ts";
import type { ChunkSink, Upstream } from "../../../runtime/kernel/message.ts";
import { StreamProducer } from "../../../runtime/kernel/stream-producer.ts";
import { systemScheduler } from "../../../runtime/ports/scheduler.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

/** The envelopes of each frame that left. */
type Frames = (readonly Envelope[])[];

function linkOnto(frames: Frames, reads: readonly string[] = [], handedBack: number[] = []): Link {
  return new Link(
    {
      clock: new ManualClock(),
      scheduler: systemScheduler,
      incarnation: "1",
      connected: () => true,
      publish: (bytes) => {
        const frame = parseFrame(bytes);
        if (frame.ok) frames.push(frame.value.envelopes);
      },
      deliver: () => {},
      handBack: ({ id }) => handedBack.push(id),
      lost: () => {},
    },
    "2",
    reads,
  );
}

function answer(kind: Envelope["kind"], id: number, sequence?: number): Envelope {
  const letter = { kind, id, to: "", from: "n/a", correlation: 7, type: "", body: "x", ttlMs: 0 };
  return sequence === undefined ? letter : { ...letter, sequence };
}

/** Streams `chunks` chunks from a generator, as an actor does, and its result. */
async function stream(link: Link, chunks: number): Promise<void> {
  async function* generator(): AsyncGenerator<unknown, unknown, undefined> {
    for (let at = 0; at < chunks; at++) yield at;
    return chunks;
  }
  const sink = {
    attach: (producer: Upstream) => producer.credit(1_000),
    chunk: (sequence: number) => link.send(answer(EnvelopeKind.chunk, sequence, sequence)),
  } as unknown as ChunkSink;
  const handler = { type: "t.s@1", chunk: undefined } as unknown as OperationHandler;
  const producer = new StreamProducer(handler, generator(), sink);
  const running = { current: undefined, copyMessage: undefined, copied: (value: unknown) => value };
  await producer.run(running as never, {} as AnyContext);
  link.send(answer(EnvelopeKind.end, chunks + 1));
}

async function turnIsOver(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}

t.test("what leaves on a link", async (t) => {
  t.test("D1: a stream's only chunk and its result leave in one frame", async (t) => {
    const frames: Frames = [];
    await stream(linkOnto(frames), 1);
    await turnIsOver();
    t.same(
      frames.map((frame) => frame.map(({ kind }) => kind)),
      [[EnvelopeKind.chunk, EnvelopeKind.end]],
    );
  });

  t.test("D4: chunks travel together only to a peer that reads it", async (t) => {
    for (const reads of [[], ["chunks"]]) {
      const frames: Frames = [];
      const link = linkOnto(frames, reads);
      for (let sequence = 1; sequence <= 40; sequence++)
        link.send(answer(EnvelopeKind.chunk, sequence, sequence));
      await turnIsOver();
      t.equal(frames.flat().length, reads.length === 0 ? 40 : 1);
    }
  });

  t.test(
    "D2: chunks together that are too large, or hold one that cannot be carried",
    async (t) => {
      const frames: Frames = [];
      const handedBack: number[] = [];
      const link = linkOnto(frames, ["chunks"], handedBack);
      const cycle: unknown[] = [];
      cycle.push(cycle);
      let deep: unknown = "deep";
      // As deep as a body may lie in an envelope of its own.
      for (let level = 0; level < 29; level++) deep = [deep];
      const bodies = [1, 2, cycle, 4, deep, 6, "x".repeat(200_000), "y".repeat(200_000), 9];
      bodies.forEach((body, at) => {
        link.send({ ...answer(EnvelopeKind.chunk, at + 1, at + 1), body });
      });
      await turnIsOver();
      t.same(handedBack, [3]);
      const sequences = frames
        .flat()
        .flatMap(({ kind, sequence = 0, body }) =>
          kind === EnvelopeKind.chunks
            ? (body as unknown[]).map((_, at) => sequence + at)
            : sequence,
        );
      t.same(sequences, [1, 2, 4, 5, 6, 7, 8, 9]);
    },
  );

  t.test("D1: the first of a turn leave before it ends, what follows with its end", async (t) => {
    const frames: Frames = [];
    const link = linkOnto(frames);
    link.send(answer(EnvelopeKind.chunk, 1, 1));
    for (let job = 0; job < 8; job++) await undefined;
    t.equal(frames.length, 1, "a token that comes alone does not wait");
    link.send(answer(EnvelopeKind.chunk, 2, 2));
    for (let job = 0; job < 8; job++) await undefined;
    link.send(answer(EnvelopeKind.chunk, 3, 3));
    t.equal(frames.length, 1);
    await turnIsOver();
    t.equal(frames.length, 2);
    t.equal(frames[1]?.length, 2);
  });
});
