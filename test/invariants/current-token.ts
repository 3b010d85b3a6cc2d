/**
 * D3: whoever wrote a task's end held its current token.
 *
 * The token is the revision of the claim, so no claim of a task can have a greater one than the claim
 * that ended it: neither before, when it was stale, nor after, when nothing was left to claim.
 *
 * Cost: a few numbers per claim.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { type RecordOf, writerOf } from "./record.ts";
import { TaskClaims } from "./task-claims.ts";

/** D3. */
export const currentToken: Invariant = {
  name: "D3",
  promise: "the terminal writer held the current token",
  check(findings: Findings): Check {
    const claims = new TaskClaims();
    const done = new Map<string, RecordOf<"task.done">>();
    return {
      on: {
        "task.claimed": (record) => {
          const { task, token } = record;
          const end = done.get(task);
          if (end !== undefined && token > end.token) {
            const what = `${task} was claimed under ${token} and done under ${end.token}`;
            findings.violated(what, end, record);
          }
          const twin = claims.of(task).find((claim) => claim.token === token);
          if (twin !== undefined)
            findings.violated(`${task} was claimed twice under ${token}`, record);
          claims.add(record);
        },
        "task.done": (record) => {
          const { task, token, attempt } = record;
          findings.judged();
          done.set(task, record);
          const claim = claims
            .of(task)
            .find((made) => made.token === token && made.writer === writerOf(record));
          const newest = claims.newest(task);
          if (claim === undefined) {
            findings.violated(
              `${task} was done under ${token}, which its writer never held`,
              record,
            );
          } else if (claim.attempt !== attempt) {
            const what = `${task} was done in attempt ${attempt} and claimed in ${claim.attempt}`;
            findings.violated(what, record);
          } else if (newest !== undefined && newest.token > token) {
            const what = `${task} was done under ${token} when ${newest.writer} held ${newest.token}`;
            findings.violated(what, record);
          }
        },
      },
    };
  },
};
