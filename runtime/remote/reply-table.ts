/**
 * The calls of one other node under way here, by correlation.
 *
 * Owns: finding them. Who is in it, and for how long, is `incoming-calls.ts`'s business.
 *
 * T1: it finds what a map of all correlations would find, whatever numbers the other node chooses.
 *
 * Cost: nodes of ours number their calls by slots that they use again (`remote-calls.ts`): for these it is an
 * array of as many as were under way at a time. A map of numbers that only grow is made anew again and
 * again; it took a tenth of the time of an ask.
 */
import { SLOTS } from "./remote-calls.ts";
import type { RemoteReply } from "./remote-reply.ts";

/** Slots past these go to the map: the other node may choose any. */
const MOST_SLOTS = 65_536;

/** A table of calls. */
export class ReplyTable {
  readonly #slots: (RemoteReply | undefined)[] = [];
  /** Those whose slot is taken, or beyond. */
  readonly #others = new Map<number, RemoteReply>();

  get(correlation: number): RemoteReply | undefined {
    const reply = this.#slots[slotOf(correlation)];
    return reply?.correlation === correlation ? reply : this.#others.get(correlation);
  }

  /** Files a call; one of the same correlation is forgotten. */
  add(reply: RemoteReply): void {
    const { correlation } = reply;
    const slot = slotOf(correlation);
    const there = slot < MOST_SLOTS ? this.#slots[slot] : undefined;
    const isFree = there === undefined || there.correlation === correlation;
    if (slot >= MOST_SLOTS || !isFree || this.#others.has(correlation)) {
      this.#others.set(correlation, reply);
      return;
    }
    while (this.#slots.length <= slot) this.#slots.push(undefined);
    this.#slots[slot] = reply;
  }

  /** Takes a call out. */
  take(correlation: number): RemoteReply | undefined {
    const slot = slotOf(correlation);
    const reply = this.#slots[slot];
    if (reply?.correlation === correlation) {
      this.#slots[slot] = undefined;
      return reply;
    }
    if (this.#others.size === 0) return undefined;
    const other = this.#others.get(correlation);
    this.#others.delete(correlation);
    return other;
  }

  /** All that are in it. */
  all(): readonly RemoteReply[] {
    const slotted = this.#slots.filter((reply) => reply !== undefined);
    return [...slotted, ...this.#others.values()];
  }
}

function slotOf(correlation: number): number {
  return correlation - Math.floor(correlation / SLOTS) * SLOTS;
}
