import fc from "fast-check";
import t from "tap";
import {
  type ClaimedRecord,
  cancelledRecord,
  type DeliveryFacts,
  decideDelivery,
  decideFailure,
  doneRecord,
  type LedgerEntry,
  type LedgerRecord,
  MOST_RETURNS,
  parseLedgerRecord,
  returnedRecord,
  standingOf,
  stands,
} from "../../../runtime/durable/ledger.ts";
import type { MemberPhase } from "../../../runtime/ports/membership.ts";
import { TroupeError } from "../../../runtime/troupe-error.ts";

const self = { name: "n1", incarnation: "2" };
const other = { name: "n2", incarnation: "5" };
const claimed: ClaimedRecord = {
  v: 1,
  phase: "claimed",
  attempt: 1,
  history: [],
  owner: other,
  delivery: 1,
};
const base: DeliveryFacts = {
  entry: undefined,
  deliveries: 1,
  self,
  ownerPhase: undefined,
  maxAttempts: 5,
};
const at = (record: LedgerRecord, revision = 7): LedgerEntry => ({ record, revision });

t.test("decideDelivery", async (t) => {
  t.test("claims a task without a record for the first attempt", async (t) => {
    t.match(decideDelivery(base), {
      kind: "claim",
      record: { attempt: 1, owner: self, delivery: 1 },
      takenFrom: undefined,
    });
  });

  t.test("L2, D2: acknowledges whatever has ended, however it came", async (t) => {
    const ends = [
      doneRecord(claimed, 7, 42),
      cancelledRecord(undefined, "no longer wanted"),
      decideFailure(claimed, 7, new TroupeError("model.unknown", "none"), 5).record,
    ];
    for (const end of ends) {
      if (end === undefined) throw new Error("no end");
      const decision = decideDelivery({ ...base, entry: at(end), deliveries: 9 });
      t.match(decision, { kind: "acknowledge", record: end });
    }
  });

  t.test("L3: puts back while the owner lives and claims once it does not", async (t) => {
    const phases: readonly [MemberPhase | undefined, string][] = [
      ["up", "put-back"],
      ["draining", "put-back"],
      ["degraded", "claim"],
      ["suspected", "claim"],
      ["down", "claim"],
      [undefined, "claim"],
    ];
    for (const [ownerPhase, kind] of phases) {
      const decision = decideDelivery({ ...base, entry: at(claimed), deliveries: 2, ownerPhase });
      t.equal(decision.kind, kind, `owner ${ownerPhase}`);
      if (decision.kind === "claim") {
        t.equal(decision.takenFrom, "n2");
        t.equal(decision.record.attempt, 2);
        t.strictSame(decision.record.history, [{ attempt: 1, owner: "n2" }]);
      }
    }
  });

  t.test("claims again what it has itself lost, and what an earlier self had", async (t) => {
    for (const incarnation of ["1", "2"]) {
      const entry = at({ ...claimed, owner: { name: "n1", incarnation } });
      const ownerPhase = incarnation === "2" ? "up" : undefined;
      const decision = decideDelivery({ ...base, entry, ownerPhase, deliveries: 2 });
      t.match(decision, { kind: "claim", record: { attempt: 2 } });
    }
  });

  t.test("L4: a task that its living owner let come back too often is claimed", async (t) => {
    const facts: DeliveryFacts = { ...base, entry: at(claimed), ownerPhase: "up" };
    t.equal(decideDelivery({ ...facts, deliveries: 1 + MOST_RETURNS }).kind, "put-back");
    t.equal(decideDelivery({ ...facts, deliveries: 2 + MOST_RETURNS }).kind, "claim");
  });

  t.test("buries a task whose workers were lost as often as it may be tried", async (t) => {
    const entry = at({ ...claimed, attempt: 5 });
    const decision = decideDelivery({ ...base, entry, ownerPhase: "down", deliveries: 6 });
    t.match(decision, {
      kind: "bury",
      record: { phase: "terminal", outcome: { phase: "dead-lettered", attempt: 5 } },
    });
  });

  t.test("D5: attempts grow by one per claim, whatever the order of events", async (t) => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("lost", "threw", "returned"), { maxLength: 20 }),
        (events) => {
          let entry: LedgerEntry | undefined;
          let faults = 0;
          let revision = 0;
          for (const event of events) {
            const decision = decideDelivery({
              ...base,
              entry,
              ownerPhase: "down",
              maxAttempts: 99,
            });
            if (decision.kind !== "claim") return false;
            if (decision.record.attempt > 1 + faults) return false;
            revision++;
            entry = { record: decision.record, revision };
            if (event !== "returned") faults++;
            if (event === "threw") {
              const failure = decideFailure(decision.record, revision, new Error("x"), 99);
              entry = { record: failure.record, revision: ++revision };
            } else if (event === "returned") {
              entry = { record: returnedRecord(decision.record, revision), revision: ++revision };
            }
          }
          return true;
        },
      ),
      { verbose: 1 },
    );
    t.pass();
  });
});

t.test("decideFailure", async (t) => {
  t.test("retries with a growing pause, then buries with the history", async (t) => {
    const pauses: number[] = [];
    let record = claimed;
    for (let attempt = 1; ; attempt++) {
      const decision = decideFailure({ ...record, attempt }, 7, new Error("boom"), 4);
      if (decision.kind !== "retry") {
        t.match(decision, {
          kind: "bury",
          record: { outcome: { phase: "dead-lettered", error: { message: "boom" }, attempt: 4 } },
        });
        t.equal(decision.record.history.length, 4);
        break;
      }
      pauses.push(decision.afterMs);
      record = { ...record, history: decision.record.history };
    }
    t.strictSame(pauses, [100, 200, 400]);
  });

  t.test("fails for good what says that a retry is useless", async (t) => {
    const error = new TroupeError("payload.too-large", "9 GB");
    const decision = decideFailure(claimed, 7, error, 5);
    t.match(decision, { kind: "fail", record: { outcome: { phase: "failed", attempt: 1 } } });
    const again = decideFailure(claimed, 7, new TroupeError("model.overloaded", "later"), 5);
    t.equal(again.kind, "retry");
  });

  t.test("keeps a bounded history", async (t) => {
    let record: ClaimedRecord = claimed;
    for (let attempt = 1; attempt < 50; attempt++) {
      const { record: next } = decideFailure({ ...record, attempt }, 7, new Error("x"), 99);
      record = { ...record, history: next.history };
    }
    t.equal(record.history.length, 16);
    t.equal(record.history.at(-1)?.attempt, 49);
  });
});

t.test("standingOf", async (t) => {
  t.test("D3: knows the holder of the token from everybody else", async (t) => {
    t.equal(standingOf(at(claimed, 7), 7), "claimed");
    t.equal(standingOf(at(claimed, 8), 7), "fenced");
    t.equal(standingOf(at(doneRecord(claimed, 7, 1), 9), 7), "written");
    t.equal(standingOf(at(doneRecord(claimed, 8, 1), 9), 7), "fenced");
    t.equal(standingOf(at(returnedRecord(claimed, 7), 9), 7), "written");
    t.equal(standingOf(undefined, 7), "fenced");
  });

  t.test("regression D4: one token's records are not taken for one another", async (t) => {
    const done = doneRecord(claimed, 7, 1);
    const returned = returnedRecord(claimed, 7);
    t.equal(stands(at(done, 9), done), true);
    t.equal(stands(at(returned, 9), returned), true);
    t.equal(stands(at(returned, 9), done), false);
    t.equal(stands(at(done, 9), returned), false);
    t.equal(stands(at(doneRecord(claimed, 8, 1), 9), done), false);
    t.equal(stands(at(claimed, 7), done), false);
    t.equal(stands(undefined, done), false);
  });
});

t.test("LedgerRecord", async (t) => {
  t.test("cancels what has not ended, and nothing else", async (t) => {
    t.match(cancelledRecord(undefined, "why"), { outcome: { phase: "cancelled", reason: "why" } });
    t.match(cancelledRecord(at(claimed), "why"), { attempt: 1, outcome: { phase: "cancelled" } });
    t.equal(cancelledRecord(at(doneRecord(claimed, 7, 1)), "why"), undefined);
  });

  t.test("L5: leaves newer formats and other values unread", async (t) => {
    t.strictSame(parseLedgerRecord(claimed), { ok: true, value: claimed });
    t.match(parseLedgerRecord({ ...claimed, v: 2 }), { ok: false, error: /version 2/ });
    t.match(parseLedgerRecord({ ...claimed, phase: "else" }), { ok: false });
    t.match(parseLedgerRecord(7), { ok: false });
    t.match(parseLedgerRecord(null), { ok: false });
  });
});
