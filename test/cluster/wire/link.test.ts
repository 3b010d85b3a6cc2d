import fc from "fast-check";
import t from "tap";
import { MAX_FRAME_BYTES } from "../../../cluster/wire/departures.ts";
import { parseFrame } from "../../../cluster/wire/frame.ts";
import { Link } from "../../../cluster/wire/link.ts";
import type { UndeliveredReason } from "../../../runtime/ports/transport.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";

function numbered(id: number, body: unknown = id, ttlMs = 0): Envelope {
  return { kind: 0, id, to: "a", from: "n/b", correlation: 0, type: "t.x@1", body, ttlMs };
}

/** One end of a wire that a test holds in its hands. */
class End {
  readonly delivered: number[] = [];
  readonly handedBack: [number, UndeliveredReason][] = [];
  readonly wire: Uint8Array[] = [];
  lost = 0;
  up = true;
  readonly link: Link;

  constructor(
    clock: ManualClock,
    scheduler: ManualScheduler,
    incarnation: string,
    peer: string | undefined,
  ) {
    this.link = new Link(
      {
        clock,
        scheduler,
        incarnation,
        connected: () => this.up,
        publish: (bytes) => this.wire.push(bytes),
        deliver: (envelope) => this.delivered.push(envelope.id),
        handBack: (envelope, reason) => this.handedBack.push([envelope.id, reason]),
        lost: () => this.lost++,
      },
      peer,
    );
  }

  take(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (!frame.ok) throw new Error(frame.error);
    this.link.receive(frame.value, bytes.length);
  }
}

function pair(): { a: End; b: End; clock: ManualClock; scheduler: ManualScheduler } {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler();
  const a = new End(clock, scheduler, "1", "2");
  const b = new End(clock, scheduler, "2", "1");
  return { a, b, clock, scheduler };
}

function carry(from: End, to: End): void {
  for (const bytes of from.wire.splice(0)) to.take(bytes);
}

t.test("a link", async (t) => {
  t.test("coalesces what is sent in one turn into one frame", async (t) => {
    const { a, b, scheduler } = pair();
    for (let id = 1; id <= 100; id++) t.equal(a.link.send(numbered(id)), true);
    t.equal(a.wire.length, 0);
    scheduler.run();
    t.equal(a.wire.length, 1);
    carry(a, b);
    t.equal(b.delivered.length, 100);
  });

  t.test("sends at once when a frame is full", async (t) => {
    const { a } = pair();
    for (let id = 1; id <= 256; id++) a.link.send(numbered(id));
    t.equal(a.wire.length, 1);
  });

  t.test("learns to cut frames of large bodies near 64 KB", async (t) => {
    const { a, scheduler } = pair();
    const body = "x".repeat(4_096);
    for (let turn = 0; turn < 3; turn++) {
      for (let id = 0; id < 64; id++) a.link.send(numbered(id, body));
      scheduler.run();
    }
    const last = a.wire.slice(-8);
    t.ok(last.every((bytes) => bytes.length <= 66_000));
    t.ok(a.wire.every((bytes) => bytes.length <= MAX_FRAME_BYTES));
  });

  t.test("L2: hands back what is too large or cannot be carried, and sends the rest", async (t) => {
    const { a, b, scheduler } = pair();
    const cycle: unknown[] = [];
    cycle.push(cycle);
    a.link.send(numbered(1));
    a.link.send(numbered(2, "x".repeat(300_000)));
    a.link.send(numbered(3));
    a.link.send(numbered(4, cycle));
    a.link.send(numbered(5));
    scheduler.run();
    carry(a, b);
    t.same(b.delivered, [1, 3, 5]);
    t.same(a.handedBack, [
      [2, "too-large"],
      [4, "undecodable"],
    ]);
  });

  t.test("L3: a full outbox refuses, and nothing leaves while disconnected", async (t) => {
    const { a, b, scheduler } = pair();
    a.up = false;
    let accepted = 0;
    for (let id = 1; id <= 9_000; id++) if (a.link.send(numbered(id))) accepted++;
    scheduler.run();
    t.equal(accepted, 8_192);
    t.equal(a.wire.length, 0);
    a.up = true;
    a.link.resumed();
    carry(a, b);
    t.equal(b.delivered.length, 8_192);
  });

  t.test("L3: a silent peer fills the window, then the outbox, then send refuses", async (t) => {
    const { a, scheduler } = pair();
    let refused = false;
    for (let turn = 0; turn < 12_000 && !refused; turn++) {
      refused = !a.link.send(numbered(turn));
      scheduler.run();
    }
    t.equal(refused, true);
    t.equal(a.link.counts.framesSent, 512);
    a.link.close();
    t.equal(a.link.counts.unresolved + a.handedBack.length, 512 + 8_192);
  });

  t.test("L4: a frame for a node's earlier incarnation is not delivered", async (t) => {
    const { a, clock, scheduler } = pair();
    const successor = new End(clock, scheduler, "3", "1");
    a.link.send(numbered(1));
    scheduler.run();
    carry(a, successor);
    t.same(successor.delivered, []);
    carry(successor, a);
    t.equal(a.lost, 1);
    t.equal(a.link.counts.unresolved, 1);
    a.link.send(numbered(2));
    scheduler.run();
    carry(a, successor);
    t.same(successor.delivered, [2]);
  });

  t.test(
    "S23, L5: while nothing can leave, what runs out of time is handed back before it does",
    async (t) => {
      const { a, b, clock, scheduler } = pair();
      a.up = false;
      a.link.send(numbered(1, "short", 2_000));
      a.link.send(numbered(2));
      a.link.send(numbered(3, "long", 60_000));
      scheduler.run();
      clock.advance(1_400);
      a.link.sweep();
      t.same(a.handedBack, [], "it may still leave in time");
      clock.advance(250);
      a.link.sweep();
      t.same(a.handedBack, [[1, "disconnected"]]);
      a.up = true;
      a.link.resumed();
      carry(a, b);
      t.same(b.delivered, [2, 3]);
    },
  );

  t.test(
    "S23, L7: once the server was away for 3 s, whoever asks is told within a sweep",
    async (t) => {
      const { a, b, clock, scheduler } = pair();
      a.up = false;
      a.link.send(numbered(1, "asked", 60_000));
      a.link.send(numbered(2));
      scheduler.run();
      a.link.sweep();
      clock.advance(2_900);
      a.link.sweep();
      t.same(a.handedBack, [], "a server that starts again is waited for");
      clock.advance(100);
      a.link.sweep();
      t.same(a.handedBack, [[1, "disconnected"]]);
      a.link.send(numbered(3, "asked", 60_000));
      scheduler.run();
      clock.advance(250);
      a.link.sweep();
      t.same(a.handedBack.length, 2, "and later ones do not wait at all");
      a.up = true;
      a.link.resumed();
      a.link.sweep();
      a.link.send(numbered(4, "asked", 60_000));
      scheduler.run();
      carry(a, b);
      t.same(b.delivered, [2, 4]);
      a.up = false;
      a.link.send(numbered(5, "asked", 60_000));
      scheduler.run();
      a.link.sweep();
      t.same(a.handedBack.length, 2, "the next time begins anew");
    },
  );

  t.test("L5: time in the outbox is taken off, and what is too late is handed back", async (t) => {
    const { a, clock, scheduler } = pair();
    a.up = false;
    a.link.send(numbered(1, 1, 1_000));
    a.link.send(numbered(2, 2, 5_000));
    scheduler.run();
    clock.advance("2s");
    a.up = true;
    a.link.resumed();
    const frame = parseFrame(a.wire[0] ?? new Uint8Array());
    t.same(frame.ok && frame.value.envelopes.map((e) => [e.id, e.ttlMs]), [[2, 3_000]]);
    t.same(a.handedBack, [[1, "disconnected"]]);
  });

  t.test("what is sent to a node that nobody knows is handed back after 5 s", async (t) => {
    const clock = new ManualClock();
    const scheduler = new ManualScheduler();
    const a = new End(clock, scheduler, "1", undefined);
    a.link.send(numbered(1));
    scheduler.run();
    clock.advance("4s");
    a.link.sweep();
    t.same(a.handedBack, []);
    clock.advance("2s");
    a.link.sweep();
    t.same(a.handedBack, [[1, "disconnected"]]);
    t.equal(a.wire.length, 0);
  });

  t.test("reports what a sender can no longer send again as lost", async (t) => {
    const { a, b, scheduler } = pair();
    const send = (id: number) => {
      a.link.send(numbered(id));
      scheduler.run();
    };
    send(1);
    carry(a, b);
    send(2);
    a.wire.length = 0;
    a.link.close();
    send(3);
    carry(a, b);
    t.equal(b.lost, 1);
    t.same(b.delivered, [1, 3]);
  });

  t.test(
    "L1: in order, at most once, and in the end all of it, over a wire that loses",
    async (t) => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.constant("send" as const) },
        { weight: 3, arbitrary: fc.constant("carry" as const) },
        { weight: 1, arbitrary: fc.constant("swallow" as const) },
        { weight: 1, arbitrary: fc.constant("break" as const) },
        { weight: 1, arbitrary: fc.constant("mend" as const) },
        { weight: 2, arbitrary: fc.constant("wait" as const) },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
          const { a, b, clock, scheduler } = pair();
          let sent = 0;
          for (const what of steps) {
            switch (what) {
              case "send":
                a.link.send(numbered(++sent));
                break;
              case "carry":
                carry(a, b);
                carry(b, a);
                break;
              case "swallow":
                a.wire.length = 0;
                b.wire.length = 0;
                break;
              case "break":
                a.up = false;
                a.wire.length = 0;
                break;
              case "mend":
                a.up = true;
                a.link.resumed();
                break;
              case "wait":
                clock.advance("300ms");
                a.link.sweep();
                b.link.sweep();
                break;
            }
            scheduler.run();
          }
          a.up = true;
          a.link.resumed();
          for (let i = 0; i < 40 && !(a.link.settled && b.delivered.length === sent); i++) {
            carry(a, b);
            carry(b, a);
            clock.advance("1s");
            a.link.sweep();
            b.link.sweep();
          }
          t.same(
            b.delivered,
            Array.from({ length: sent }, (_, i) => i + 1),
          );
          t.equal(b.lost, 0);
          return a.link.settled;
        }),
      );
    },
  );
});
