/** The link of a client: large bodies in parts, by hand and on a manual clock. */
import t from "tap";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { Link } from "../../../cluster/wire/link.ts";
import { LinkParts, PART_BYTES, type PartsBudget } from "../../../cluster/wire/link-parts.ts";
import { CLIENT_FEATURES } from "../../../cluster/wire/wire-features.ts";
import type { UndeliveredReason } from "../../../runtime/ports/transport.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";
import { until } from "../test-server.ts";

const MB = 1024 * 1024;

function tellOf(id: number, body: unknown, to = "n/x"): Envelope {
  return { kind: 0, id, to, from: "", correlation: 0, type: "t.x@1", body, ttlMs: 0 };
}

class End {
  readonly delivered: Envelope[] = [];
  readonly handedBack: [number, UndeliveredReason][] = [];
  readonly unreadable: [number, string][] = [];
  readonly wire: Uint8Array[] = [];
  readonly link: Link;

  constructor(of: {
    readonly clock: ManualClock;
    readonly scheduler: ManualScheduler;
    readonly incarnations: readonly [string, string];
    readonly budget?: PartsBudget;
    readonly mostBytes?: number;
    readonly peerReads?: readonly string[];
  }) {
    const { clock, scheduler, incarnations, mostBytes = 8 * MB } = of;
    const { budget = { leftBytes: 64 * MB } } = of;
    this.link = new Link(
      {
        clock,
        scheduler,
        incarnation: incarnations[0],
        connected: () => true,
        publish: (bytes) => this.wire.push(bytes),
        deliver: (envelope) => this.delivered.push(envelope),
        handBack: (envelope, reason) => this.handedBack.push([envelope.id, reason]),
        lost: () => {},
        claims: {
          store: new LinkParts({ clock, mostBytes, budget }),
          unreadable: (envelope, why) => this.unreadable.push([envelope.id, why]),
          failed: () => {},
        },
      },
      incarnations[1],
      of.peerReads ?? CLIENT_FEATURES,
    );
  }

  take(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (!frame.ok) throw new Error(frame.error);
    this.link.receive(frame.value, bytes.length);
  }

  get ids(): number[] {
    return this.delivered.map(({ id }) => id);
  }
}

function pair(of: Partial<ConstructorParameters<typeof End>[0]> = {}) {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler();
  const a = new End({ clock, scheduler, incarnations: ["1", "2"], ...of });
  const b = new End({ clock, scheduler, incarnations: ["2", "1"], ...of });
  const frames: number[] = [];
  const carry = (): void => {
    scheduler.run();
    a.link.sweep();
    b.link.sweep();
    while (a.wire.length + b.wire.length > 0) {
      for (const bytes of a.wire.splice(0)) {
        frames.push(bytes.length);
        b.take(bytes);
      }
      for (const bytes of b.wire.splice(0)) a.take(bytes);
    }
  };
  return { a, b, clock, carry, frames };
}

t.test("bodies in parts", async (t) => {
  t.test("S18, trap 12: arrive as they were, in frames of about 128 KB", async (t) => {
    const { a, b, carry, frames } = pair();
    const bytes = new Uint8Array(3 * MB + 1).map((_, i) => i % 251);
    const bodies = [bytes, "é".repeat(MB), { list: [bytes.subarray(0, 400_000)] }, "small"];
    for (const [i, body] of bodies.entries()) a.link.send(tellOf(i + 1, body, `n/${i}`));
    await until("all arrive", () => {
      carry();
      return b.delivered.length === bodies.length;
    });
    t.ok(frames.length > 40);
    t.ok(frames.every((length) => length <= PART_BYTES + 200));
    const arrived: unknown[] = [...b.delivered].sort((x, y) => x.id - y.id).map((e) => e.body);
    t.ok(Buffer.from(bytes).equals(arrived[0] as Uint8Array));
    t.equal(arrived[1], bodies[1]);
    t.same(arrived.slice(2), bodies.slice(2));
  });

  t.test("S3: what is small and for others leaves between the parts", async (t) => {
    const { a, b, carry } = pair({ mostBytes: 64 * MB });
    a.link.send(tellOf(1, new Uint8Array(32 * MB)));
    a.link.send(tellOf(2, "after it"));
    carry();
    a.link.send(tellOf(3, "another actor", "n/y"));
    await until("all arrive", () => {
      carry();
      return b.delivered.length === 3;
    });
    t.same(b.ids, [3, 1, 2]);
  });

  t.test(
    "P2: what exceeds the budget of all links is unreadable, and the budget comes back",
    async (t) => {
      const budget = { leftBytes: 2 * MB };
      const { a, b, carry } = pair({ budget });
      a.link.send(tellOf(1, new Uint8Array(3 * MB)));
      a.link.send(tellOf(2, new Uint8Array(MB), "n/y"));
      await until("both ended", () => {
        carry();
        return b.delivered.length + b.unreadable.length === 2;
      });
      t.same(b.ids, [2]);
      t.match(b.unreadable, [[1, /too much came/]]);
      t.equal(budget.leftBytes, 2 * MB);
    },
  );

  t.test("P3: what is never finished is dropped, by time, by loss and at the end", async (t) => {
    const budget = { leftBytes: 64 * MB };
    const { b, clock } = pair({ budget });
    const part = (linkSeq: number, baseSeq = linkSeq): Uint8Array =>
      frameBytes({ incarnation: "1", linkSeq, ackSeq: 0, baseSeq, target: "", resend: false }, [
        { ...tellOf(0, new Uint8Array(1_000), ""), kind: EnvelopeKind.part, correlation: linkSeq },
      ]);
    b.take(part(1));
    t.equal(budget.leftBytes, 64 * MB - 1_000);
    clock.advance(31_000);
    b.link.sweep();
    t.equal(budget.leftBytes, 64 * MB);
    b.take(part(2));
    b.take(part(9));
    t.equal(budget.leftBytes, 64 * MB - 1_000, "the gap took the first, the second has come");
    b.link.close();
    t.equal(budget.leftBytes, 64 * MB);
    t.same(b.delivered, []);
  });

  t.test("S24: a claim of parts that never came is unreadable", async (t) => {
    const { b } = pair();
    const claim = { key: "parts.77", sizeBytes: 300_000, form: "bytes" } as const;
    const header = { incarnation: "1", ackSeq: 0, target: "", resend: false };
    b.take(frameBytes({ ...header, linkSeq: 1, baseSeq: 1 }, [{ ...tellOf(1, undefined), claim }]));
    await until("it is said", () => b.unreadable.length === 1);
    t.match(b.unreadable, [[1, /did not come/]]);
  });

  t.test("a peer that reads no parts gets none: too large a body is handed back", async (t) => {
    const { a, b, carry } = pair({ peerReads: [] });
    a.link.send(tellOf(1, new Uint8Array(MB)));
    a.link.send(tellOf(2, "small"));
    carry();
    t.same(a.handedBack, [[1, "unsupported"]]);
    t.same(b.ids, [2]);
  });
});
