/**
 * The transport's in-memory twin: links between systems of one process, as bad as one likes.
 *
 * Owns: carrying, delaying, losing. Bodies are copied as a wire would copy them, so that no two
 * nodes share an object and what cannot travel fails here too.
 *
 * X1–X3 of `transport.ts`. I1: a lost envelope is noticed when the next one of that link arrives,
 *     and not before.
 * I2: while a link is cut its envelopes wait in a bounded outbox; past it `send` refuses.
 * I3: what is on its way to a node that leaves comes back undelivered, also when one of the same
 *     name has joined since.
 * I4: a node that takes in too slowly is cut off by its server: all that is on its way to it is lost,
 *     and noticed link by link as after any loss (I1).
 */

import type { Envelope } from "../remote/envelope.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type DelayRange, drawnMs, happens } from "./faults.ts";
import { type Random, seededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { systemScheduler } from "./scheduler.ts";
import type { Transport, TransportSink, UndeliveredReason } from "./transport.ts";

/** What can go wrong on the links; all off at first, changed by tests while they run. */
export interface MemoryHubFaults {
  /** The share of envelopes that get lost, 0..1. */
  loss: number;
  /**
   * How long an envelope is on its way. Envelopes of different links overtake one another; those of
   * one link keep their order (X1).
   */
  delayMs: DelayRange;
  /**
   * The share of envelopes that arrive twice, 0..1. Breaks X1, which no transport of Troupe does:
   * it shows what a receiver would do with one that did.
   */
  duplication: number;
  /** How many envelopes may be on their way to one node; with one more they are all lost (I4). */
  slowAfter: number;
  /** The size of the largest body that the links carry, in bytes; refs refuse larger ones. */
  mostBodyBytes: number;
}

/** What links are made with. */
export interface MemoryHubOptions {
  /** Gives arrivals their turns, as microtasks; default the process's own queues. */
  readonly scheduler?: Scheduler;
  /** Measures delays; default the process's clock. */
  readonly clock?: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryHubFaults>;
  /** How many envelopes a cut link holds; default 1,024. */
  readonly outbox?: number;
  /**
   * Gives an arrival its turn, instead of `scheduler`. What came from one node to another must keep
   * its order.
   */
  readonly deliver?: (from: string, to: string, arrive: () => void) => void;
}

const OUTBOX = 1_024;

interface Link {
  readonly from: string;
  readonly to: string;
  isCut: boolean;
  /** Something was lost since the last envelope that was not. */
  hasGap: boolean;
  /** Arrivals that the clock delays, in order. */
  readonly underWay: (() => void)[];
  /** When the last of them is due, on the monotonic clock. */
  lastMs: number;
  readonly outbox: Envelope[];
}

/** Links the transports of several systems. */
export class MemoryHub {
  readonly faults: MemoryHubFaults;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #outbox: number;
  readonly #deliver: (from: string, to: string, arrive: () => void) => void;
  readonly #nodes = new Map<string, MemoryTransport>();
  readonly #links = new Map<string, Link>();

  constructor(options: MemoryHubOptions = {}) {
    const { scheduler = systemScheduler } = options;
    this.faults = {
      loss: 0,
      delayMs: [0, 0],
      duplication: 0,
      slowAfter: Number.POSITIVE_INFINITY,
      mostBodyBytes: Number.POSITIVE_INFINITY,
      ...options.faults,
    };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? seededRandom(0);
    this.#outbox = options.outbox ?? OUTBOX;
    this.#deliver = options.deliver ?? ((_from, _to, arrive) => scheduler.microtask(arrive));
  }

  /** The transport of a node. A node that joins again takes the place of the old one. */
  join(node: string): Transport {
    const transport = new MemoryTransport(this, node);
    this.#nodes.set(node, transport);
    return transport;
  }

  /** The node is gone: what is sent to it comes back undelivered, and it hears nothing more. */
  leave(node: string): void {
    this.#nodes.delete(node);
    for (const link of this.#links.values()) {
      if (link.to === node) {
        for (const envelope of link.outbox.splice(0)) {
          this.#giveBack(link, envelope, "disconnected");
        }
      }
      if (link.from === node) link.outbox.length = 0;
    }
  }

  /** Cuts both ways between two nodes. */
  disconnect(a: string, b: string): void {
    this.#link(a, b).isCut = true;
    this.#link(b, a).isCut = true;
  }

  /** Heals both ways; what waited is carried, in order. */
  connect(a: string, b: string): void {
    for (const link of [this.#link(a, b), this.#link(b, a)]) {
      link.isCut = false;
      for (const envelope of link.outbox.splice(0)) this.#carry(link, envelope);
    }
  }

  /** As if one envelope from `a` to `b` was lost now. */
  loseOne(a: string, b: string): void {
    this.#link(a, b).hasGap = true;
  }

  /** Carries one envelope; `false` = nobody of that name, or the outbox of a cut link is full. */
  send(from: string, to: string, envelope: Envelope): boolean {
    if (!this.#nodes.has(to)) return false;
    const link = this.#link(from, to);
    const copy = copied(envelope);
    if (copy === undefined) {
      this.#giveBack(link, envelope, "undecodable");
      return true;
    }
    if (link.isCut) {
      if (link.outbox.length >= this.#outbox) return false;
      link.outbox.push(copy);
      return true;
    }
    this.#carry(link, copy);
    return true;
  }

  /** Carries a copy to every node that hears the topic; `false` = it cannot travel. */
  publish(from: string, topic: string, envelope: Envelope): boolean {
    if (copied(envelope) === undefined) return false;
    for (const [node, transport] of this.#nodes) {
      if (!transport.hears(topic)) continue;
      const link = this.#link(from, node);
      const copy = copied(envelope);
      if (copy === undefined || link.isCut) continue;
      if (node === from) this.#deliver(from, node, () => transport.arrive(from, copy));
      else this.#carry(link, copy);
    }
    return true;
  }

  #carry(link: Link, envelope: Envelope): void {
    const { loss, duplication } = this.faults;
    if (happens(this.#random, loss)) {
      link.hasGap = true;
      return;
    }
    this.#arriveLater(link, envelope);
    if (happens(this.#random, duplication)) {
      this.#arriveLater(link, copied(envelope) ?? envelope);
    }
  }

  #arriveLater(link: Link, envelope: Envelope): void {
    const addressee = this.#nodes.get(link.to);
    const due = addressee?.due;
    if (due !== undefined && !this.#takesIn(due, link)) return;
    const { hasGap } = link;
    link.hasGap = false;
    const cuts = due?.cuts;
    this.#after(link, () => {
      if (cuts !== due?.cuts) return; // lost with the connection (I4)
      due?.arrived(link);
      const receiver = this.#nodes.get(link.to);
      if (receiver === undefined || receiver !== addressee) {
        this.#nodes.get(link.from)?.sink?.undelivered(link.to, envelope, "disconnected");
        return;
      }
      if (hasGap) receiver.sink?.lost(link.from);
      receiver.arrive(link.from, envelope);
    });
  }

  /** One more is on its way; `false` = it was one too many (I4). */
  #takesIn(due: Due, link: Link): boolean {
    due.add(link);
    if (due.size <= this.faults.slowAfter) return true;
    for (const each of due.cut()) each.hasGap = true;
    return false;
  }

  #giveBack(link: Link, envelope: Envelope, reason: UndeliveredReason): void {
    const { from, to } = link;
    this.#deliver(to, from, () => this.#nodes.get(from)?.sink?.undelivered(to, envelope, reason));
  }

  /** After the link's delay, and after all that is on its way before (X1). */
  #after(link: Link, arrive: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    const delayMs = drawnMs(this.#random, this.faults.delayMs);
    if (delayMs <= 0 && link.underWay.length === 0) {
      this.#deliver(link.from, link.to, arrive);
      return;
    }
    link.lastMs = Math.max(nowMs + delayMs, link.lastMs);
    link.underWay.push(arrive);
    // Whichever timer fires first, what was sent first arrives first.
    this.#clock.after(link.lastMs - nowMs, () => {
      const first = link.underWay.shift();
      if (first !== undefined) this.#deliver(link.from, link.to, first);
    });
  }

  #link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { from, to, isCut: false, hasGap: false, underWay: [], lastMs: 0, outbox: [] };
      this.#links.set(key, link);
    }
    return link;
  }
}

/** How many envelopes are on their way to a node, link by link. */
class Due {
  /** How often the node was cut off for being slow. */
  cuts = 0;
  size = 0;
  readonly #links = new Map<Link, number>();

  add(link: Link): void {
    this.size++;
    this.#links.set(link, (this.#links.get(link) ?? 0) + 1);
  }

  arrived(link: Link): void {
    this.size--;
    this.#links.set(link, (this.#links.get(link) ?? 0) - 1);
  }

  /** None of them arrives; returns the links that lost some. */
  cut(): readonly Link[] {
    const losers = [...this.#links].filter(([, count]) => count > 0).map(([link]) => link);
    this.#links.clear();
    this.size = 0;
    this.cuts++;
    return losers;
  }
}

class MemoryTransport implements Transport {
  readonly node: string;
  readonly #hub: MemoryHub;
  readonly #topics = new Map<string, number>();
  readonly #early: (readonly [string, Envelope])[] = [];
  sink: TransportSink | undefined;
  readonly due: Due = new Due();

  constructor(hub: MemoryHub, node: string) {
    this.#hub = hub;
    this.node = node;
  }

  get mostBodyBytes(): number {
    return this.#hub.faults.mostBodyBytes;
  }

  attach(sink: TransportSink): void {
    this.sink = sink;
    for (const [from, envelope] of this.#early.splice(0)) sink.received(from, envelope);
  }

  send(to: string, envelope: Envelope): boolean {
    return this.#hub.send(this.node, to, envelope);
  }

  publish(topic: string, envelope: Envelope): boolean {
    return this.#hub.publish(this.node, topic, envelope);
  }

  subscribe(topic: string): void {
    this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1);
  }

  unsubscribe(topic: string): void {
    const count = (this.#topics.get(topic) ?? 0) - 1;
    if (count > 0) this.#topics.set(topic, count);
    else this.#topics.delete(topic);
  }

  hears(topic: string): boolean {
    return this.#topics.has(topic);
  }

  arrive(from: string, envelope: Envelope): void {
    if (this.sink === undefined) this.#early.push([from, envelope]);
    else this.sink.received(from, envelope);
  }
}

function copied(envelope: Envelope): Envelope | undefined {
  try {
    return structuredClone(envelope);
  } catch {
    return undefined;
  }
}
