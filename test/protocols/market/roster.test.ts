import t from "tap";
import {
  isAdmitted,
  participantsOf,
  type Roster,
  withAnswer,
  withAward,
  withDelivery,
  withFailure,
  withRelease,
  withSilence,
} from "../../../protocols/market/roster.ts";

const known: Roster = withAnswer({}, "b", "sum@1");

function failing(roster: Roster, times: number, nowMs: number): Roster {
  let next = roster;
  for (let i = 0; i < times; i++) next = withFailure(next, "b", nowMs);
  return next;
}

t.test("Roster", async (t) => {
  t.test("H1: excludes after three failures in a row, for five seconds", async (t) => {
    t.ok(isAdmitted(failing(known, 2, 0), "b", 0));
    const excluded = failing(known, 3, 0);
    t.notOk(isAdmitted(excluded, "b", 4_999));
    t.ok(isAdmitted(excluded, "b", 5_000));
  });

  t.test("a result in between clears earlier failures", async (t) => {
    const roster = failing(withDelivery(failing(known, 2, 0), "b"), 2, 0);
    t.ok(isAdmitted(roster, "b", 0));
  });

  t.test("H2: on probation it has one award at a time", async (t) => {
    const probation = withAward(failing(known, 3, 0), "b");
    t.notOk(isAdmitted(probation, "b", 6_000));
    t.ok(isAdmitted(withRelease(probation, "b"), "b", 6_000));
  });

  t.test("a result on probation makes it sound, a failure excludes it twice as long", async (t) => {
    const probation = withAward(failing(known, 3, 0), "b");
    t.match(withDelivery(probation, "b"), { b: { standing: { phase: "sound", failures: 0 } } });
    const again = failing(probation, 1, 6_000);
    t.notOk(isAdmitted(again, "b", 15_999));
    t.ok(isAdmitted(again, "b", 16_000));
  });

  t.test(
    "H3: does not wait for a bidder that left two calls unanswered, until it is heard",
    async (t) => {
      const silent = withSilence(withSilence(known, ["b"]), ["b", "stranger"]);
      t.strictSame(participantsOf(silent, "sum@1"), []);
      t.strictSame(participantsOf(withAnswer(silent, "b", "sum@1"), "sum@1"), ["b"]);
    },
  );

  t.test("knows participants by capability", async (t) => {
    t.strictSame(participantsOf(known, "other@1"), []);
    t.ok(isAdmitted(known, "stranger", 0));
  });
});
