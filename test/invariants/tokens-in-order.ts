/**
 * V1: the tokens of a key never decrease, and each has one owner.
 *
 * Acts are ordered as the history has them, writes by their revision, owners of units and activations as
 * their nodes tell. A revision that two writes were given is a write that was lost.
 *
 * Cost: an owner per token and key; a record per write since the last `run.quiet`, sorted then.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import { type HistoryRecord, type RecordOf, writerOf } from "./record.ts";

type Held = HistoryRecord & { readonly token: number };
type Wrote = RecordOf<"activation.wrote">;

/** V1. */
export const tokensInOrder: Invariant = {
  name: "V1",
  promise: "tokens are non-decreasing, with one owner per token",
  check(findings: Findings): Check {
    const newest = new Map<string, Held>();
    const owners = new Map<string, Held>();
    const writes = new Map<string, Wrote[]>();
    const owned = (what: string, record: Held): void => {
      const title = `${what} ${record.token}`;
      const before = owners.get(title);
      if (before === undefined) owners.set(title, record);
      else if (writerOf(before) !== writerOf(record)) {
        const parties = `${writerOf(before)}'s and ${writerOf(record)}'s`;
        findings.violated(`token ${record.token} of ${what} is ${parties}`, before, record);
      }
    };
    const acted = (what: string, record: Held): void => {
      findings.judged();
      owned(what, record);
      const before = newest.get(what);
      if (before !== undefined && record.token < before.token) {
        const drop = `from token ${before.token} back to ${record.token}`;
        findings.violated(`${what} went ${drop}`, before, record);
        return;
      }
      newest.set(what, record);
    };
    const judgeWrites = (): void => {
      for (const [what, made] of writes) {
        const inOrder = made.toSorted((a, b) => a.revision - b.revision || a.token - b.token);
        for (const [at, write] of inOrder.entries()) {
          const before = inOrder[at - 1];
          if (before === undefined) continue;
          if (before.revision === write.revision) {
            const which = `write ${write.revision} of ${what}`;
            findings.violated(`${which} was accepted twice`, before, write);
          } else if (write.token < before.token) {
            const stale = `under token ${write.token} after one under ${before.token}`;
            findings.violated(`${what} was written ${stale}`, before, write);
          }
        }
        const last = inOrder.at(-1);
        if (last !== undefined) writes.set(what, [last]);
      }
    };
    return {
      on: {
        "shard.taken": (record) => acted(`unit ${record.unit}`, record),
        "activation.started": (record) => acted(keyOf(record), record),
        "activation.acted": (record) => acted(keyOf(record), record),
        "activation.wrote": (record) => {
          findings.judged();
          const what = keyOf(record);
          const made = writes.get(what);
          if (made === undefined) writes.set(what, [record]);
          else made.push(record);
        },
        "run.quiet": judgeWrites,
      },
      end: judgeWrites,
    };
  },
};

function keyOf({ actor, key }: { readonly actor: string; readonly key: string }): string {
  return `${actor}/${key}`;
}
