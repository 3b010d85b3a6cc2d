/**
 * S1: within any window no more restarts than the intensity allows, of one child and below one supervisor.
 *
 * Counts the failures that were answered by a restart; a permanent child that ended by itself is told
 * by no event, and is not counted.
 *
 * Cost: the restarts of one window per child and supervisor.
 */
import { DeclaredSupervisors } from "./declared-supervisors.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

type Failed = RecordOf<"actor.failed">;

/** S1. */
export const restartIntensity: Invariant = {
  name: "S1",
  promise: "restarts per window ≤ intensity",
  check(findings: Findings): Check {
    const supervisors = new DeclaredSupervisors<Failed[]>(() => []);
    return {
      on: {
        "supervisor.declared": (record) => supervisors.declare(record),
        "life.ended": (record) => supervisors.end(record),
        "actor.started": (record) => supervisors.renew(record),
        "actor.stopped": (record) => supervisors.renew(record),
        "actor.failed": (record) => {
          const child = supervisors.child(record);
          if (child === undefined || record.decision !== "restart") return;
          findings.judged();
          const { declared, children } = child.supervisor;
          const { childIntensity, intensity } = declared;
          const longestMs = Math.max(childIntensity.withinMs, intensity.withinMs);
          child.memory = [...within(child.memory, longestMs, record.atMs), record];
          const own = within(child.memory, childIntensity.withinMs, record.atMs);
          if (own.length > childIntensity.restarts) {
            const what = `${child.path} restarted ${own.length} times in ${childIntensity.withinMs} ms`;
            findings.violated(what, ...own);
          }
          const all = children.flatMap(({ memory }) =>
            within(memory, intensity.withinMs, record.atMs),
          );
          if (all.length > intensity.restarts) {
            const what = `${all.length} restarts below ${declared.path} in ${intensity.withinMs} ms`;
            findings.violated(what, ...all);
          }
        },
      },
    };
  },
};

function within(restarts: readonly Failed[], withinMs: number, nowMs: number): Failed[] {
  return restarts.filter(({ atMs }) => nowMs - atMs < withinMs);
}
