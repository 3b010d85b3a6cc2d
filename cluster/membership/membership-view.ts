/**
 * Who is in the cluster, as this node sees it: the one home of that view.
 *
 * Owns: the members, their phases, and how each observation changes them. Its neighbour
 * `membership.ts` makes the observations, `failure-detector.ts` judges silence.
 *
 * V1: one entry per name, the newest incarnation that was ever seen; what is older is down.
 * V2: `down` is final: only a newer incarnation of the name replaces it.
 * V3: silence makes a member suspected, and a beat takes that back; only its lease makes it down.
 * V4: this node never suspects itself.
 */
import { createStore, shallowEqual } from "@xstate/store";
import type {
  Member,
  MemberPhase,
  MemberTraits,
  NodeIdentity,
} from "../../runtime/ports/membership.ts";
import type { Rhythm } from "./failure-detector.ts";
import { excused, firstBeat, isSilent, nextBeat } from "./failure-detector.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { LeaseHolder } from "./lease.ts";
import type { MembersSelection, SelectableMembership } from "./members-selection.ts";

/** A main loop that is later than this is degraded, in milliseconds. */
export const DEGRADED_LAG_MS = 1_000;

interface Known {
  /** The same object as long as nothing of it changes. */
  readonly member: Member;
  readonly rhythm: Rhythm;
}

interface View {
  readonly self: string;
  readonly known: ReadonlyMap<string, Known>;
}

/** A heartbeat with its sender and its arrival on the monotonic clock. */
export interface HeardBeat {
  readonly name: string;
  readonly beat: Heartbeat;
  readonly atMs: number;
}

/** The view; observations go in, members come out. */
export interface MembershipView {
  /** A heartbeat came. */
  heard(heard: HeardBeat): void;
  /** A lease was read. */
  leased(holder: LeaseHolder, atMs: number): void;
  /** Time passed; `pausedMs` of it this node slept. */
  checked(nowMs: number, pausedMs: number): void;
  /** A member's lease is gone. */
  ended(node: NodeIdentity): void;
  members(): readonly Member[];
  phaseOf(node: NodeIdentity): MemberPhase | undefined;
  readonly select: SelectableMembership["select"];
  /** Calls `listener` with each member whose phase changed and its previous one. */
  onChange(listener: (member: Member, previous: MemberPhase | undefined) => void): void;
}

/** A view that knows only this node. */
export function membershipView(
  self: NodeIdentity,
  traits: MemberTraits,
  nowMs: number,
): MembershipView {
  const own: Known = {
    member: { ...self, ...traits, phase: "up", lagMs: 0 },
    rhythm: firstBeat(nowMs),
  };
  const initial: View = { self: self.name, known: new Map([[self.name, own]]) };
  const store = createStore({
    context: initial,
    on: {
      heard: (view: View, event: HeardBeat) => afterBeat(view, event),
      leased: (view: View, event: { readonly holder: LeaseHolder; readonly atMs: number }) =>
        afterLease(view, event.holder, event.atMs),
      checked: (view: View, event: { readonly nowMs: number; readonly pausedMs: number }) =>
        afterCheck(view, event.nowMs, event.pausedMs),
      ended: (view: View, event: { readonly node: NodeIdentity }) => afterEnd(view, event.node),
    },
  });
  const known = store.select((view) => view.known);
  return {
    heard: (heard) => store.trigger.heard(heard),
    leased: (holder, atMs) => store.trigger.leased({ holder, atMs }),
    checked: (nowMs, pausedMs) => store.trigger.checked({ nowMs, pausedMs }),
    ended: (node) => store.trigger.ended({ node }),
    members: () => membersOf(known.get()),
    select: <T>(
      selector: (members: readonly Member[]) => T,
      isEqual: (a: T, b: T) => boolean = shallowEqual,
    ): MembersSelection<T> => {
      const selected = store.select((view) => selector(membersOf(view.known)), isEqual);
      return {
        get: () => selected.get(),
        subscribe: (listener) => {
          const { unsubscribe } = selected.subscribe(listener);
          return () => unsubscribe();
        },
      };
    },
    phaseOf: (node) => phaseIn(known.get().get(node.name), node),
    onChange: (listener) => {
      let before = known.get();
      known.subscribe((after) => {
        const previous = before;
        before = after;
        for (const { member } of after.values()) {
          const old = previous.get(member.name)?.member;
          if (old === member) continue;
          const same = old?.incarnation === member.incarnation;
          if (old !== undefined && !same && old.phase !== "down")
            listener({ ...old, phase: "down" }, old.phase);
          if (!same) listener(member, undefined);
          else if (old.phase !== member.phase) listener(member, old.phase);
        }
      });
    },
  };
}

function afterBeat(view: View, { name, beat, atMs }: HeardBeat): View {
  const old = view.known.get(name);
  if (old !== undefined && isOver(old.member, beat.incarnation)) return view;
  const phase = phaseFrom(beat);
  const { incarnation, lagMs } = beat;
  if (old?.member.incarnation !== incarnation) {
    const member: Member = { name, incarnation, ...traitsOf(beat), phase, lagMs };
    return withKnown(view, { member, rhythm: firstBeat(atMs) });
  }
  const isSame = old.member.phase === phase && old.member.lagMs === lagMs;
  const member = isSame ? old.member : { ...old.member, phase, lagMs };
  return withKnown(view, { member, rhythm: nextBeat(old.rhythm, atMs) });
}

function afterLease(view: View, holder: LeaseHolder, atMs: number): View {
  const { name, incarnation } = holder;
  const old = view.known.get(name);
  if (old !== undefined && !(incarnation > old.member.incarnation)) return view;
  const member: Member = { name, incarnation, ...traitsOf(holder), phase: "up", lagMs: 0 };
  return withKnown(view, { member, rhythm: firstBeat(atMs) });
}

function afterCheck(view: View, nowMs: number, pausedMs: number): View {
  let after = view;
  for (const known of view.known.values()) {
    const { member } = known;
    if (member.name === view.self || member.phase === "down") continue;
    const rhythm = pausedMs > 0 ? excused(known.rhythm, pausedMs, nowMs) : known.rhythm;
    const isSuspect = isSilent(rhythm, nowMs) && member.phase !== "suspected";
    if (rhythm === known.rhythm && !isSuspect) continue;
    after = withKnown(after, {
      rhythm,
      member: isSuspect ? { ...member, phase: "suspected" } : member,
    });
  }
  return after;
}

function afterEnd(view: View, { name, incarnation }: NodeIdentity): View {
  const old = view.known.get(name);
  if (old === undefined || old.member.incarnation !== incarnation || old.member.phase === "down")
    return view;
  return withKnown(view, { ...old, member: { ...old.member, phase: "down" } });
}

function withKnown(view: View, known: Known): View {
  return { ...view, known: new Map(view.known).set(known.member.name, known) };
}

/** Whether what is known makes that incarnation a thing of the past. */
function isOver(known: Member, incarnation: string): boolean {
  if (incarnation === known.incarnation) return known.phase === "down";
  return incarnation < known.incarnation;
}

function phaseIn(known: Known | undefined, node: NodeIdentity): MemberPhase | undefined {
  if (known === undefined || node.incarnation > known.member.incarnation) return undefined;
  return node.incarnation === known.member.incarnation ? known.member.phase : "down";
}

function phaseFrom(beat: Heartbeat): MemberPhase {
  switch (beat.state) {
    case "draining":
    case "leaving":
      return "draining";
    case "up":
      return beat.lagMs > DEGRADED_LAG_MS ? "degraded" : "up";
  }
}

function membersOf(known: View["known"]): readonly Member[] {
  return Array.from(known.values(), ({ member }) => member);
}

function traitsOf({ roles, capacity, metadata, reads }: MemberTraits): MemberTraits {
  return { roles, capacity, metadata, ...(reads === undefined ? {} : { reads }) };
}
