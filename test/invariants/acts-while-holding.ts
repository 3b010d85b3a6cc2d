/**
 * V2: an activation acts only while its node's lease is fresh on that node's own clock.
 *
 * Three witnesses: what the activation says of itself when it acts, the lease that its life last wrote,
 * and whether that life was over already.
 *
 * Cost: a number per life.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { lifeName, type RecordOf, writerOf } from "./record.ts";

/** V2. */
export const actsWhileHolding: Invariant = {
  name: "V2",
  promise: "a holder acts only while its lease is fresh on its own clock",
  check(findings: Findings): Check {
    const leases = new Map<string, RecordOf<"lease.held">>();
    const over = new Map<string, RecordOf<"life.ended">>();
    return {
      on: {
        "lease.held": (record) => {
          leases.set(writerOf(record), record);
        },
        "life.ended": (record) => {
          over.set(lifeName(record.of, record.ofLife), record);
        },
        "activation.acted": (record) => {
          findings.judged();
          const { actor, key, holds, ownMs } = record;
          const who = writerOf(record);
          const what = `${actor}/${key} acted on ${who}`;
          const lease = leases.get(who);
          const end = over.get(who);
          if (!holds) findings.violated(`${what} without holding its key`, record);
          if (lease !== undefined && ownMs !== undefined && ownMs > lease.untilMs) {
            const lateMs = ownMs - lease.untilMs;
            findings.violated(`${what} ${lateMs} ms after its lease had run out`, lease, record);
          }
          if (end !== undefined) findings.violated(`${what}, which was ${end.how}`, end, record);
        },
      },
    };
  },
};
