/**
 * Membership over NATS: it listens to heartbeats and reads the leases of those it doubts.
 *
 * Owns: the observations and who is told of what they change. Its neighbour `membership-view.ts` owns
 * the view, `lease.ts` this node's own lease.
 *
 * M1: silence only raises suspicion. A member is down when a read from the leader, begun after it was
 *     doubted, finds its lease gone or in other hands.
 * M2: while this node's own connection is down nobody is suspected and nobody is declared dead: the
 *     silence is its own. A connection counts as up while the server says something or answers pings, not
 *     only until the client has noticed its loss. It is asked as soon as somebody is late.
 * M3: a goodbye is a reason to read the lease at once, not a verdict.
 *
 * Cost: one comparison per heartbeat, and nothing else while all is well; a view update where one says
 * something new, a ping where one is late; leases are read only for members in doubt, twice a second
 * each, and more often around the moment at which they lapse.
 */
import type { NatsConnection, Subscription } from "nats";
import type { EventSink } from "../../runtime/event.ts";
import type { Log } from "../../runtime/log.ts";
import { PacedLog } from "../../runtime/paced-log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import type {
  Member,
  MemberPhase,
  MembershipEvent,
  MemberTraits,
  NodeIdentity,
} from "../../runtime/ports/membership.ts";
import type { Random } from "../../runtime/ports/random.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { forgeryIn } from "../security/forgery.ts";
import { heartbeatsOf, senderOf } from "../wire/node-subject.ts";
import { checkAfter, pauseBetween } from "./failure-detector.ts";
import { HeartbeatReader } from "./heartbeat.ts";
import { holderOf, leaseKey, lookAfter } from "./lease.ts";
import type { MembersSelection, SelectableMembership } from "./members-selection.ts";
import type { MembershipView } from "./membership-view.ts";
import { membershipView } from "./membership-view.ts";

// With a second before the first missed beat, it ends before anyone can have been silent for too long.
const DEAF_MS = 1_000;
/** When somebody is late, a server that was heard since is not asked. */
const PING_AFTER_MS = 400;

/** What a {@link NatsMembership} is made of. */
export interface NatsMembershipOptions {
  /** The control connection. */
  readonly connection: NatsConnection;
  /** The bucket of leases. */
  readonly leases: KeyValue;
  /** How long a lease lives without renewal. */
  readonly leaseTtlMs: number;
  readonly cluster: string;
  readonly self: NodeIdentity;
  readonly traits: MemberTraits;
  readonly clock: Clock;
  /** Spreads the checks. */
  readonly random: Random;
  readonly log: Log;
  readonly events: EventSink;
  /** Whether this node may still act; once it may not, its view stands still. */
  readonly standing?: () => boolean;
}

interface Look {
  cancel: Cancel;
}

/** Membership over NATS; see the file's header. */
export class NatsMembership implements SelectableMembership {
  readonly self: NodeIdentity;
  /** What was dropped: what the server was made to deliver, and what is no heartbeat. */
  readonly counts: { forged: number; undecodable: number } = { forged: 0, undecodable: 0 };
  readonly #options: NatsMembershipOptions;
  readonly #log: PacedLog;
  readonly #view: MembershipView;
  readonly #listeners = new Set<(event: MembershipEvent) => void>();
  readonly #subscription: Subscription;
  readonly #reader = new HeartbeatReader();
  /** By name: the look at a doubted member's lease that is under way, or comes next. */
  readonly #looks = new Map<string, Look>();
  #lastCheckMs: number;
  #connected: boolean = true;
  /** When the server was last heard, or the last ping was sent that it has answered. */
  #answeredMs: number;
  #pinging: boolean = false;
  #closed: boolean = false;
  #cancelCheck: Cancel;

  constructor(options: NatsMembershipOptions) {
    const { connection, cluster, clock, self, traits } = options;
    this.#options = options;
    this.#log = new PacedLog(options.log, options.clock);
    this.self = self;
    this.#lastCheckMs = clock.monotonicMs();
    this.#answeredMs = this.#lastCheckMs;
    this.#view = membershipView(self, traits, this.#lastCheckMs);
    this.#view.onChange((member, previous) => this.#changed(member, previous));
    this.#subscription = connection.subscribe(heartbeatsOf(cluster), {
      callback: (error, message) => {
        if (error !== null) return;
        const forgery = forgeryIn(message, heartbeatsOf(cluster));
        if (forgery === undefined) {
          this.#heard(senderOf(message.subject), message.data);
          return;
        }
        this.counts.forged++;
        this.#log.warn({ subject: message.subject, forgery }, "dropped what no node has sent");
      },
    });
    this.#cancelCheck = this.#checkLater();
  }

  members(): readonly Member[] {
    return this.#view.members();
  }

  phaseOf(node: NodeIdentity): MemberPhase | undefined {
    return this.#view.phaseOf(node);
  }

  subscribe(listener: (event: MembershipEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  select<T>(
    selector: (members: readonly Member[]) => T,
    isEqual?: (a: T, b: T) => boolean,
  ): MembersSelection<T> {
    const { get, subscribe } = this.#view.select(selector, isEqual);
    return { get, subscribe: (listener) => subscribe((value) => this.#tell(listener, value)) };
  }

  standing(): boolean {
    return this.#isStanding();
  }

  /** Reads the lease of a node that was perhaps never heard of; see {@link Membership.verify}. */
  async verify({ name, incarnation }: NodeIdentity): Promise<MemberPhase> {
    const entry = await this.#options.leases.get(leaseKey(name));
    const holder = entry === undefined ? undefined : holderOf(entry);
    if (holder !== undefined) this.#view.leased(holder, this.#options.clock.monotonicMs());
    if (holder?.incarnation === incarnation) return this.#view.phaseOf(holder) ?? "up";
    this.#view.ended({ name, incarnation });
    return "down";
  }

  /**
   * Reads all leases, so that the view is whole before the first heartbeats have come.
   *
   * @throws {TroupeError} `store.unavailable`
   */
  async load(): Promise<void> {
    const { leases, clock } = this.#options;
    const entries = await leases.entries("node.*");
    for (const entry of entries) {
      const holder = holderOf(entry);
      if (holder !== undefined) this.#view.leased(holder, clock.monotonicMs());
    }
  }

  /** The control connection was lost (M2). */
  disconnected(): void {
    this.#connected = false;
  }

  /** The control connection is back: the time without it counts as nobody's silence. */
  reconnected(): void {
    if (this.#connected) return;
    this.#connected = true;
    const nowMs = this.#options.clock.monotonicMs();
    this.#view.paused(nowMs, nowMs - this.#lastCheckMs);
    this.#lastCheckMs = nowMs;
  }

  /** Listens no more. The connection is its owner's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelCheck();
    for (const { cancel } of this.#looks.values()) cancel();
    if (!this.#options.connection.isClosed()) this.#subscription.unsubscribe();
    this.#listeners.clear();
  }

  #heard(name: string, bytes: Uint8Array): void {
    if (this.#closed || !this.#isStanding()) return;
    const beat = this.#reader.read(name, bytes);
    if (!beat.ok) {
      this.counts.undecodable++;
      this.#log.warn({ from: name, fault: beat.error }, "dropped a heartbeat");
      return;
    }
    const atMs = this.#options.clock.monotonicMs();
    // What the server sends is as good as an answer: all that it sent before has come.
    this.#answeredMs = atMs;
    this.#view.heard({ name, beat: beat.value, atMs });
    if (beat.value.state === "leaving") {
      this.#look({ name, incarnation: beat.value.incarnation });
    }
  }

  readonly #check = (): void => {
    if (this.#closed) return;
    this.#cancelCheck = this.#checkLater();
    // `lastCheckMs` stands still meanwhile, so that the return excuses the whole absence.
    if (!this.#connected || !this.#isStanding()) return;
    const nowMs = this.#options.clock.monotonicMs();
    const unheardMs = nowMs - this.#answeredMs;
    if (this.#pinging && unheardMs > DEAF_MS) {
      this.#lastCheckMs = Math.min(this.#lastCheckMs, this.#answeredMs);
      return;
    }
    this.#view.paused(nowMs, pauseBetween(this.#lastCheckMs, nowMs));
    if (unheardMs >= PING_AFTER_MS && this.#view.isAnyLate(nowMs)) this.#ping(nowMs);
    if (unheardMs <= DEAF_MS) this.#view.checked(nowMs);
    this.#lastCheckMs = nowMs;
    for (const member of this.#view.members()) {
      if (isDoubted(member.phase) && !this.#looks.has(member.name)) this.#look(member);
    }
  };

  #checkLater(): Cancel {
    const { clock, random } = this.#options;
    return clock.after(checkAfter(random.next()), this.#check);
  }

  /** Asks the server for a sign of life, one at a time; beats that it sent before come before it. */
  #ping(nowMs: number): void {
    if (this.#pinging) return;
    this.#pinging = true;
    this.#options.connection
      .flush()
      .then(() => {
        this.#answeredMs = nowMs;
      })
      .catch(() => {}) // the connection's loss is told by its status
      .finally(() => {
        this.#pinging = false;
      });
  }

  /** Reads the lease of a member in doubt, now and again until there is no doubt any more. */
  #look({ name, incarnation }: NodeIdentity): void {
    if (name === this.self.name) return;
    const { leases, leaseTtlMs, clock, log } = this.#options;
    this.#looks.get(name)?.cancel();
    const look: Look = { cancel: () => {} };
    this.#looks.set(name, look);
    leases
      .get(leaseKey(name))
      .then((entry) => {
        if (this.#closed || !this.#isStanding()) return undefined;
        const holder = entry === undefined ? undefined : holderOf(entry);
        if (holder?.incarnation !== incarnation) this.#view.ended({ name, incarnation });
        if (holder !== undefined) this.#view.leased(holder, clock.monotonicMs());
        return entry?.atMs === undefined ? undefined : entry.atMs + leaseTtlMs - clock.nowMs();
      })
      .catch((error: unknown) => {
        log.warn({ member: name, error: messageOf(error) }, "a lease was not readable");
        return undefined;
      })
      .then((leftMs) => {
        if (this.#looks.get(name) !== look) return;
        const phase = this.#view.phaseOf({ name, incarnation });
        if (this.#closed || !isDoubted(phase)) this.#looks.delete(name);
        else look.cancel = clock.after(lookAfter(leftMs), () => this.#look({ name, incarnation }));
      });
  }

  #isStanding(): boolean {
    return this.#options.standing?.() ?? true;
  }

  #changed(member: Member, previous: MemberPhase | undefined): void {
    const { events, log } = this.#options;
    const { name, incarnation, phase } = member;
    if (phase === "down") this.#reader.forget(name);
    log.info({ member: name, incarnation, phase, previous }, "a node changed");
    events.emit({ type: "node.changed", name, incarnation, phase, lagMs: member.lagMs });
    for (const listener of this.#listeners) this.#tell(listener, { member, previous });
  }

  #tell<T>(listener: (news: T) => void, news: T): void {
    try {
      listener(news);
    } catch (error) {
      this.#options.log.error({ error: messageOf(error) }, "a listener of membership threw");
    }
  }
}

/** Whether only the lease can tell what becomes of a member. */
function isDoubted(phase: MemberPhase | undefined): boolean {
  return phase === "suspected" || phase === "degraded";
}
