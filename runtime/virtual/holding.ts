/**
 * A unit that this node owns, or is about to own or to give away.
 *
 * Owns: its phase, and what waits for the phase to pass.
 *
 * H1: only while it is `held` is anything admitted; before and after it waits here, in order.
 * H2: what waits is bounded; past it messages are refused as by a full mailbox.
 */
import type { Deferred } from "../kernel/deferred.ts";
import type { Unit } from "../placement/unit.ts";
import type { Entry } from "./entry.ts";
import type { Item } from "./item.ts";

/** How much may wait while a unit changes hands. */
const MOST_WAITING = 4_096;

/** `claiming` = asked for; `held` = owned; `giving` = its activations end; `gone` = somebody else's. */
export type HoldingPhase = "claiming" | "held" | "giving" | "gone";

/** A unit at this node. */
export class Holding {
  readonly unit: Unit;
  phase: HoldingPhase = "claiming";
  /** 0 until it is held. */
  token = 0;
  /** Since when, on the monotonic clock. */
  sinceMs = 0;
  /** Its activations. */
  readonly entries: Set<Entry> = new Set<Entry>();
  /** What its activations have left when it is given away, each one's in order. */
  readonly leftovers: Item[] = [];
  /** Settles when the last activation of a unit that is given away has ended. */
  emptied: Deferred<void> | undefined = undefined;
  #waiting: Item[] = [];

  constructor(unit: Unit) {
    this.unit = unit;
  }

  /** Lets an item wait; one too many is refused. A question is never one too many. */
  wait(item: Item): void {
    if (item.key !== undefined && this.#waiting.length >= MOST_WAITING) item.refuse("mailbox-full");
    else this.#waiting.push(item);
  }

  /** Takes out all that waits, in order. */
  takeWaiting(): readonly Item[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
