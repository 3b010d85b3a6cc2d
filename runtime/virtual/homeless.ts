/**
 * Messages of types that no node is known to run, until one does.
 *
 * Owns: how many wait, and for how long. They leave in the order of sending.
 */
import type { Unit } from "../placement/unit.ts";
import type { Parcel } from "./parcel.ts";

/** How long a message waits for a node that runs its type. */
const HOST_MS = 5_000;
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
      const [first] = waiting;
      const isYoung = first !== undefined && nowMs - first.atMs < HOST_MS;
      if (isYoung && !this.#setting.isRun(type)) continue;
      this.#waiting.delete(type);
      for (const parcel of waiting) {
        const unit = this.#setting.unitOf(type, parcel.key);
        if (unit === undefined) parcel.refuse("no-such-actor");
        else if (!parcel.isOver) this.#setting.send(unit, parcel);
      }
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
