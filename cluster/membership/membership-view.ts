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
 * V5: of those that are down the last 1,024 are remembered: names may come and go for ever.
 *
 * Cost: a beat that says what the one before said changes one entry of a map. The store, whose listeners are
 * compared with each change, sees changes of members alone.
 */
import { createStore, shallowEqual } from "@xstate/store";
import type {
  Member,
  MemberPhase,
  MemberTraits,
  NodeIdentity,
} from "../../runtime/ports/membership.ts";
import type { Rhythm } from "./failure-detector.ts";
import { excused, firstBeat, isLate, isSilent, nextBeat } from "./failure-detector.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { LeaseHolder } from "./lease.ts";
import type { MembersSelection, SelectableMembership } from "./members-selection.ts";

/** A main loop that is later than this is degraded, in milliseconds. */
export const DEGRADED_LAG_MS = 1_000;

const MOST_DOWN = 1_024;

/** The members by name; each is the same object as long as nothing of it changes. */
interface View {
  readonly known: ReadonlyMap<string, Member>;
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
  /** Of the time that passed this node slept `pausedMs`. */
  paused(nowMs: number, pausedMs: number): void;
  /** Time passed: who was silent for too long is suspected. */
  checked(nowMs: number): void;
  /** Whether anybody is late who is not suspected yet. */
  isAnyLate(nowMs: number): boolean;
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
  const own: Member = { ...self, ...traits, phase: "up", lagMs: 0 };
  const initial: View = { known: new Map([[self.name, own]]) };
  const rhythms = new Map<string, Rhythm>([[self.name, firstBeat(nowMs)]]);
  const store = createStore({
    context: initial,
    on: {
      changed: (view: View, { member }: { readonly member: Member }) => withMember(view, member),
      silent: (view: View, { members }: { readonly members: readonly Member[] }) =>
        members.reduce(
          (after, member) => withMember(after, { ...member, phase: "suspected" }),
          view,
        ),
      ended: (view: View, { member }: { readonly member: Member }) =>
        withEnded(view, { ...member, phase: "down" }),
    },
  });
  const known = store.select((view) => view.known);
  /** Whose rhythm is so, of those whose silence would be news (V4). */
  const those = (is: (rhythm: Rhythm, nowMs: number) => boolean, nowMs: number): Member[] =>
    [...known.get().values()].filter(({ name, phase }) => {
      if (name === self.name || phase === "down" || phase === "suspected") return false;
      const rhythm = rhythms.get(name);
      return rhythm !== undefined && is(rhythm, nowMs);
    });
  return {
    heard: ({ name, beat, atMs }) => {
      const old = known.get().get(name);
      if (old !== undefined && isOver(old, beat.incarnation)) return;
      const rhythm = old?.incarnation === beat.incarnation ? rhythms.get(name) : undefined;
      rhythms.set(name, rhythm === undefined ? firstBeat(atMs) : nextBeat(rhythm, atMs));
      const member = afterBeat(old, name, beat);
      if (member !== old) store.trigger.changed({ member });
    },
    leased: (holder, atMs) => {
      const { name, incarnation } = holder;
      const old = known.get().get(name);
      if (old !== undefined && !(incarnation > old.incarnation)) return;
      rhythms.set(name, firstBeat(atMs));
      const member: Member = { name, incarnation, ...traitsOf(holder), phase: "up", lagMs: 0 };
      store.trigger.changed({ member });
    },
    paused: (nowMs, pausedMs) => {
      if (pausedMs <= 0) return;
      for (const [name, rhythm] of rhythms) rhythms.set(name, excused(rhythm, pausedMs, nowMs));
    },
    checked: (nowMs) => {
      const members = those(isSilent, nowMs);
      if (members.length > 0) store.trigger.silent({ members });
    },
    isAnyLate: (nowMs) => those(isLate, nowMs).length > 0,
    ended: ({ name, incarnation }) => {
      const member = known.get().get(name);
      if (member?.incarnation !== incarnation || member.phase === "down") return;
      rhythms.delete(name);
      store.trigger.ended({ member });
    },
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
        for (const member of after.values()) {
          const old = previous.get(member.name);
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

/** A member after its beat: the same object when that says nothing new. */
function afterBeat(old: Member | undefined, name: string, beat: Heartbeat): Member {
  const phase = phaseFrom(beat);
  const { incarnation, lagMs } = beat;
  if (old?.incarnation !== incarnation) {
    return { name, incarnation, ...traitsOf(beat), phase, lagMs };
  }
  return old.phase === phase && old.lagMs === lagMs ? old : { ...old, phase, lagMs };
}

function withMember(view: View, member: Member): View {
  return { known: new Map(view.known).set(member.name, member) };
}

/** V5. */
function withEnded(view: View, member: Member): View {
  const known = new Map(view.known);
  // Behind all others: who went first is forgotten first.
  known.delete(member.name);
  known.set(member.name, member);
  const down = [...known.values()].filter(({ phase }) => phase === "down");
  for (const { name } of down.slice(0, -MOST_DOWN)) known.delete(name);
  return { known };
}

/** Whether what is known makes that incarnation a thing of the past. */
function isOver(known: Member, incarnation: string): boolean {
  if (incarnation === known.incarnation) return known.phase === "down";
  return incarnation < known.incarnation;
}

function phaseIn(known: Member | undefined, node: NodeIdentity): MemberPhase | undefined {
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

function membersOf(known: View["known"]): readonly Member[] {
  return [...known.values()];
}

function traitsOf({ roles, capacity, metadata, reads }: MemberTraits): MemberTraits {
  return { roles, capacity, metadata, ...(reads === undefined ? {} : { reads }) };
}
