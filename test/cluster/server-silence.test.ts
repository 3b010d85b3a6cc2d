import { errors } from "nats";
import t from "tap";
import {
  MOST_SILENT,
  outcomeOf,
  outcomeOfFailure,
  pauseAfter,
  silenceAfter,
} from "../../cluster/server-silence.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

t.test("server silence", async (t) => {
  t.test("Q1: an answer ends the silence, a refusal too", async (t) => {
    t.equal(outcomeOf({ data: bytes('{"stream":"S","seq":1}') }), "answered");
    t.equal(outcomeOf({ data: bytes('{"error":{"code":400,"err_code":10071}}') }), "answered");
    t.equal(outcomeOf({ data: bytes("") }), "answered");
    t.equal(silenceAfter(5, "answered"), 0);
  });

  t.test("Q1: that JetStream has no leader is silence", async (t) => {
    const refusal =
      '{"error":{"code":503,"err_code":10008,"description":"temporarily unavailable"}}';
    t.equal(outcomeOf({ data: bytes(refusal) }), "silent");
    t.equal(outcomeOf({ data: bytes(refusal + " ".repeat(2_000)) }), "answered", "a stored text");
  });

  t.test(
    "Q1: time-outs and nobody to answer are silence, a broken connection is not",
    async (t) => {
      const nobody = new errors.RequestError("x", { cause: new errors.NoRespondersError("x") });
      t.equal(outcomeOfFailure(new errors.TimeoutError()), "silent");
      t.equal(outcomeOfFailure(nobody), "silent");
      t.equal(outcomeOfFailure(new errors.RequestError("connection disconnected")), "unknown");
      t.equal(silenceAfter(1, "silent"), MOST_SILENT);
      t.equal(silenceAfter(1, "unknown"), 1);
    },
  );

  t.test("V3: looks come further apart, at most 4 s", async (t) => {
    t.same([0, 1, 2, 3, 9].map(pauseAfter), [1_000, 2_000, 4_000, 4_000, 4_000]);
  });
});
