/**
 * T1: a message is delivered at most once, and only if it was sent.
 *
 * Cost: a bit per message that was sent, one per message that was received.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { SequenceSet } from "./sequence-set.ts";

/** What happened to the messages of one pair. */
class Fates {
  readonly sent = new SequenceSet();
  readonly refused = new SequenceSet();
  readonly received = new SequenceSet();
}

/** T1. */
export const deliveredOnce: Invariant = {
  name: "T1",
  promise: "a message is delivered at most once, and only what was sent is delivered",
  check(findings: Findings): Check {
    const pairs = new Map<string, Fates>();
    const fatesOf = (pair: string): Fates => {
      const known = pairs.get(pair);
      if (known !== undefined) return known;
      const fates = new Fates();
      pairs.set(pair, fates);
      return fates;
    };
    return {
      on: {
        "message.sent": ({ pair, sequence }) => {
          fatesOf(pair).sent.add(sequence);
        },
        "message.refused": (record) => {
          const { pair, sequence } = record;
          const fates = fatesOf(pair);
          fates.refused.add(sequence);
          if (fates.received.has(sequence))
            findings.violated(`${pair} ${sequence} was delivered and refused`, record);
        },
        "message.received": (record) => {
          const { pair, sequence } = record;
          findings.judged();
          const fates = fatesOf(pair);
          if (!fates.sent.has(sequence))
            findings.violated(`${pair} ${sequence} was delivered and never sent`, record);
          if (fates.refused.has(sequence))
            findings.violated(`${pair} ${sequence} was refused and delivered`, record);
          if (!fates.received.add(sequence))
            findings.violated(`${pair} ${sequence} was delivered twice`, record);
        },
      },
    };
  },
};
