/**
 * Messages of types that no node is known to run, until one does.
 *
 * Owns: how many wait, and for how long. They leave in the order of sending.
 *
 * H1: who asks hears that no node runs the type, and does not wait for nothing: an ask or a stream waits for half of the
 *     time that it has, and not at all where that is less than a sweep.
 */
import type { Unit } from "../placement/unit.ts";
import type { Parcel } from "./parcel.ts";

/** How long a message waits for a node that runs its type. */
const HOST_MS = 5_000;
/** Of the time that an ask has, how much it waits (H1). */
const ASK_SHARE = 0.5;
/** How often is looked. */
export const SWEEP_MS = 250;
const MOST_HOMELESS = 1_024;

/** What is known of types, and the way on. */
export interface HomelessSetting {
  /** Whether a node is known to run a type. */
  isRun(type: string): boolean;
  unitOf(type: string, key: string): Unit | undefined;
  send(unit: Unit, parcel: Parcel): boolean;
}

/** Messages without a home; see the file's header. */
export class Homeless {
  readonly #setting: HomelessSetting;
  readonly #waiting = new Map<string, Parcel[]>();

  constructor(setting: HomelessSetting) {
    this.#setting = setting;
  }

  /** Whether messages of a type wait: another one must not overtake them. */
  has(type: string): boolean {
    return this.#waiting.has(type);
  }

  /** Lets a message wait; `false` when it was refused, because too many do. */
  wait(type: string, parcel: Parcel): boolean {
    if (untilMs(parcel) - parcel.atMs < SWEEP_MS) {
      parcel.refuse("no-such-actor");
      return false;
    }
    const waiting = this.#waiting.get(type) ?? [];
    if (waiting.length >= MOST_HOMELESS) {
      parcel.refuse("mailbox-full");
      return false;
    }
    waiting.push(parcel);
    this.#waiting.set(type, waiting);
    return true;
  }

  /** Sends what has waited for a node that runs its type, or gives it up. */
  sweep(nowMs: number): void {
    for (const [type, waiting] of [...this.#waiting]) {
      this.#waiting.delete(type);
      const isRun = this.#setting.isRun(type);
      const staying: Parcel[] = [];
      for (const parcel of waiting) {
        const unit = isRun ? this.#setting.unitOf(type, parcel.key) : undefined;
        if (parcel.isOver) continue;
        if (unit !== undefined) this.#setting.send(unit, parcel);
        else if (nowMs + SWEEP_MS <= untilMs(parcel)) staying.push(parcel);
        else parcel.refuse("no-such-actor");
      }
      if (staying.length > 0) this.#waiting.set(type, staying);
    }
  }

  /** Refuses all that wait. */
  close(): void {
    for (const waiting of this.#waiting.values()) {
      for (const parcel of waiting) parcel.refuse("stopped");
    }
    this.#waiting.clear();
  }
}

/** Until when a message waits for a node that runs its type, on the monotonic clock. */
function untilMs({ atMs, deadlineMs }: Parcel): number {
  const limitMs = atMs + HOST_MS;
  return deadlineMs === undefined
    ? limitMs
    : Math.min(limitMs, atMs + (deadlineMs - atMs) * ASK_SHARE);
}
