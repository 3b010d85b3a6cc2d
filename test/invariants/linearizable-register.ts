/**
 * B1: the operations on a key happened in some order that agrees with the time at which each was called and
 * returned, and in that order each read what was written last and each compare-and-set met what it expected.
 *
 * Every write has a revision of its own, so there is only one order to try: writes by revision, and
 * after each the reads of it. It is right when no operation that returned before another was called comes
 * after it. An operation of unknown outcome may have written at any time after its call; a revision that nobody
 * is known to have written is explained by such a one, once. A key begins with the history and is not deleted.
 *
 * Cost: O(n log n): a few numbers per write of a key, kept until the end.
 * Source: Herlihy and Wing 1990; with known versions as in Gibbons and Korach 1997.
 */
import type { Check, Findings, Invariant } from "./invariant.ts";
import type { RecordOf } from "./record.ts";

type Called = RecordOf<"register.called">;
type Returned = RecordOf<"register.returned">;

/** An operation that is under way. */
interface Pending {
  readonly called: Called;
  /** The furthest that the key had been known to be when this was called. */
  readonly floor: Reach;
}

/** How far a key is known to have been, and by which return. */
interface Reach {
  /** Twice the revision; one more when it was read. */
  readonly place: number;
  readonly by: Returned | undefined;
}

/** A write that is known to have happened. */
interface Write {
  readonly revision: number;
  readonly called: Called;
  readonly returned: Returned;
}

/** What is known of a key. */
class Register {
  reach: Reach = { place: 0, by: undefined };
  readonly writes: Write[] = [];
  /** Revisions that were read, found or expected, and by whom first. */
  readonly met = new Map<number, Returned>();
  /** Writes whose outcome is unknown, those that never returned included. */
  doubtful = 0;
}

/** B1. */
export const linearizableRegister: Invariant = {
  name: "B1",
  promise: "the history of each key is linearizable",
  check(findings: Findings): Check {
    const pending = new Map<string, Pending>();
    const registers = new Map<string, Register>();
    const registerOf = (key: string): Register => {
      const known = registers.get(key);
      if (known !== undefined) return known;
      const register = new Register();
      registers.set(key, register);
      return register;
    };

    /** An operation that saw or made a revision returned: it comes after all that had returned. */
    const returned = (register: Register, { called, floor }: Pending, record: Returned): void => {
      const { revision } = record;
      if (revision === undefined) return;
      const hasWritten = called.action !== "read" && record.outcome === "ok";
      const place = 2 * revision + (hasWritten ? 0 : 1);
      if (place < floor.place && floor.by !== undefined) {
        const did = hasWritten ? "wrote" : "met";
        const what = `${called.op} ${did} revision ${revision} of ${called.key} after ${Math.floor(floor.place / 2)}`;
        findings.violated(what, floor.by, called, record);
      }
      if (place > register.reach.place) register.reach = { place, by: record };
      if (hasWritten) register.writes.push({ revision, called, returned: record });
      else if (revision > 0 && !register.met.has(revision)) register.met.set(revision, record);
      if (hasWritten && called.expected !== undefined && called.expected >= revision) {
        const what = `${called.op} expected revision ${called.expected} of ${called.key} and wrote ${revision}`;
        findings.violated(what, called, record);
      }
      if (record.outcome === "conflict" && called.expected === revision) {
        const what = `${called.op} was refused, and ${called.key} was as it expected`;
        findings.violated(what, called, record);
      }
    };

    /** Each write stands on the one before it; whatever else was met was written by somebody. */
    const judge = (key: string, register: Register): void => {
      const writes = register.writes.toSorted((a, b) => a.revision - b.revision);
      const known = new Set(writes.map(({ revision }) => revision));
      const strange = new Map<number, Returned>();
      for (const [revision, by] of register.met)
        if (!known.has(revision)) strange.set(revision, by);
      for (const [at, write] of writes.entries()) {
        const before = writes[at - 1];
        const { called, revision, returned: by } = write;
        const { expected } = called;
        if (before?.revision === revision) {
          const what = `revision ${revision} of ${key} was written twice`;
          findings.violated(what, before.returned, by);
        } else if (expected !== undefined && before !== undefined && before.revision > expected) {
          const what = `${called.op} wrote over revision ${before.revision} of ${key} and expected ${expected}`;
          findings.violated(what, before.returned, called, by);
        } else if (expected !== undefined && expected > 0 && !known.has(expected)) {
          if (!strange.has(expected)) strange.set(expected, by);
        }
      }
      if (strange.size <= register.doubtful) return;
      const [[revision, by] = [0, undefined]] = strange;
      const what = `revision ${revision} of ${key} was met, and nobody wrote it`;
      findings.violated(what, ...(by === undefined ? [] : [by]));
    };

    return {
      on: {
        "register.called": (called) => {
          const register = registerOf(called.key);
          if (called.action !== "read") register.doubtful++;
          pending.set(called.op, { called, floor: register.reach });
        },
        "register.returned": (record) => {
          const operation = pending.get(record.op);
          if (operation === undefined) return;
          pending.delete(record.op);
          findings.judged();
          if (record.outcome === "unknown") return;
          const register = registerOf(operation.called.key);
          if (operation.called.action !== "read") register.doubtful--;
          returned(register, operation, record);
        },
      },
      end: () => {
        for (const [key, register] of registers) judge(key, register);
      },
    };
  },
};
