/**
 * S2: after a failure exactly those restart that the strategy names, in start order.
 *
 * A failure answered by a restart names the child, all children, or it and those after it; of the others
 * so named the temporary ones end. A later failure among them names anew. Starts are told by events,
 * what is taken down for a restart is not, so the order of taking down is not judged here.
 * Nor is it told when a permanent child ended by itself: where one may have, a restart that no failure
 * explains is accepted.
 *
 * Cost: a few words per declared child; the children of one supervisor per failure.
 */
import { type DeclaredChild, DeclaredSupervisors } from "./declared-supervisors.ts";
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

/** What a child is about to do. */
interface Expectation {
  isAlive: boolean;
  /** The failure that it is to restart after. */
  restartsFor: RecordOf<"actor.failed"> | undefined;
  /** The failure that it, being temporary, is to end after. */
  endsFor: RecordOf<"actor.failed"> | undefined;
}

type Child = DeclaredChild<Expectation>;

/** S2. */
export const restartedSet: Invariant = {
  name: "S2",
  promise: "exactly the specified set restarts, in order",
  check(findings: Findings): Check {
    const supervisors = new DeclaredSupervisors<Expectation>(() => ({
      isAlive: true,
      restartsFor: undefined,
      endsFor: undefined,
    }));
    return {
      on: {
        "supervisor.declared": (record) => supervisors.declare(record),
        "life.ended": (record) => supervisors.end(record),
        "actor.failed": (record) => {
          supervisors.renew(record);
          const failed = supervisors.child(record);
          if (failed === undefined) return;
          if (record.decision === "escalate") {
            supervisors.renew({ ...record, path: failed.supervisor.declared.path });
          }
          if (record.decision !== "restart") return;
          findings.judged();
          for (const child of touchedBy(failed)) {
            const restarts = child === failed || child.restart !== "temporary";
            child.memory.restartsFor = restarts ? record : undefined;
            child.memory.endsFor = restarts ? undefined : record;
          }
        },
        "actor.started": (record) => {
          supervisors.renew(record);
          const child = supervisors.child(record);
          if (child === undefined) return;
          const cause = child.memory.restartsFor;
          child.memory = { isAlive: true, restartsFor: undefined, endsFor: undefined };
          if (record.generation === 1) return;
          if (cause === undefined) {
            if (mayHaveEndedByItself(child)) return;
            const what = `${child.path} restarted, and no failure that touches it was to be answered so`;
            findings.violated(what, record);
            return;
          }
          const late = child.supervisor.children.find(
            ({ index, memory }) => index < child.index && memory.restartsFor === cause,
          );
          if (late === undefined) return;
          const what = `${child.path} restarted before ${late.path}, which starts before it`;
          findings.violated(what, cause, record);
        },
        "actor.stopped": (record) => {
          supervisors.renew(record);
          const child = supervisors.child(record);
          if (child === undefined) return;
          child.memory = { isAlive: false, restartsFor: undefined, endsFor: undefined };
        },
        "run.quiet": (quiet) => {
          for (const { path, memory } of supervisors.children()) {
            const { restartsFor, endsFor } = memory;
            if (restartsFor !== undefined)
              findings.violated(`${path} was to restart and did not`, restartsFor, quiet);
            if (endsFor !== undefined)
              findings.violated(`${path} was to end with its group and did not`, endsFor, quiet);
            memory.restartsFor = undefined;
            memory.endsFor = undefined;
          }
        },
      },
    };
  },
};

function touchedBy(failed: Child): readonly Child[] {
  const { declared, children } = failed.supervisor;
  switch (declared.strategy) {
    case "one-for-one":
      return [failed];
    case "one-for-all":
      return children.filter((child) => child === failed || child.memory.isAlive);
    case "rest-for-one":
      return children.filter(
        (child) => child === failed || (child.index > failed.index && child.memory.isAlive),
      );
  }
}

function mayHaveEndedByItself(child: Child): boolean {
  const { declared, children } = child.supervisor;
  if (declared.strategy === "one-for-one") return child.restart === "permanent";
  return children.some(({ restart }) => restart === "permanent");
}
