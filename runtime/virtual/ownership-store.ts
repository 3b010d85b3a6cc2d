/**
 * The registry of owners: a bucket with one record per unit.
 *
 * Owns: the compare-and-sets. What a record means is `placement/ownership.ts`; who should own what
 * `region.ts`.
 *
 * O1: every write names the revision that it replaces, and every read is the leader's: two nodes never
 *     win one revision. O2: a record of a live owner is replaced by that owner alone.
 * O3: a system that stands alone owns everything at once, and asks nobody. Each claim has a token of its
 *     own, the next number: nothing is kept of units that were given up.
 */
import { type Owner, ownerIn, recordOf, standingOf } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import type { KeyValue, KeyValueEntry } from "../ports/key-value.ts";
import type { NodeIdentity } from "../ports/membership.ts";
import type { Ports } from "../ports/ports.ts";

/** The bucket. */
export const REGISTRY_BUCKET = "REGISTRY";

const MOST_TRIES = 5;

/** What came of a claim: the owner there is now; `undefined` when nobody could be found out. */
export type Claim = Owner | undefined;

/** The registry as a region uses it; all methods reject with `store.unavailable`. */
export interface Ownership {
  /** Whether units are claimed without asking (O3). */
  readonly isAlone: boolean;
  /** Takes the unit without asking, for the token that is returned; `undefined` when somebody must be asked. */
  claimNow(unit: Unit): number | undefined;
  /** The owner on record, whether it lives or not. */
  read(unit: Unit): Promise<Owner | undefined>;
  /** Takes the unit when it is free. */
  claim(unit: Unit): Promise<Claim>;
  /** Makes another node the owner of what is this node's; `undefined` when it was not any more. */
  give(unit: Unit, token: number, to: NodeIdentity): Promise<Owner | undefined>;
  /** Gives it up to whoever wants it next. */
  release(unit: Unit, token: number): Promise<void>;
}

/** The registry in a bucket. */
export function ownershipIn({
  keyValues,
  membership,
}: Pick<Ports, "keyValues" | "membership">): Ownership {
  const { self } = membership;
  let bucket: Promise<KeyValue> | undefined;
  const opened = async (): Promise<KeyValue> => {
    bucket ??= keyValues.open(REGISTRY_BUCKET);
    try {
      return await bucket;
    } catch (error) {
      bucket = undefined; // the next caller tries again
      throw error;
    }
  };
  const isFree = async (entry: KeyValueEntry): Promise<boolean> => {
    const owner = ownerIn(entry);
    // What cannot be read was written by a newer release, and is not ours to overwrite.
    if (owner === undefined) return false;
    const identity = { name: owner.node, incarnation: owner.incarnation };
    const phase = membership.phaseOf(identity);
    const standing = standingOf(owner, self, phase);
    // Whoever asks may know more of a suspect than this node does: its lease tells.
    const isOpen = standing === "unknown" || (standing === "theirs" && phase === "suspected");
    if (!isOpen) return standing === "free";
    return (await membership.verify?.(identity)) === "down";
  };
  return {
    isAlone: false,
    claimNow: () => undefined,
    read: async ({ id }) => {
      const entry = await (await opened()).get(id);
      return entry === undefined ? undefined : ownerIn(entry);
    },
    claim: async ({ id }) => {
      const store = await opened();
      let put = await store.create(id, recordOf(self));
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        if (put.ok) return ownerOf(self, put.revision);
        const { current } = put.conflict;
        if (current === undefined) put = await store.create(id, recordOf(self));
        else if (await isFree(current)) {
          put = await store.update(id, recordOf(self), current.revision);
        } else return ownerIn(current);
      }
      return undefined;
    },
    give: async ({ id }, token, to) => {
      const put = await (await opened()).update(id, recordOf(to), token);
      if (put.ok) return ownerOf(to, put.revision);
      const { current } = put.conflict;
      const owner = current === undefined ? undefined : ownerIn(current);
      return owner?.node === self.name && owner.token === token ? undefined : owner;
    },
    release: async ({ id }, token) => {
      await (await opened()).delete(id, token);
    },
  };
}

/** The registry of a system that stands alone. */
export function ownershipAlone(self: NodeIdentity): Ownership {
  let last = 0;
  return {
    isAlone: true,
    claimNow: () => ++last,
    read: async () => undefined,
    claim: async () => ownerOf(self, ++last),
    give: async () => undefined,
    release: async () => {},
  };
}

function ownerOf({ name, incarnation }: NodeIdentity, token: number): Owner {
  return { node: name, incarnation, token };
}
