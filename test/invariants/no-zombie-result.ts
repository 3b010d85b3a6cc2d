/**
 * D6: the result that is seen is the one of whoever held the task last, never one that was fenced.
 *
 * Cost: a few numbers per claim and per fenced result.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { lifeName, type RecordOf } from "./record.ts";
import { type TaskClaim, TaskClaims } from "./task-claims.ts";

/** D6. */
export const noZombieResult: Invariant = {
  name: "D6",
  promise: "a zombie's result is never visible",
  check(findings: Findings): Check {
    const claims = new TaskClaims();
    const fenced = new Map<string, Set<number>>();
    /** What is wrong with what was seen, given the claim that it says it is the result of. */
    const faultOf = (
      { task, owner, attempt, maker }: RecordOf<"task.seen">,
      claim: TaskClaim | undefined,
    ): string | undefined => {
      if (claim === undefined) return `of ${owner} in attempt ${attempt}, who never claimed it so`;
      const newest = claims.newest(task);
      if (newest !== undefined && newest.token > claim.token) {
        return `of ${claim.writer}, and ${newest.writer} claimed it after that`;
      }
      if (fenced.get(task)?.has(claim.token) === true) return `of ${claim.writer}, who was fenced`;
      if (maker === undefined || maker === makerOf(claim)) return undefined;
      return `of ${makerOf(claim)} and was made by ${maker}`;
    };
    return {
      on: {
        "task.claimed": (record) => {
          claims.add(record);
        },
        "task.fenced": ({ task, token }) => {
          fenced.set(task, (fenced.get(task) ?? new Set()).add(token));
        },
        "task.seen": (record) => {
          const { task, phase, owner, attempt } = record;
          if (phase !== "done") return;
          findings.judged();
          // Given back and claimed again, an attempt can have several claims of one owner.
          const claim = claims
            .of(task)
            .findLast((made) => made.node === owner && made.attempt === attempt);
          const fault = faultOf(record, claim);
          if (fault !== undefined) findings.violated(`the result of ${task} is ${fault}`, record);
        },
      },
    };
  },
};

/** What a result says of its maker: node, life and attempt. */
export function makerName(node: string, life: string, attempt: number): string {
  return `${lifeName(node, life)} ${attempt}`;
}

function makerOf({ writer, attempt }: TaskClaim): string {
  return `${writer} ${attempt}`;
}
