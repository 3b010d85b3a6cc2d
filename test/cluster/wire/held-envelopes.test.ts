import fc from "fast-check";
import t from "tap";
import { HeldEnvelopes } from "../../../cluster/wire/held-envelopes.ts";
import { type Envelope, EnvelopeKind } from "../../../runtime/remote/envelope.ts";

function tellOf(id: number, from: string, to: string): Envelope {
  return { kind: 0, id, to, from, correlation: 0, type: "t.x@1", body: id, ttlMs: 0 };
}

function callOf(id: number, kind: Envelope["kind"], correlation: number): Envelope {
  const isOpening = kind === EnvelopeKind.ask || kind === EnvelopeKind.open;
  return { ...tellOf(id, "n/a", isOpening ? "x" : ""), kind, correlation };
}

/** An envelope that orders the whole link, as later kinds do. */
function fenceOf(id: number): Envelope {
  return { ...tellOf(id, "", ""), kind: 14 as Envelope["kind"] };
}

function idsOf(held: readonly { readonly envelope: Envelope }[]): number[] {
  return held.map(({ envelope }) => envelope.id);
}

t.test("held envelopes", async (t) => {
  t.test("H1, S3: one pair keeps its order, and other pairs pass", async (t) => {
    const held = new HeldEnvelopes();
    const first = held.add(tellOf(1, "n/a", "x"), false, 0);
    t.equal(held.mustWait(tellOf(2, "n/a", "x")), true);
    t.equal(held.mustWait(tellOf(3, "n/a", "y")), false);
    t.equal(held.mustWait(tellOf(4, "n/b", "x")), false);
    held.add(tellOf(2, "n/a", "x"), true, 0);
    t.same(held.takeReady(), []);
    first.ready = true;
    t.same(idsOf(held.takeReady()), [1, 2]);
    t.equal(held.size, 0);
    t.equal(held.mustWait(tellOf(5, "n/a", "x")), false);
  });

  t.test("H1: what belongs to one ask or stream keeps its order", async (t) => {
    const held = new HeldEnvelopes();
    const chunk = held.add(callOf(1, EnvelopeKind.chunk, 7), false, 0);
    const { chunk: single, chunks, end, failure } = EnvelopeKind;
    for (const kind of [single, chunks, end, failure])
      t.equal(held.mustWait(callOf(2, kind, 7)), true);
    t.equal(held.mustWait(callOf(3, EnvelopeKind.chunk, 8)), false);
    t.equal(held.mustWait(callOf(3, EnvelopeKind.chunks, 8)), false, "they order no more than one");
    t.equal(held.mustWait(callOf(4, EnvelopeKind.cancel, 7)), true);
    held.remove(chunk);
    t.equal(held.mustWait(callOf(2, EnvelopeKind.end, 7)), false);
    held.add(callOf(5, EnvelopeKind.ask, 9), false, 0);
    t.equal(held.mustWait(callOf(6, EnvelopeKind.cancel, 9)), true, "a cancel overtakes no ask");
    t.equal(held.mustWait(tellOf(7, "n/a", "x")), true, "nor does a tell of the same pair");
  });

  t.test("H2: what orders the link waits for all before it, and all after it wait", async (t) => {
    const held = new HeldEnvelopes();
    const first = held.add(tellOf(1, "n/a", "x"), false, 0);
    t.equal(held.mustWait(fenceOf(2)), true);
    held.add(fenceOf(2), true, 0);
    t.equal(held.mustWait(tellOf(3, "n/c", "z")), true);
    held.add(tellOf(3, "n/c", "z"), true, 0);
    t.same(held.takeReady(), []);
    first.ready = true;
    t.same(idsOf(held.takeReady()), [1, 2, 3]);
    t.equal(held.mustWait(tellOf(4, "n/c", "z")), false);
  });

  t.test("H1: in whichever order waits end, each pair's order is that of its coming", async (t) => {
    const coming = fc.array(
      fc.record({ pair: fc.nat(3), isLarge: fc.boolean(), isFence: fc.nat(9).map((n) => n === 0) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(coming, fc.infiniteStream(fc.nat()), (envelopes, draws) => {
        const held = new HeldEnvelopes();
        const waiting: ReturnType<HeldEnvelopes["add"]>[] = [];
        const passed: number[] = [];
        const settleOne = () => {
          const [draw = 0] = [...draws.take(1)];
          const [settled] = waiting.splice(draw % waiting.length, 1);
          if (settled !== undefined) settled.ready = true;
          passed.push(...idsOf(held.takeReady()));
        };
        envelopes.forEach(({ pair, isLarge, isFence }, id) => {
          const envelope = isFence ? fenceOf(id) : tellOf(id, `n/${pair}`, "x");
          if (isLarge && !isFence) waiting.push(held.add(envelope, false, 0));
          else if (held.mustWait(envelope)) held.add(envelope, true, 0);
          else passed.push(id);
          const [draw = 0] = [...draws.take(1)];
          if (waiting.length > 0 && draw % 3 === 0) settleOne();
        });
        while (waiting.length > 0) settleOne();
        t.equal(held.size, 0);
        t.same(
          [...passed].sort((a, b) => a - b),
          [...envelopes.keys()],
          "each passes once",
        );
        for (let pair = 0; pair <= 3; pair++) {
          const ofPair = passed.filter((id) => {
            const { pair: its, isFence } = envelopes[id] ?? { pair: -1, isFence: false };
            return its === pair || isFence;
          });
          t.same(
            ofPair,
            [...ofPair].sort((a, b) => a - b),
          );
        }
      }),
    );
  });
});
