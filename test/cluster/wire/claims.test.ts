/** Two links and a store between them, by hand and on a manual clock. */
import t, { type Test } from "tap";
import { ClaimStore } from "../../../cluster/wire/claim-store.ts";
import { MAX_FRAME_BYTES } from "../../../cluster/wire/departures.ts";
import { parseFrame } from "../../../cluster/wire/frame.ts";
import { FETCH_MS } from "../../../cluster/wire/incoming-claims.ts";
import { Link } from "../../../cluster/wire/link.ts";
import { KEEP_MS } from "../../../cluster/wire/outgoing-claims.ts";
import { WIRE_FEATURES } from "../../../cluster/wire/wire-features.ts";
import { type MemoryBlobStore, memoryBlobStore } from "../../../runtime/ports/memory-blob-store.ts";
import type { UndeliveredReason } from "../../../runtime/ports/transport.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import { ManualClock, ManualScheduler } from "../../../runtime/testing/index.ts";
import { until } from "../test-server.ts";

const LARGE = 300_000;

function tellOf(id: number, body: unknown, { to = "x", ttlMs = 0 } = {}): Envelope {
  return { kind: 0, id, to, from: "n/a", correlation: 0, type: "t.x@1", body, ttlMs };
}

class End {
  readonly delivered: Envelope[] = [];
  readonly handedBack: [number, UndeliveredReason][] = [];
  readonly unreadable: [number, string][] = [];
  readonly failures: string[] = [];
  readonly wire: Uint8Array[] = [];
  readonly link: Link;

  constructor(of: {
    readonly clock: ManualClock;
    readonly scheduler: ManualScheduler;
    readonly name: "a" | "b";
    readonly blobs: MemoryBlobStore;
    readonly keeper?: string;
    readonly peerReads?: readonly string[];
  }) {
    const { clock, scheduler, name, blobs, peerReads = WIRE_FEATURES } = of;
    const [incarnation, peer, other] = name === "a" ? ["1", "2", "b"] : ["2", "1", "a"];
    this.link = new Link(
      {
        clock,
        scheduler,
        incarnation,
        connected: () => true,
        publish: (bytes) => this.wire.push(bytes),
        deliver: (envelope) => this.delivered.push(envelope),
        handBack: (envelope, reason) => this.handedBack.push([envelope.id, reason]),
        lost: () => {},
        claims: {
          store: new ClaimStore(blobs, name, incarnation).between(of.keeper ?? other),
          unreadable: (envelope, why) => this.unreadable.push([envelope.id, why]),
          failed: (why) => this.failures.push(why),
        },
      },
      peer,
      peerReads,
    );
  }

  get ids(): number[] {
    return this.delivered.map(({ id }) => id);
  }
}

interface Pair {
  readonly a: End;
  readonly b: End;
  readonly blobs: MemoryBlobStore;
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  /** Carries what either published, until nothing is left to carry. */
  carry(): void;
}

function pair(of: { readonly keeper?: string; readonly peerReads?: readonly string[] } = {}): Pair {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler();
  const blobs = memoryBlobStore({ clock });
  const a = new End({ clock, scheduler, name: "a", blobs, ...of });
  const b = new End({ clock, scheduler, name: "b", blobs, ...of });
  const give = (from: End, to: End): void => {
    for (const bytes of from.wire.splice(0)) {
      t.ok(bytes.length <= MAX_FRAME_BYTES, "trap 12: no frame is over the limit");
      const frame = parseFrame(bytes);
      if (!frame.ok) throw new Error(frame.error);
      to.link.receive(frame.value, bytes.length);
    }
  };
  return {
    a,
    b,
    blobs,
    clock,
    scheduler,
    carry: () => {
      scheduler.run();
      a.link.sweep();
      b.link.sweep();
      while (a.wire.length + b.wire.length > 0) {
        give(a, b);
        give(b, a);
      }
    },
  };
}

/** Carries until a condition holds. */
async function carried(t: Test, { carry }: Pair, what: string, is: () => boolean): Promise<void> {
  await until(what, () => {
    carry();
    return is();
  });
  t.ok(is(), what);
}

t.test("claims", async (t) => {
  t.test("L6, S18: bodies of every kind arrive as they were, beside small ones", async (t) => {
    const both = pair();
    const { a, b, blobs } = both;
    const bytes = new Uint8Array(LARGE).fill(7);
    const bodies = ["x".repeat(LARGE), bytes, { deep: [{ bytes }, "é".repeat(LARGE)] }, "small"];
    for (const [i, body] of bodies.entries()) a.link.send(tellOf(i + 1, body));
    await carried(t, both, "all arrive", () => b.delivered.length === 4);
    t.same(b.ids, [1, 2, 3, 4], "in order");
    const arrived: unknown[] = b.delivered.map(({ body }) => body);
    t.equal(arrived[0], bodies[0]);
    t.ok(Buffer.from(bytes).equals(arrived[1] as Uint8Array), "bytes are bytes");
    t.same(arrived[2], bodies[2]);
    t.ok(
      b.delivered.every(({ claim }) => claim === undefined),
      "nobody sees the claim",
    );
    await until("all were taken out", async () => (await blobs.get("node.a.1.1")) === undefined);
    for (const key of ["node.a.1.2", "node.a.1.3"]) t.equal(await blobs.get(key), undefined, key);
    t.equal(a.link.settled, true);
  });

  t.test("L6, S3: what follows for the same actor waits, what is for others passes", async (t) => {
    const both = pair();
    const { a, b, carry } = both;
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send(tellOf(2, "after it"));
    a.link.send(tellOf(3, "another actor", { to: "y" }));
    carry();
    t.same(b.ids, [3], "before the store has answered");
    t.equal(a.link.settled, false);
    await carried(t, both, "the others arrive", () => b.delivered.length === 3);
    t.same(b.ids, [3, 1, 2]);
  });

  t.test("K3: what the sender does to its bytes afterwards changes nothing", async (t) => {
    const both = pair();
    const bytes = new Uint8Array(LARGE).fill(1);
    both.a.link.send(tellOf(1, bytes));
    both.carry();
    bytes.fill(2);
    await carried(t, both, "it arrives", () => both.b.delivered.length === 1);
    const arrived: unknown[] = both.b.delivered.map(({ body }) => body);
    t.ok((arrived[0] as Uint8Array).every((byte) => byte === 1));
  });

  t.test("C3: what the store does not take is handed back, and what waited goes on", async (t) => {
    const both = pair();
    const { a, b, blobs } = both;
    blobs.faults.unavailable = true;
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send(tellOf(2, "after it"));
    await carried(t, both, "the second arrives", () => b.delivered.length === 1);
    t.same(a.handedBack, [[1, "disconnected"]]);
    t.same(b.ids, [2]);
    t.equal(a.failures.length, 1);
  });

  t.test("C3: a store that never answers holds nobody up for ever, at either end", async (t) => {
    const both = pair();
    const { a, b, blobs, clock, carry } = both;
    const put = blobs.put;
    const get = blobs.get;
    Object.assign(blobs, { put: () => new Promise(() => {}) });
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send(tellOf(2, "after it"));
    carry();
    clock.advance(KEEP_MS);
    await carried(t, both, "the second arrives", () => b.delivered.length === 1);
    t.same(a.handedBack, [[1, "disconnected"]]);
    Object.assign(blobs, { put, get: () => new Promise(() => {}) });
    a.link.send(tellOf(3, "x".repeat(LARGE)));
    a.link.send(tellOf(4, "after it"));
    await carried(t, both, "the claim arrived", () => a.link.settled);
    t.same(b.ids, [2]);
    clock.advance(FETCH_MS);
    await until("the fourth is delivered", () => b.delivered.length === 2);
    t.same(b.ids, [2, 4]);
    t.match(b.unreadable, [[3, /not within/]]);
    Object.assign(blobs, { get });
  });

  t.test("C3: a body that is gone is reported, and the next one is delivered", async (t) => {
    const both = pair();
    const { a, b, blobs } = both;
    const { get } = blobs;
    Object.assign(blobs, { get: async () => undefined });
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send(tellOf(2, "after it"));
    await carried(t, both, "the second arrives", () => b.delivered.length === 1);
    t.match(b.unreadable, [[1, /not kept any more/]]);
    Object.assign(blobs, { get });
  });

  t.test(
    "K1, S24: a claim of what somebody else keeps is refused and not taken away",
    async (t) => {
      const both = pair({ keeper: "c" });
      const { a, b, blobs } = both;
      a.link.send(tellOf(1, "x".repeat(LARGE)));
      await carried(t, both, "it is refused", () => b.unreadable.length === 1);
      t.match(b.unreadable, [[1, /node\.a\.1\.1 is not kept by c/]]);
      t.ok(await blobs.get("node.a.1.1"), "it lies where it was");
    },
  );

  t.test("S18: what is over the maximum is too large, and never leaves", async (t) => {
    const both = pair();
    const { a, carry } = both;
    a.link.send(tellOf(1, new Uint8Array(64 * 1024 * 1024 + 1)));
    carry();
    t.same(a.handedBack, [[1, "too-large"]]);
  });

  t.test("C2: past 128 MB that wait for the store more are handed back", async (t) => {
    const both = pair();
    const { a, b, blobs, carry } = both;
    const { put } = blobs;
    Object.assign(blobs, { put: () => new Promise(() => {}) });
    for (let id = 1; id <= 4; id++) a.link.send(tellOf(id, new Uint8Array(40 * 1024 * 1024)));
    a.link.send(tellOf(5, "another actor", { to: "y" }));
    carry();
    t.same(a.handedBack, [[4, "overflow"]]);
    t.same(b.ids, [5]);
    a.link.close();
    t.same(
      a.handedBack.slice(1),
      [1, 2, 3].map((id) => [id, "disconnected"]),
    );
    Object.assign(blobs, { put });
  });

  t.test("C2: at most 8,192 wait behind a body, at both ends", async (t) => {
    const both = pair();
    const { a, b, blobs, scheduler, carry } = both;
    const { put, get } = blobs;
    Object.assign(blobs, { put: () => new Promise(() => {}) });
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    for (let id = 2; id <= 8_200; id++) {
      a.link.send(tellOf(id, id));
      scheduler.run();
    }
    t.equal(a.handedBack.length, 8);
    t.ok(a.handedBack.every(([, reason]) => reason === "overflow"));
    a.link.close();

    const full = pair();
    let answer = (_: Uint8Array): void => {};
    Object.assign(full.blobs, {
      get: () =>
        new Promise<Uint8Array>((resolve) => {
          answer = resolve;
        }),
    });
    full.a.link.send(tellOf(1, new Uint8Array(LARGE)));
    await carried(t, full, "the claim arrived", () => full.a.link.settled);
    let sent = 1;
    for (let turn = 0; turn < 40; turn++) {
      for (let i = 0; i < 256; i++) full.a.link.send(tellOf(++sent, 0));
      full.carry();
    }
    t.equal(full.b.delivered.length, 0);
    t.equal(full.a.link.settled, false, "what it does not take it does not acknowledge");
    answer(new Uint8Array(LARGE));
    await until("there is room", () => full.b.delivered.length > 0);
    full.clock.advance(1_000);
    full.a.link.sweep();
    await carried(t, full, "all arrive", () => full.b.delivered.length === sent);
    t.same(
      full.b.ids,
      Array.from({ length: sent }, (_, i) => i + 1),
      "once and in order",
    );
    Object.assign(blobs, { put, get });
    carry();
    t.equal(b.delivered.length, 0);
  });

  t.test("C4, L5: the time that a body takes is taken off, at both ends", async (t) => {
    const both = pair();
    const { a, b, blobs, clock, carry } = both;
    const { put, get } = blobs;
    let go = (): void => {};
    const gate = (call: () => Promise<unknown>) => async () => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return call();
    };
    const bytes = new Uint8Array(LARGE);
    Object.assign(blobs, {
      put: gate(() => put(bytes, "node.a.1.1")),
      get: gate(() => get("node.a.1.1")),
    });
    a.link.send(tellOf(1, bytes, { ttlMs: 10_000 }));
    carry();
    clock.advance(2_000);
    go();
    await carried(t, both, "the claim arrived", () => a.link.settled);
    clock.advance(3_000);
    go();
    await until("it is delivered", () => b.delivered.length === 1);
    t.equal(b.delivered[0]?.ttlMs, 5_000);
    a.link.send(tellOf(2, bytes, { ttlMs: 1_000 }));
    carry();
    clock.advance(1_500);
    go();
    await until("it is handed back", () => a.handedBack.length === 1);
    t.same(a.handedBack, [[2, "disconnected"]]);
  });

  t.test("D4: what the peer's release does not read is handed back, never sent", async (t) => {
    const both = pair({ peerReads: [] });
    const { a, b, carry } = both;
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send({ ...tellOf(2, 0), kind: 14 as Envelope["kind"] });
    a.link.send(tellOf(3, "small"));
    carry();
    t.same(a.handedBack, [
      [2, "unsupported"],
      [1, "unsupported"],
    ]);
    t.same(b.ids, [3]);
  });

  t.test("a link that closes hands back what waits and says what it cannot deliver", async (t) => {
    const both = pair();
    const { a, b, blobs } = both;
    const { get } = blobs;
    Object.assign(blobs, { get: () => new Promise(() => {}) });
    a.link.send(tellOf(1, "x".repeat(LARGE)));
    a.link.send(tellOf(2, "after it"));
    await carried(t, both, "both arrived", () => a.link.settled);
    b.link.close();
    t.same(
      b.unreadable.map(([id]) => id),
      [1, 2],
    );
    Object.assign(blobs, { get });
  });
});
