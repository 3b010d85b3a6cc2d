/**
 * Writes the records of one life of a node, or of a harness.
 *
 * Owns: the stamp, and what a life can tell of itself: its events, its dead letters, what its runtime
 * holds. Messages are `line.ts`, tasks `recorded-tasks.ts`, registers `recorded-bucket.ts`; whatever else
 * there is to say is said with {@link Recorder.tell}.
 *
 * R3: records are stamped and written in the order in which they are told.
 *
 * Cost: an object and a write per record.
 */

import type { Activation } from "../../runtime/activation.ts";
import { type Address, pathOf } from "../../runtime/address.ts";
import type { TroupeEvent } from "../../runtime/event.ts";
import type { EventFeed } from "../../runtime/event-feed.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { System } from "../../runtime/system.ts";
import { isVirtual } from "../../runtime/virtual/virtual-address.ts";
import { type Fact, type HistoryRecord, lifeName, type Mark, RECORD_VERSION } from "./record.ts";

/** Who records, by which clock, and where to. */
export interface RecorderSetting {
  readonly node: string;
  readonly life: string;
  /** The clock of the whole history (R2). */
  readonly nowMs: () => number;
  readonly write: (record: HistoryRecord) => void;
}

/** What a recorder needs to know of a handler's context. */
export interface Receiver {
  readonly self: { readonly address: Address };
  readonly activation?: Activation | undefined;
  readonly clock: Clock;
}

/** Spans of messages are not asked for: marks tell more, at less cost. */
const RARELY = 1_000_000;

/** Whether a history has events of that type: not those of single messages. */
export function isTold({ type }: TroupeEvent): boolean {
  return type !== "message.handled" && type !== "message.dead-lettered";
}

/** The name of an ask that was sent with a mark; its answer says it. */
export function askName({ pair, sequence }: Mark): string {
  return `${pair} ${sequence}`;
}

/** The mark that the body of a message carries, when it does. */
export function markOf(body: unknown): Mark | undefined {
  if (typeof body !== "object" || body === null || !("mark" in body)) return undefined;
  const { mark } = body;
  if (typeof mark !== "object" || mark === null) return undefined;
  if (!("pair" in mark) || !("sequence" in mark)) return undefined;
  const { pair, sequence } = mark;
  if (typeof pair !== "string" || typeof sequence !== "number") return undefined;
  return { pair, sequence };
}

/** See the file's header. */
export class Recorder {
  readonly node: string;
  readonly life: string;
  readonly nowMs: () => number;
  readonly #write: (record: HistoryRecord) => void;
  readonly #starts = new Map<string, number>();
  #seq = 0;
  #uniques = 0;

  constructor({ node, life, nowMs, write }: RecorderSetting) {
    this.node = node;
    this.life = life;
    this.nowMs = nowMs;
    this.#write = write;
  }

  /** `node#life`. */
  get name(): string {
    return lifeName(this.node, this.life);
  }

  /** A name that no other has in this history. */
  unique(what: string): string {
    return `${this.name} ${what} ${++this.#uniques}`;
  }

  /** Writes what is so. */
  tell(fact: Fact, atMs: number = this.nowMs()): void {
    const { node, life } = this;
    // The event of a feed has a stamp of its own, which this one replaces.
    this.#write({ ...fact, v: RECORD_VERSION, node, life, seq: ++this.#seq, atMs });
  }

  /**
   * Tells all that happens on a node from now on, and its dead letters that carry a mark. Not in a
   * seeded world, whose history is told as a whole.
   */
  follow(events: EventFeed, system: System): Cancel {
    const tell = (event: TroupeEvent): void => {
      if (isTold(event)) this.tell(event);
    };
    const cancels = [events.subscribe(tell, { every: RARELY }), this.followLetters(system)];
    return () => {
      for (const cancel of cancels) cancel();
    };
  }

  /** Tells the dead letters whose body carries a mark. */
  followLetters(system: System): Cancel {
    return system.onDeadLetter(({ body, reason }) => {
      const mark = markOf(body);
      if (mark !== undefined) this.tell({ type: "message.dropped", reason, ...mark });
    });
  }

  /** For an actor's `init`: counts its start, by which {@link received} knows it. */
  started({ self }: Pick<Receiver, "self">): number {
    const path = pathHere(self.address);
    const start = (this.#starts.get(path) ?? 0) + 1;
    this.#starts.set(path, start);
    return start;
  }

  /**
   * For a handler's first line: a message came; and its activation acts, when it is one.
   *
   * @param start - as {@link started} counted it in `init`
   */
  received(ctx: Receiver, start: number, mark: Mark): void {
    const { self, activation, clock } = ctx;
    this.tell({ type: "message.received", path: pathHere(self.address), start, ...mark });
    if (activation === undefined) return;
    const { type: actor, key, token } = activation;
    const holds = activation.holds();
    const ownMs = clock.monotonicMs();
    this.tell({ type: "activation.acted", actor, key, token, holds, ownMs });
  }

  /** For a handler's last line: the part of its answer that names the ask. */
  answer(mark: Mark): { readonly answers: string } {
    const answers = askName(mark);
    this.tell({ type: "ask.answered", ask: answers });
    return { answers };
  }

  /** What the system of this life holds now: pending replies, and who lives. Just before a `run.quiet`. */
  takeStock(system: System): void {
    this.tell({ type: "asks.counted", pending: system.pendingReplies });
    const paths: string[] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page = system.actors({ from, limit: 1_000 });
      paths.push(...page.actors.map(({ address }) => pathHere(address)));
      from = page.next;
    }
    this.tell({ type: "actors.listed", paths });
  }
}

/** The path by which the node's events name an actor of that address. */
function pathHere(address: Address): string {
  return isVirtual(address) ? address : pathOf(address);
}
