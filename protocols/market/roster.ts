/**
 * Who takes part in a market, and who may be awarded just now.
 *
 * Owns: the standing of each bidder. Its neighbour `learned-quality.ts` owns how good their results
 * are: a bidder that is wrong is outbid, one that does not deliver is excluded.
 *
 *   sound ──3 failures in a row──► excluded ──time──► on probation ──a result──► sound
 *                                     ▲                    │
 *                                     └──a failure, twice──┘ as long
 *
 * H1: an excluded bidder is not awarded before its time is over.
 * H2: on probation it has at most one award at a time.
 * H3: a bidder that left two calls unanswered is not waited for until it is heard again, one that
 *     ended not at all.
 *
 * Cost: O(members) per change: the roster is copied.
 */
import type { Address } from "../../runtime/address.ts";

/** How a bidder stands. */
export type Standing =
  | { readonly phase: "sound"; readonly failures: number }
  | { readonly phase: "excluded"; readonly untilMs: number; readonly exclusions: number }
  | { readonly phase: "probation"; readonly exclusions: number; readonly isAwarded: boolean };

/** A bidder of the market. */
export interface Member {
  readonly capability: string;
  readonly standing: Standing;
  /** Calls in a row that it left unanswered. */
  readonly silences: number;
}

/** All bidders ever heard, by address. */
export type Roster = Readonly<Record<Address, Member>>;

/** When bidders are excluded and for how long. */
export interface ExclusionPolicy {
  /** Failures in a row that exclude; default 3. */
  readonly failures?: number;
  /** The first exclusion in milliseconds; doubles each time; default 5,000. */
  readonly initialMs?: number;
  /** The longest exclusion in milliseconds; default 300,000. */
  readonly maxMs?: number;
}

/** Calls left unanswered before a bidder is no longer waited for (H3). */
const SILENCES = 2;

/** Those whose answer to a call is worth waiting for. */
export function participantsOf(roster: Roster, capability: string): readonly Address[] {
  return Object.entries(roster)
    .filter(([, member]) => member.capability === capability && member.silences < SILENCES)
    .map(([bidder]) => bidder);
}

/** Whether a bid of `bidder` may be awarded at `nowMs` (monotonic). Strangers may. */
export function isAdmitted(roster: Roster, bidder: Address, nowMs: number): boolean {
  const standing = roster[bidder]?.standing;
  switch (standing?.phase) {
    case undefined:
    case "sound":
      return true;
    case "excluded":
      return nowMs >= standing.untilMs;
    case "probation":
      return !standing.isAwarded;
  }
}

/** The bidder answered a call, with a bid or a refusal. */
export function withAnswer(roster: Roster, bidder: Address, capability: string): Roster {
  const member = roster[bidder];
  if (member?.silences === 0 && member.capability === capability) return roster;
  const standing = member?.standing ?? SOUND;
  return { ...roster, [bidder]: { capability, standing, silences: 0 } };
}

/** The bidder has ended: whoever comes to live at its address starts anew. */
export function withoutMember(roster: Roster, bidder: Address): Roster {
  if (roster[bidder] === undefined) return roster;
  const { [bidder]: _, ...others } = roster;
  return others;
}

/** The bidders left a call unanswered. */
export function withSilence(roster: Roster, bidders: readonly Address[]): Roster {
  const next: Record<Address, Member> = { ...roster };
  for (const bidder of bidders) {
    const member = next[bidder];
    if (member !== undefined) next[bidder] = { ...member, silences: member.silences + 1 };
  }
  return next;
}

/** The bidder was awarded: an exclusion that is over becomes probation (H2). */
export function withAward(roster: Roster, bidder: Address): Roster {
  return changed(roster, bidder, (standing) => {
    switch (standing.phase) {
      case "sound":
        return standing;
      case "excluded":
      case "probation":
        return { phase: "probation", exclusions: standing.exclusions, isAwarded: true };
    }
  });
}

/** The bidder delivered a result. */
export function withDelivery(roster: Roster, bidder: Address): Roster {
  return changed(roster, bidder, (standing) =>
    standing.phase === "sound" && standing.failures === 0 ? standing : SOUND,
  );
}

/** An award was given back without blame, or withdrawn by the client. */
export function withRelease(roster: Roster, bidder: Address): Roster {
  return changed(roster, bidder, (standing) =>
    standing.phase === "probation" ? { ...standing, isAwarded: false } : standing,
  );
}

/** The bidder failed, did not confirm, or let its lease expire. */
export function withFailure(
  roster: Roster,
  bidder: Address,
  nowMs: number,
  { failures = 3, initialMs = 5_000, maxMs = 300_000 }: ExclusionPolicy = {},
): Roster {
  return changed(roster, bidder, (standing) => {
    switch (standing.phase) {
      case "sound":
        if (standing.failures + 1 < failures)
          return { ...standing, failures: standing.failures + 1 };
        return { phase: "excluded", untilMs: nowMs + initialMs, exclusions: 1 };
      case "excluded":
        // An older award of several fails late: that is the same illness.
        return standing;
      case "probation": {
        const spanMs = Math.min(maxMs, initialMs * 2 ** standing.exclusions);
        return {
          phase: "excluded",
          untilMs: nowMs + spanMs,
          exclusions: standing.exclusions + 1,
        };
      }
    }
  });
}

const SOUND: Standing = { phase: "sound", failures: 0 };

function changed(
  roster: Roster,
  bidder: Address,
  change: (standing: Standing) => Standing,
): Roster {
  const member = roster[bidder];
  if (member === undefined) return roster;
  const standing = change(member.standing);
  return standing === member.standing ? roster : { ...roster, [bidder]: { ...member, standing } };
}
