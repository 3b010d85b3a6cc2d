/**
 * V3: after healing a key that is wanted acts within the bound.
 *
 * Counts from `run.healed` or from when it was wanted, whichever is later; what was wanted before, or is
 * not due when the next fault begins, is not judged.
 *
 * Cost: a record per key that is wanted and has not acted.
 */
import type { Bounds, Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** V3. */
export const activeAgain: Invariant = {
  name: "V3",
  promise: "some activation exists within the bound after healing",
  check(findings: Findings, { moveMs }: Bounds): Check {
    const wanted = new Map<string, RecordOf<"activation.wanted">>();
    let isHealed = true;
    const judgeUntil = (nowMs: number): void => {
      for (const [what, record] of wanted) {
        if (nowMs <= record.atMs + moveMs) continue;
        wanted.delete(what);
        findings.violated(`${what} did not act within ${moveMs} ms`, record);
      }
    };
    return {
      on: {
        "run.healed": () => {
          isHealed = true;
        },
        "fault.began": ({ atMs }) => {
          judgeUntil(atMs);
          isHealed = false;
          wanted.clear();
        },
        "activation.wanted": (record) => {
          if (!isHealed) return;
          const what = `${record.actor}/${record.key}`;
          if (wanted.has(what)) return;
          findings.judged();
          wanted.set(what, record);
        },
        "activation.acted": ({ actor, key, atMs }) => {
          const what = `${actor}/${key}`;
          const record = wanted.get(what);
          if (record !== undefined && atMs <= record.atMs + moveMs) wanted.delete(what);
        },
        "run.quiet": ({ atMs }) => judgeUntil(atMs),
      },
    };
  },
};
