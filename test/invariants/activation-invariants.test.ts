/** V1 to V3 on histories made by hand: one that holds, and one for each way of breaking it. */
import t from "tap";
import { activeAgain } from "./active-again.ts";
import { actsWhileHolding } from "./acts-while-holding.ts";
import { breaks, Chronicle, holds } from "./chronicle.ts";
import type { Fact } from "./record.ts";
import { tokensInOrder } from "./tokens-in-order.ts";

const of = { actor: "account", key: "k1" };
const started = (token: number): Fact => ({ type: "activation.started", ...of, token });
const acted = (token: number, more: { holds?: boolean; ownMs?: number } = {}): Fact => ({
  type: "activation.acted",
  ...of,
  token,
  holds: true,
  ...more,
});
const wrote = (revision: number, token: number): Fact => ({
  type: "activation.wrote",
  ...of,
  token,
  revision,
});
const taken = (unit: string, token: number): Fact => ({ type: "shard.taken", unit, token });
const wanted: Fact = { type: "activation.wanted", ...of };
const healed: Fact = { type: "run.healed" };
const quiet: Fact = { type: "run.quiet" };
const kill: Fact = { type: "fault.began", fault: "f", kind: "kill", touches: ["n1"], forMs: 0 };
const n1 = (...facts: Fact[]): Chronicle => new Chronicle().by("n1").tell(...facts);

t.test("V1: tokens are non-decreasing, with one owner per token", async (t) => {
  t.test("a history holds whose owners follow each other", async () => {
    const history = n1(taken("shard.3", 5), started(5), acted(5), wrote(1, 5), acted(5));
    history.by("n2").tell(taken("shard.3", 9), started(9), acted(9), wrote(2, 9), quiet);
    holds(tokensInOrder, history.tell(wrote(3, 9), taken("shard.4", 2)));
  });
  t.test("writes are ordered by revision, in whatever order they are told", async () => {
    holds(tokensInOrder, n1(wrote(2, 9), wrote(1, 5), wrote(3, 9)));
  });
  t.test("an act, an activation or a unit under an older token breaks it", async () => {
    const what = "account/k1 went from token 9 back to 5";
    breaks(tokensInOrder, n1(acted(9), acted(5)), what);
    breaks(tokensInOrder, n1(acted(5)).by("n2").tell(acted(9)).by("n1").tell(acted(5)), what);
    breaks(tokensInOrder, n1(started(9), started(5)), what);
    const units = n1(taken("u", 9)).by("n2").tell(taken("u", 5));
    breaks(tokensInOrder, units, "unit u went from token 9 back to 5");
  });
  t.test("a token of two owners breaks it, be they two lives of one node", async () => {
    const twice = n1(acted(5)).by("n2").tell(acted(5));
    breaks(tokensInOrder, twice, "token 5 of account/k1 is n1#1's and n2#1's");
    const reborn = n1(acted(5)).by("n1", "2").tell(acted(5));
    breaks(tokensInOrder, reborn, "token 5 of account/k1 is n1#1's and n1#2's");
    const units = n1(taken("u", 5)).by("n2").tell(taken("u", 5));
    breaks(tokensInOrder, units, "token 5 of unit u is n1#1's and n2#1's");
  });
  t.test("a write under an older token than the one before breaks it", async () => {
    const what = "account/k1 was written under token 5 after one under 9";
    breaks(tokensInOrder, n1(wrote(1, 5), wrote(2, 9), wrote(3, 5)), what);
    breaks(tokensInOrder, n1(wrote(1, 5), wrote(3, 5), wrote(2, 9)), what);
    breaks(tokensInOrder, n1(wrote(2, 9), quiet, wrote(3, 5)), what);
  });
  t.test("a revision that two writes were given breaks it", async () => {
    const what = "write 2 of account/k1 was accepted twice";
    breaks(tokensInOrder, n1(wrote(1, 5), wrote(2, 5)).by("n2").tell(wrote(2, 9)), what);
    breaks(tokensInOrder, n1(wrote(2, 5), quiet, wrote(2, 5)), what);
  });
});

t.test("V2: a holder acts only while its lease is fresh", async (t) => {
  const lease = (untilMs: number): Fact => ({ type: "lease.held", untilMs });
  const ended = (how: "killed" | "fenced" | "stopped", ofLife = "1"): Fact => ({
    type: "life.ended",
    of: "n1",
    ofLife,
    how,
  });
  t.test("a history holds whose activations hold their keys when they act", async () => {
    const history = n1(lease(1_000), acted(5, { ownMs: 900 }), lease(2_000));
    history
      .tell(acted(5, { ownMs: 2_000 }), acted(5))
      .by("n2")
      .tell(acted(9, { ownMs: 9_999 }));
    holds(
      actsWhileHolding,
      history.by("harness").tell(ended("fenced")).by("n1", "2").tell(acted(9)),
    );
  });
  t.test("an act without holding the key breaks it", async () => {
    const history = n1(acted(5), acted(5, { holds: false }));
    breaks(actsWhileHolding, history, "account/k1 acted on n1#1 without holding its key");
  });
  t.test("an act after the lease has run out breaks it", async () => {
    const history = n1(lease(1_000), acted(5, { ownMs: 1_007 }));
    breaks(actsWhileHolding, history, "account/k1 acted on n1#1 7 ms after its lease had run out");
  });
  t.test("an act of a life that is over breaks it", async () => {
    const history = n1(acted(5)).by("harness").tell(ended("fenced")).by("n1").tell(acted(5));
    breaks(actsWhileHolding, history, "account/k1 acted on n1#1, which was fenced");
  });
});

t.test("V3: some activation exists within the bound after healing", async (t) => {
  t.test("a history holds whose wanted keys act in time", async () => {
    const history = n1(kill, healed, wanted, wanted).at(6_000).tell(acted(5), quiet);
    holds(activeAgain, history.at(99_000).tell(quiet));
    holds(activeAgain, n1(wanted, acted(5)));
  });
  t.test("a key that never acts breaks it", async () => {
    const history = n1(kill, healed, wanted).at(6_003).tell(quiet, quiet);
    breaks(activeAgain, history, "account/k1 did not act within 6000 ms");
    holds(activeAgain, history, { moveMs: 25_000 });
  });
  t.test("a key that acts too late breaks it", async () => {
    const history = n1(healed, wanted).at(6_002).tell(acted(5), quiet);
    breaks(activeAgain, history, "account/k1 did not act within 6000 ms");
  });
  t.test("another key's act does not do", async () => {
    const other: Fact = {
      type: "activation.acted",
      actor: "account",
      key: "k2",
      token: 5,
      holds: true,
    };
    const history = n1(wanted, other).at(7_000).tell(quiet);
    breaks(activeAgain, history, "account/k1 did not act within 6000 ms");
  });
  t.test("what is not due when a fault begins is not judged, what was due is", async () => {
    holds(activeAgain, n1(healed, wanted, kill).at(9_000).tell(quiet));
    const history = n1(healed, wanted).at(6_002).tell(kill, quiet);
    breaks(activeAgain, history, "account/k1 did not act within 6000 ms");
  });
  t.test("what is wanted while a fault lasts is not judged", async () => {
    holds(activeAgain, n1(wanted, acted(1), kill, wanted).at(9_000).tell(quiet));
  });
});
