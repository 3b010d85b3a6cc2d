import fc from "fast-check";
import t from "tap";
import {
  NodeSignatures,
  newSigningKey,
  type SigningKey,
} from "../../../cluster/security/node-signatures.ts";
import { frameBytes, parseFrame } from "../../../cluster/wire/frame.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { KeyValueEntry } from "../../../runtime/ports/key-value.ts";
import type { Member, NodeIdentity } from "../../../runtime/ports/membership.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";

const A = { name: "a", incarnation: "0000000000000001" };
const B = { name: "b", incarnation: "0000000000000002" };

function memberOf(node: NodeIdentity): Member {
  return { ...node, roles: [], capacity: 1, metadata: {}, phase: "up", lagMs: 0 };
}

/** A node's signatures, in a cluster of `a` and `b` whose leases hold `keys`. */
function signaturesOf(
  self: NodeIdentity,
  key: SigningKey,
  leases: ReadonlyMap<string, { readonly incarnation: string; readonly publicKey?: string }>,
  clock = new ManualClock(),
): NodeSignatures {
  const get = async (of: string): Promise<KeyValueEntry | undefined> => {
    const holder = leases.get(of.slice("node.".length));
    if (holder === undefined) return undefined;
    const value = { v: 1, owner: "x", roles: [], pid: 1, ...holder };
    return { key: of, value, revision: 1 };
  };
  return new NodeSignatures({
    self,
    key,
    membership: { members: () => [memberOf(A), memberOf(B)] },
    leases: { get },
    clock,
    log: silentLog,
  });
}

const ENVELOPE: Envelope = {
  kind: 1,
  id: 7,
  to: "bidder",
  from: "a/hall",
  correlation: 9,
  type: "bidder.award@1",
  body: { auction: "x", round: 1, task: [1, 2.5, -0, undefined, "é"] },
  ttlMs: 500,
};

/** The envelope as it arrives: packed into a frame and unpacked. */
function travelled(envelope: Envelope): Envelope {
  const header = {
    incarnation: A.incarnation,
    linkSeq: 1,
    ackSeq: 0,
    baseSeq: 1,
    target: "",
    resend: false,
  };
  const frame = parseFrame(frameBytes(header, [envelope]));
  const arrived = frame.ok ? frame.value.envelopes[0] : undefined;
  if (arrived === undefined) throw new Error(frame.ok ? "no envelope" : frame.error);
  return arrived;
}

t.test("signatures of nodes", async (t) => {
  const keyA = newSigningKey();
  const leases = new Map([["a", { incarnation: A.incarnation, publicKey: keyA.publicKey }]]);
  const a = signaturesOf(A, keyA, new Map());
  const receiver = async (): Promise<NodeSignatures> => {
    const b = signaturesOf(B, newSigningKey(), leases);
    await b.prepare("a");
    return b;
  };
  const signedOf = (envelope: Envelope): Envelope => {
    const signature = a.sign("b", envelope);
    if (signature === undefined) throw new Error("not signed");
    return { ...envelope, signature };
  };

  t.test("S24: a signature counts once, after whatever way it took", async (t) => {
    const b = await receiver();
    const arrived = travelled(signedOf(ENVELOPE));
    t.equal(b.faultOf("a", { ...arrived, ttlMs: 3, traceparent: "t" }), undefined);
    t.equal(b.faultOf("a", arrived), "replayed");
  });

  t.test("G1: whoever changes a field of what was signed is found out", async (t) => {
    const b = await receiver();
    const arrived = travelled(signedOf(ENVELOPE));
    const changes: readonly Partial<Envelope>[] = [
      { kind: 0 },
      { id: 8 },
      { to: "other" },
      { from: "a/other" },
      { correlation: 10 },
      { type: "bidder.withdraw@1" },
      { body: { auction: "x", round: 2, task: [] } },
      { attempt: 1 },
      { idempotencyKey: "k" },
    ];
    for (const change of changes) {
      t.equal(b.faultOf("a", { ...arrived, ...change }), "wrong", String(Object.keys(change)));
    }
    t.equal(b.faultOf("a", arrived), undefined, "unchanged, it counts");
  });

  t.test("no node accepts what was signed for another, or for another start of it", async (t) => {
    const arrived = travelled(signedOf(ENVELOPE));
    for (const self of [
      { ...B, incarnation: "0000000000000003" },
      { ...B, name: "c" },
    ]) {
      const other = signaturesOf(self, newSigningKey(), leases);
      await other.prepare("a");
      t.equal(other.faultOf("a", arrived), "wrong");
    }
  });

  t.test("refuses what is unsigned, and what another key has signed", async (t) => {
    const b = await receiver();
    t.equal(b.faultOf("a", travelled(ENVELOPE)), "unsigned");
    const thief = signaturesOf(A, newSigningKey(), new Map());
    const signature = thief.sign("b", ENVELOPE);
    t.equal(b.faultOf("a", { ...ENVELOPE, signature }), "wrong");
  });

  t.test("S21: a former incarnation of the sender signs nothing any more", async (t) => {
    const keyOfNext = newSigningKey();
    const next = { name: "a", incarnation: "0000000000000005" };
    const b = signaturesOf(
      B,
      newSigningKey(),
      new Map([["a", { incarnation: next.incarnation, publicKey: keyOfNext.publicKey }]]),
    );
    const old = signedOf(ENVELOPE);
    t.equal(b.isReady("a", old.signature as never), false);
    await b.prepare("a");
    t.equal(b.isReady("a", old.signature as never), true);
    t.equal(b.faultOf("a", travelled(old)), "stale");
    const signature = signaturesOf(next, keyOfNext, new Map()).sign("b", ENVELOPE);
    t.equal(b.faultOf("a", { ...ENVELOPE, signature }), undefined);
  });

  t.test("E2: a key that cannot be had is asked for again, but not at every message", async (t) => {
    const clock = new ManualClock();
    const none = new Map<string, { incarnation: string; publicKey: string }>();
    const b = signaturesOf(B, newSigningKey(), none, clock);
    const arrived = travelled(signedOf(ENVELOPE));
    const { signature } = arrived;
    if (signature === undefined) throw new Error("it is signed");
    t.equal(b.isReady("a", signature), false);
    await b.prepare("a");
    t.equal(b.isReady("a", signature), true);
    t.equal(b.faultOf("a", arrived), "unknown-key");
    none.set("a", { incarnation: A.incarnation, publicKey: keyA.publicKey });
    clock.advance(500);
    t.equal(b.isReady("a", signature), false);
    await b.prepare("a");
    t.equal(b.faultOf("a", arrived), undefined);
  });

  t.test("E3: of many messages, in whatever order, each counts once", async (t) => {
    const b = await receiver();
    const ids = Array.from({ length: 64 }, (_, i) => i + 1);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(ids, { minLength: 64 }), async (order) => {
        const fresh = await receiver();
        for (const id of order) {
          const signed = signedOf({ ...ENVELOPE, id });
          if (fresh.faultOf("a", signed) !== undefined) return false;
          if (fresh.faultOf("a", signed) !== "replayed") return false;
        }
        return true;
      }),
      { numRuns: 5 },
    );
    for (let id = 1; id <= 5_000; id++) {
      if (b.faultOf("a", signedOf({ ...ENVELOPE, id, body: 1 })) !== undefined) t.fail(`${id}`);
    }
    t.equal(b.faultOf("a", signedOf({ ...ENVELOPE, id: 1, body: 1 })), "replayed", "long ago");
    t.equal(b.faultOf("a", signedOf({ ...ENVELOPE, id: 4_999, body: 1 })), "replayed", "just now");
  });

  t.test("signs for nobody whom membership does not know", async (t) => {
    t.equal(a.sign("nobody", ENVELOPE), undefined);
  });
});
