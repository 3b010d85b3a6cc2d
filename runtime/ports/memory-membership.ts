/**
 * The membership's in-memory twin: one list, of which every member has a view of its own.
 *
 * M1 and M2 of `membership.ts`. Phases change when the owner of the list says so.
 *
 * I1: a view learns all changes, in their order, late by what the faults say.
 * I2: a node that joins again takes the place of its older incarnations: they are down.
 */
import { type Cancel, type Clock, systemClock } from "./clock.ts";
import { type DelayRange, drawnMs } from "./faults.ts";
import type {
  Member,
  MemberPhase,
  Membership,
  MembershipEvent,
  MemberTraits,
  NodeIdentity,
} from "./membership.ts";
import { type Random, seededRandom } from "./random.ts";

/** What can go wrong with the list of members; off at first, changed by tests while it is used. */
export interface MemoryMembersFaults {
  /** How late each view learns of a change, drawn for each anew. */
  delayMs: DelayRange;
}

/** What the list is made with. */
export interface MemoryMembersOptions {
  /** Measures delays; default the process's clock. */
  readonly clock?: Clock;
  /** Draws them; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryMembersFaults>;
}

/** The members of a cluster within one process. */
export class MemoryMembers {
  readonly faults: MemoryMembersFaults;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #members = new Map<string, Member>();
  readonly #views: View[] = [];

  constructor(options: MemoryMembersOptions = {}) {
    this.faults = { delayMs: [0, 0], ...options.faults };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? seededRandom(0);
  }

  /** Adds a node, `up`, and returns its view; without traits it has no role and a capacity of 1. */
  join(self: NodeIdentity, traits: Partial<MemberTraits> = {}): Membership {
    const { name, incarnation } = self;
    for (const member of this.#members.values()) {
      const isOlder = member.name === name && member.incarnation !== incarnation;
      if (isOlder && member.phase !== "down") this.#change({ ...member, phase: "down" });
    }
    const { roles = [], capacity = 1, metadata = {} } = traits;
    const phase = "up";
    const member: Member = { name, incarnation, roles, capacity, metadata, phase, lagMs: 0 };
    this.#change(member);
    const view = new View(self, this.#members.values(), this);
    this.#views.push(view);
    return view;
  }

  /**
   * Moves a node to another phase.
   *
   * @throws {RangeError} when there is no such node, or it is down for good
   */
  move(node: NodeIdentity, phase: MemberPhase): void {
    const member = this.#members.get(keyOf(node));
    if (member === undefined) throw new RangeError(`no member ${keyOf(node)}`);
    if (member.phase === "down") throw new RangeError(`${keyOf(node)} is down and stays so`);
    this.#change({ ...member, phase });
  }

  /** The phase of a node, as the owner of the list has it; views may be behind. */
  phaseOf(node: NodeIdentity): MemberPhase | undefined {
    return this.#members.get(keyOf(node))?.phase;
  }

  #change(member: Member): void {
    this.#members.set(keyOf(member), member);
    for (const view of this.#views) {
      const delayMs = drawnMs(this.#random, this.faults.delayMs);
      const learn = view.learnLater(member);
      if (delayMs <= 0 && !view.isBehind) learn();
      else {
        view.behind++;
        this.#clock.after(delayMs, () => {
          view.behind--;
          learn();
        });
      }
    }
  }
}

class View implements Membership {
  readonly self: NodeIdentity;
  /** Changes that it has not learnt yet. */
  behind = 0;
  readonly #members = new Map<string, Member>();
  readonly #news: Member[] = [];
  readonly #list: MemoryMembers;
  readonly #listeners = new Set<(event: MembershipEvent) => void>();

  constructor(self: NodeIdentity, members: Iterable<Member>, list: MemoryMembers) {
    this.self = self;
    this.#list = list;
    for (const member of members) this.#members.set(keyOf(member), member);
  }

  get isBehind(): boolean {
    return this.behind > 0;
  }

  members(): readonly Member[] {
    const newest = new Map<string, Member>();
    for (const member of this.#members.values()) newest.set(member.name, member);
    return [...newest.values()];
  }

  phaseOf(node: NodeIdentity): MemberPhase | undefined {
    return this.#members.get(keyOf(node))?.phase;
  }

  subscribe(listener: (event: MembershipEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  standing(): boolean {
    return this.#list.phaseOf(this.self) !== "down";
  }

  async verify(node: NodeIdentity): Promise<MemberPhase> {
    return this.#list.phaseOf(node) ?? "down";
  }

  /** Queues a change; each call of what is returned learns the oldest one that is queued (I1). */
  learnLater(change: Member): () => void {
    this.#news.push(change);
    return () => {
      const member = this.#news.shift();
      if (member === undefined) return;
      const previous = this.#members.get(keyOf(member))?.phase;
      this.#members.set(keyOf(member), member);
      for (const listener of [...this.#listeners]) listener({ member, previous });
    };
  }
}

function keyOf(node: NodeIdentity): string {
  return `${node.name}@${node.incarnation}`;
}
