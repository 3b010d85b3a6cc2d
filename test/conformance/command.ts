/**
 * The commands of the conformance model, as data.
 *
 * Owns: what may be done to the ports, and random plans of it. Doing it is `command-run.ts`.
 *
 * P1: a plan is a list of rounds. Within a round nothing is due: it takes less than the shortest span. After
 *     each round comes a wait, past which all short spans have ended (`spans.ts`).
 * P2: names are few, so that commands meet: three keys, ten tasks, two logs, three reminders.
 */
import fc from "fast-check";

/** What a conditional write names: what stands as far as is known, what stood before it, or nothing at all. */
export type Basis = "current" | "stale" | "absent";

type Bucket = "plain" | "aging";
type Key = "a.1" | "a.2" | "b";
type Log = "one" | "two";

/** One command. */
export type Command =
  | { readonly type: "put"; readonly bucket: Bucket; readonly key: Key }
  | { readonly type: "create"; readonly bucket: Bucket; readonly key: Key; readonly ages: boolean }
  | {
      readonly type: "update";
      readonly bucket: Bucket;
      readonly key: Key;
      readonly basis: Basis;
      readonly ages: boolean;
    }
  | {
      readonly type: "delete";
      readonly bucket: Bucket;
      readonly key: Key;
      readonly basis: Basis | undefined;
    }
  | {
      readonly type: "commit";
      readonly bucket: Bucket;
      readonly writes: readonly { readonly key: Key; readonly basis: Basis | undefined }[];
    }
  | { readonly type: "get"; readonly bucket: Bucket; readonly key: Key }
  | { readonly type: "entries" | "watch"; readonly bucket: Bucket; readonly filter: string }
  | { readonly type: "publish"; readonly task: number; readonly priority: "interactive" | "batch" }
  | { readonly type: "pull"; readonly count: number }
  /** `back`: which delivery, counted from the last and round again; old ones are stale. */
  | { readonly type: "ack" | "bury" | "working"; readonly back: number }
  | { readonly type: "nak"; readonly back: number; readonly delayed: boolean }
  | {
      readonly type: "append";
      readonly log: Log;
      readonly count: number;
      readonly basis: Basis | undefined;
    }
  | { readonly type: "read"; readonly log: Log; readonly back: number; readonly limit: number }
  | { readonly type: "purge" | "follow" | "last"; readonly log: Log }
  | { readonly type: "trim"; readonly log: Log; readonly back: number }
  | { readonly type: "arm" | "cancel"; readonly name: "taken" | "left" | "put-back" }
  | { readonly type: "reconnect" };

/** Rounds of commands; see P1. */
export type Plan = readonly (readonly Command[])[];

const bucket = fc.constantFrom<Bucket>("plain", "aging");
const key = fc.constantFrom<Key>("a.1", "a.2", "b");
const basis = fc.constantFrom<Basis>("current", "current", "stale", "absent");
const maybeBasis = fc.option(basis, { nil: undefined });
const filter = fc.constantFrom(">", "a.*", "b");
const log = fc.constantFrom<Log>("one", "two");
const back = fc.nat(5);
const reminder = fc.constantFrom("taken", "left", "put-back");
const writes = fc.uniqueArray(fc.record({ key, basis: maybeBasis }), {
  minLength: 2,
  maxLength: 3,
  selector: (write) => write.key,
});

/** A weighted kind of command; which fields it has is said by {@link Command} alone. */
function kind(
  weight: number,
  type: Command["type"],
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<Command> } {
  const record = fc.record({ type: fc.constant(type), ...fields });
  return { weight, arbitrary: record as unknown as fc.Arbitrary<Command> };
}

const command: fc.Arbitrary<Command> = fc.oneof(
  kind(2, "put", { bucket, key }),
  kind(4, "create", { bucket, key, ages: fc.boolean() }),
  kind(5, "update", { bucket, key, basis, ages: fc.boolean() }),
  kind(3, "delete", { bucket, key, basis: maybeBasis }),
  kind(3, "commit", { bucket, writes }),
  kind(2, "get", { bucket, key }),
  kind(1, "entries", { bucket, filter }),
  kind(1, "watch", { bucket, filter }),
  kind(10, "publish", {
    task: fc.nat(9),
    priority: fc.constantFrom("interactive", "batch"),
  }),
  kind(14, "pull", { count: fc.constantFrom(1, 2, 5) }),
  kind(7, "ack", { back }),
  kind(1, "bury", { back }),
  kind(3, "working", { back }),
  kind(9, "nak", { back, delayed: fc.constantFrom(false, false, true) }),
  kind(6, "append", { log, count: fc.integer({ min: 1, max: 3 }), basis: maybeBasis }),
  kind(2, "read", { log, back: fc.nat(4), limit: fc.integer({ min: 1, max: 4 }) }),
  kind(1, "last", { log }),
  kind(1, "follow", { log }),
  kind(1, "purge", { log }),
  kind(1, "trim", { log, back: fc.nat(4) }),
  kind(3, "arm", { name: reminder }),
  kind(1, "cancel", { name: reminder }),
  kind(1, "reconnect", {}),
);

const IN_ROUND = { minLength: 4, maxLength: 10, size: "max" } as const;
const ROUNDS = { minLength: 3, maxLength: 5, size: "max" } as const;

/** Random plans. */
export const plans: fc.Arbitrary<Plan> = fc.array(fc.array(command, IN_ROUND), ROUNDS);

/** How many commands a plan makes, its waits included. */
export function lengthOf(plan: Plan): number {
  return plan.reduce((sum, round) => sum + round.length + 1, 0);
}
