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
import { createStore } from "@xstate/store";
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

/** A main loop that is later than this is degraded, in milliseconds. */
export const DEGRADED_LAG_MS = 1_000;

interface Known extends Member {
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
  /** Calls `listener` with each member whose phase changed and its previous one. */
  onChange(listener: (member: Member, previous: MemberPhase | undefined) => void): void;
}

/** A view that knows only this node. */
export function membershipView(
  self: NodeIdentity,
  traits: MemberTraits,
  nowMs: number,
): MembershipView {
  const own: Known = { ...self, ...traits, phase: "up", lagMs: 0, rhythm: firstBeat(nowMs) };
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
    members: () => [...known.get().values()].map(memberOf),
    phaseOf: (node) => phaseIn(known.get().get(node.name), node),
    onChange: (listener) => {
      let before = known.get();
      known.subscribe((after) => {
        const previous = before;
        before = after;
        for (const member of after.values()) {
          const old = previous.get(member.name);
          if (old === member) continue;
          const same = old?.incarnation === member.incarnation;
          if (old !== undefined && !same && old.phase !== "down")
            listener({ ...memberOf(old), phase: "down" }, old.phase);
          if (!same) listener(memberOf(member), undefined);
          else if (old.phase !== member.phase) listener(memberOf(member), old.phase);
        }
      });
    },
  };
}

function afterBeat(view: View, { name, beat, atMs }: HeardBeat): View {
  const old = view.known.get(name);
  if (old !== undefined && isOver(old, beat.incarnation)) return view;
  const isNew = old?.incarnation !== beat.incarnation;
  return withKnown(view, {
    name,
    incarnation: beat.incarnation,
    roles: beat.roles,
    capacity: beat.capacity,
    metadata: beat.metadata,
    phase: phaseFrom(beat),
    lagMs: beat.lagMs,
    rhythm: isNew ? firstBeat(atMs) : nextBeat(old.rhythm, atMs),
  });
}

function afterLease(view: View, holder: LeaseHolder, atMs: number): View {
  const { name, incarnation } = holder;
  const old = view.known.get(name);
  if (old !== undefined && (isOver(old, incarnation) || old.incarnation === incarnation))
    return view;
  return withKnown(view, { ...holder, phase: "up", lagMs: 0, rhythm: firstBeat(atMs) });
}

function afterCheck(view: View, nowMs: number, pausedMs: number): View {
  let after = view;
  for (const member of view.known.values()) {
    if (member.name === view.self || member.phase === "down") continue;
    const rhythm = pausedMs > 0 ? excused(member.rhythm, pausedMs, nowMs) : member.rhythm;
    const silent = isSilent(rhythm, nowMs);
    if (rhythm === member.rhythm && (!silent || member.phase === "suspected")) continue;
    after = withKnown(after, { ...member, rhythm, phase: silent ? "suspected" : member.phase });
  }
  return after;
}

function afterEnd(view: View, { name, incarnation }: NodeIdentity): View {
  const old = view.known.get(name);
  if (old === undefined || old.incarnation !== incarnation || old.phase === "down") return view;
  return withKnown(view, { ...old, phase: "down" });
}

function withKnown(view: View, known: Known): View {
  return { ...view, known: new Map(view.known).set(known.name, known) };
}

/** Whether what is known makes that incarnation a thing of the past. */
function isOver(known: Known, incarnation: string): boolean {
  if (incarnation === known.incarnation) return known.phase === "down";
  return incarnation < known.incarnation;
}

function phaseIn(known: Known | undefined, node: NodeIdentity): MemberPhase | undefined {
  if (known === undefined || node.incarnation > known.incarnation) return undefined;
  return node.incarnation === known.incarnation ? known.phase : "down";
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

function memberOf(known: Known): Member {
  const { name, incarnation, roles, capacity, metadata, phase, lagMs } = known;
  return { name, incarnation, roles, capacity, metadata, phase, lagMs };
}
