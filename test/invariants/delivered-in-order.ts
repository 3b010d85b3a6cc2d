/**
 * T2: what one sender sends to one receiver is handled in the order in which it was sent.
 *
 * A receiver is one start of an actor in one life of a node; of another start nothing is said.
 *
 * Cost: one record per pair and receiver.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { type RecordOf, writerOf } from "./record.ts";

/** T2. */
export const deliveredInOrder: Invariant = {
  name: "T2",
  promise: "the sequence is strictly increasing per pair and incarnation",
  check(findings: Findings): Check {
    const last = new Map<string, RecordOf<"message.received">>();
    return {
      on: {
        "message.received": (record) => {
          const { pair, sequence, path, start } = record;
          findings.judged();
          const receiver = `${pair} ${writerOf(record)}/${path} ${start}`;
          const before = last.get(receiver);
          if (before !== undefined && sequence <= before.sequence) {
            const what = `${pair} ${sequence} was handled after ${before.sequence}`;
            findings.violated(what, before, record);
            return;
          }
          last.set(receiver, record);
        },
      },
    };
  },
};
