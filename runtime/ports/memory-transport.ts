/**
 * The transport's in-memory twin: links between systems of one process, as bad as one likes.
 *
 * Owns: carrying, delaying, losing. Bodies are copied as a wire would copy them, so that no two
 * nodes share an object and what cannot travel fails here too.
 *
 * X1–X3 of `transport.ts`. I1: a lost envelope is noticed when the next one of that link arrives.
 * I2: while a link is cut its envelopes wait in a bounded outbox; past it `send` refuses.
 */

import type { Envelope } from "../remote/envelope.ts";
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { systemScheduler } from "./scheduler.ts";
import type { Transport, TransportSink } from "./transport.ts";

/** How bad the links are. */
export interface MemoryHubOptions {
  readonly scheduler?: Scheduler;
  /** With both, envelopes take `delayMs`; order is kept. */
  readonly clock?: Clock;
  readonly delayMs?: number;
  /** With `random`, the share of envelopes that get lost, 0..1. */
  readonly loss?: number;
  readonly random?: Random;
  /** How many envelopes a cut link holds; default 1,024. */
  readonly outbox?: number;
}

const OUTBOX = 1_024;

interface Link {
  readonly from: string;
  readonly to: string;
  isCut: boolean;
  /** Something was lost since the last arrival. */
  hasGap: boolean;
  readonly outbox: Envelope[];
}

/** Links the transports of several systems. */
export class MemoryHub {
  readonly #options: MemoryHubOptions;
  readonly #nodes = new Map<string, MemoryTransport>();
  readonly #links = new Map<string, Link>();
  /** The share of envelopes that get lost from now on, 0..1. */
  loss: number;

  constructor(options: MemoryHubOptions = {}) {
    this.#options = options;
    this.loss = options.loss ?? 0;
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
      if (link.to === node) this.#giveBack(link);
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

  /** Loses the next arrival's predecessor: as if one envelope from `a` to `b` was dropped. */
  loseOne(a: string, b: string): void {
    this.#link(a, b).hasGap = true;
  }

  /** Carries one envelope; `false` = nobody of that name, or the outbox of a cut link is full. */
  send(from: string, to: string, envelope: Envelope): boolean {
    if (!this.#nodes.has(to)) return false;
    const link = this.#link(from, to);
    const copy = copied(envelope);
    if (copy === undefined) {
      this.#soon(() => this.#nodes.get(from)?.sink?.undelivered(to, envelope, "undecodable"));
      return true;
    }
    if (link.isCut) {
      if (link.outbox.length >= (this.#options.outbox ?? OUTBOX)) return false;
      link.outbox.push(copy);
      return true;
    }
    this.#carry(link, copy);
    return true;
  }

  /** Carries a copy to every node that hears the topic; `false` = it cannot travel. */
  publish(from: string, topic: string, envelope: Envelope): boolean {
    const copy = copied(envelope);
    if (copy === undefined) return false;
    for (const [node, transport] of this.#nodes) {
      if (!transport.hears(topic)) continue;
      if (node === from) this.#soon(() => transport.arrive(from, copy));
      else if (!this.#link(from, node).isCut) this.#carry(this.#link(from, node), copy);
    }
    return true;
  }

  #carry(link: Link, envelope: Envelope): void {
    const { random } = this.#options;
    if (random !== undefined && this.loss > 0 && random.next() < this.loss) {
      link.hasGap = true;
      return;
    }
    this.#soon(() => {
      const receiver = this.#nodes.get(link.to);
      if (receiver === undefined) {
        this.#nodes.get(link.from)?.sink?.undelivered(link.to, envelope, "disconnected");
        return;
      }
      if (link.hasGap) {
        link.hasGap = false;
        receiver.sink?.lost(link.from);
      }
      receiver.arrive(link.from, envelope);
    });
  }

  #giveBack(link: Link): void {
    for (const envelope of link.outbox.splice(0)) {
      this.#soon(() =>
        this.#nodes.get(link.from)?.sink?.undelivered(link.to, envelope, "disconnected"),
      );
    }
  }

  #soon(arrive: () => void): void {
    const { clock, delayMs, scheduler = systemScheduler } = this.#options;
    if (clock !== undefined && delayMs !== undefined) clock.after(delayMs, arrive);
    else scheduler.microtask(arrive);
  }

  #link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { from, to, isCut: false, hasGap: false, outbox: [] };
      this.#links.set(key, link);
    }
    return link;
  }
}

class MemoryTransport implements Transport {
  readonly node: string;
  readonly #hub: MemoryHub;
  readonly #topics = new Map<string, number>();
  readonly #early: (readonly [string, Envelope])[] = [];
  sink: TransportSink | undefined;

  constructor(hub: MemoryHub, node: string) {
    this.#hub = hub;
    this.node = node;
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
