/**
 * A3: no reply reaches another ask than the one it answers, and none comes that nobody gave.
 *
 * Cost: a name per answered ask that has not settled.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";

/** A3. */
export const ownReply: Invariant = {
  name: "A3",
  promise: "no reply reaches another ask",
  check(findings: Findings): Check {
    const answered = new Set<string>();
    return {
      on: {
        "ask.answered": ({ ask }) => {
          answered.add(ask);
        },
        "ask.settled": (record) => {
          const { ask, outcome, answers } = record;
          const wasAnswered = answered.delete(ask);
          if (outcome === "never-ran" && wasAnswered) {
            findings.violated(`${ask} settled as never run, and was answered`, record);
          }
          if (outcome !== "ok" || answers === undefined) return;
          findings.judged();
          if (answers !== ask) {
            findings.violated(`${ask} got the reply to ${answers}`, record);
          } else if (!wasAnswered) {
            findings.violated(`${ask} got a reply that nobody gave`, record);
          }
        },
      },
    };
  },
};
