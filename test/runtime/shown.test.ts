import fc from "fast-check";
import t from "tap";
import { deadTaskOf, queuedTaskOf } from "../../cluster/stores/task-message.ts";
import { pack } from "../../cluster/wire/packing.ts";
import { parseLedgerRecord } from "../../runtime/durable/ledger.ts";
import { parseTaskBody } from "../../runtime/durable/task-body.ts";
import { parseLoadDocument } from "../../runtime/load/load-document.ts";
import { shown } from "../../runtime/shown.ts";

/** What says of itself how it is to be shown, and is no function. */
const HOSTILE = { toString: 1, valueOf: 1 };

t.test("what arrived where a number belongs", async (t) => {
  t.test("is shown whatever it is", async (t) => {
    t.equal(shown(7), "7");
    t.equal(shown(HOSTILE), "of type object");
    fc.assert(fc.property(fc.anything(), (value) => shown(value).length < 40));
  });

  t.test("regression: throws at none of those who read what others have stored", async (t) => {
    for (const value of [
      { v: HOSTILE, phase: "claimed" },
      { v: 1, phase: HOSTILE },
    ])
      t.match(parseLedgerRecord(value), { ok: false });
    t.match(parseTaskBody({ v: HOSTILE }), { ok: false });
    const bytes = pack({ v: HOSTILE, id: "t.1", capability: "c@1", priority: "batch" });
    t.match(queuedTaskOf(bytes), { ok: false });
    t.match(deadTaskOf(bytes), { ok: false });
    const document = JSON.stringify({ kind: "troupe.load", v: HOSTILE });
    t.match(parseLoadDocument(document), { ok: false });
  });
});
