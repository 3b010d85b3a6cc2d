import fc from "fast-check";
import t from "tap";
import {
  type Contract,
  type DelegationEvent,
  delegate,
  type Report,
  stepDelegation,
} from "../../../protocols/hierarchy/delegation.ts";

const CONTRACT: Contract = {
  goal: { question: "which?" },
  withinMs: 1_000,
  tools: [],
  sliceMicros: 100,
  attempt: 1,
  trail: [],
};

const reported = (report: Report, attempt = 1, leftMs = 500): DelegationEvent => ({
  type: "reported",
  attempt,
  report,
  leftMs,
});

t.test("Delegation", async (t) => {
  t.test("is done with an accepted report", async (t) => {
    const [open] = delegate(CONTRACT);
    const [state, effects] = stepDelegation(
      open,
      reported({ kind: "done", result: 7, costMicros: 9 }),
    );
    t.strictSame(state, { phase: "done", result: 7, costMicros: 9 });
    t.strictSame(effects, [{ type: "finish", result: 7, costMicros: 9 }]);
  });

  t.test("sends a rejected report back with the objection, and then escalates", async (t) => {
    const done = reported({ kind: "done", result: "thin" });
    const [once, again] = stepDelegation(delegate(CONTRACT)[0], {
      ...done,
      objection: "no evidence",
    } as DelegationEvent);
    t.match(again, [
      {
        type: "delegate",
        contract: {
          attempt: 2,
          withinMs: 500,
          progress: { objection: "no evidence", result: "thin" },
        },
      },
    ]);
    const [end] = stepDelegation(once, {
      ...reported({ kind: "done", result: "thin" }, 2),
      objection: "still none",
    } as DelegationEvent);
    t.match(end, { phase: "escalated", reason: { kind: "not-accepted", message: "still none" } });
  });

  t.test("E2: grants more from the reserve, and no more than that", async (t) => {
    const more = reported({ kind: "more", sliceMicros: 160, progress: "half" });
    const [granted, effects] = stepDelegation(delegate(CONTRACT, { reserveMicros: 60 })[0], more);
    t.match(granted, { phase: "delegated", reserveMicros: 0, grantsLeft: 0 });
    t.match(effects, [{ contract: { sliceMicros: 160, progress: "half", attempt: 2 } }]);
    const [denied] = stepDelegation(delegate(CONTRACT, { reserveMicros: 59 })[0], more);
    t.match(denied, { phase: "escalated", reason: { kind: "too-dear", wantedMicros: 60 } });
  });

  t.test("escalates what is refused, escalated, failed or late, saying which", async (t) => {
    const [open] = delegate(CONTRACT);
    const cases: readonly (readonly [DelegationEvent, string])[] = [
      [reported({ kind: "refused", reason: "not mine" }), "refused"],
      [reported({ kind: "escalated", reason: "above me" }), "escalated"],
      [{ type: "failed", attempt: 1, message: "broken" }, "failed"],
      [{ type: "deadline" }, "late"],
      [reported({ kind: "done", result: 1 }, 1, 0), "late"],
    ];
    for (const [event, kind] of cases) {
      t.match(stepDelegation(open, event)[0], { phase: "escalated", reason: { kind } });
    }
  });

  t.test("hands an unreachable specialist's contract on, with the time that is left", async (t) => {
    const gone = (attempt: number, leftMs = 400): DelegationEvent => ({
      type: "unreachable",
      attempt,
      message: "the node is down",
      leftMs,
    });
    const [second, effects] = stepDelegation(delegate(CONTRACT, { standIns: 1 })[0], gone(1));
    t.match(effects, [{ type: "delegate", contract: { attempt: 2, withinMs: 400 } }]);
    t.strictSame(stepDelegation(second, gone(1)), [second, []], "E3: of an earlier attempt");
    const [end] = stepDelegation(second, gone(2));
    t.match(end, { phase: "escalated", reason: { kind: "failed", message: "the node is down" } });
    const [late] = stepDelegation(second, gone(2, 0));
    t.match(late, { phase: "escalated", reason: { kind: "late" } });
  });

  t.test("E3: ignores answers to an earlier attempt", async (t) => {
    const more = reported({ kind: "more", sliceMicros: 100 });
    const [second] = stepDelegation(delegate(CONTRACT)[0], more);
    t.strictSame(stepDelegation(second, reported({ kind: "done", result: 1 }, 1)), [second, []]);
    t.strictSame(stepDelegation(second, { type: "failed", attempt: 1, message: "x" }), [
      second,
      [],
    ]);
  });

  const aReport: fc.Arbitrary<Report> = fc.oneof(
    fc.record({ kind: fc.constant("done" as const), result: fc.integer() }),
    fc.record({
      kind: fc.constant("more" as const),
      sliceMicros: fc.oneof(fc.integer(), fc.double()),
    }),
    fc.record({
      kind: fc.constantFrom("refused" as const, "escalated" as const),
      reason: fc.string(),
    }),
  );

  const aNews = fc.oneof(
    fc.record({
      type: fc.constant("reported" as const),
      report: aReport,
      objection: fc.constantFrom({}, { objection: "no" }),
    }),
    fc.record({ type: fc.constant("unreachable" as const) }),
  );

  t.test("E1, E2: whatever happens, it ends within its attempts and its money", async () => {
    const limits = { revisions: 2, grants: 2, standIns: 2, reserveMicros: 50 };
    fc.assert(
      fc.property(fc.array(aNews, { minLength: 7, maxLength: 11 }), (news) => {
        let [state] = delegate(CONTRACT, limits);
        let attempts = 1;
        for (const one of news) {
          if (state.phase !== "delegated") break;
          const { attempt } = state.contract;
          const event: DelegationEvent =
            one.type === "unreachable"
              ? { type: "unreachable", attempt, message: "gone", leftMs: 10 }
              : { type: "reported", attempt, report: one.report, leftMs: 10, ...one.objection };
          const [next, effects] = stepDelegation(state, event);
          for (const effect of effects) {
            if (effect.type !== "delegate") continue;
            attempts++;
            if (!(effect.contract.sliceMicros <= CONTRACT.sliceMicros + limits.reserveMicros))
              return false;
          }
          state = next;
        }
        return state.phase !== "delegated" && attempts <= 7;
      }),
    );
  });
});
