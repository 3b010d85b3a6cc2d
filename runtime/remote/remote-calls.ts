/**
 * Asks and streams of this node that other nodes will answer, by correlation.
 *
 * Owns: which answer belongs to which call. The waiting itself is `pending-reply.ts` and
 * `incoming-stream.ts`.
 *
 * A3: a correlation names one use of one slot, so that a late answer reaches no other call; and only
 *     the node that was asked may answer. A4: a settled call leaves its slot.
 *
 * Cost: slots are reused; opening and taking are O(1), failing a node is O(slots).
 */
import type { Address } from "../address.ts";
import type { IncomingStream } from "../kernel/incoming-stream.ts";
import type { PendingReply } from "../kernel/pending-reply.ts";
import type { OperationSchemas } from "../protocol.ts";

/** A call under way. */
export interface RemoteCall {
  readonly node: string;
  readonly to: Address;
  readonly type: string;
  readonly schemas: OperationSchemas | undefined;
  readonly waiting: PendingReply | IncomingStream;
}

/** A correlation is `use * SLOTS + slot`. */
const SLOTS = 2 ** 20;

/** The table of calls under way. */
export class RemoteCalls {
  readonly #slots: (RemoteCall | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** How many are under way. */
  get size(): number {
    return this.#size;
  }

  /** Files a call; `undefined` when a million are under way. */
  open(call: RemoteCall): number | undefined {
    let slot = this.#free.pop();
    if (slot === undefined) {
      if (this.#slots.length === SLOTS) return undefined;
      slot = this.#slots.length;
      this.#slots.push(undefined);
      this.#uses.push(0);
    }
    this.#slots[slot] = call;
    this.#size++;
    const use = (this.#uses[slot] ?? 0) + 1;
    this.#uses[slot] = use;
    return use * SLOTS + slot;
  }

  /** The call of a correlation, when `node` is the one that was asked. */
  find(correlation: number, node: string): RemoteCall | undefined {
    const slot = correlation % SLOTS;
    const call = this.#slots[slot];
    const isThis = this.#uses[slot] === Math.floor(correlation / SLOTS) && call?.node === node;
    return isThis ? call : undefined;
  }

  /** Takes the call of a correlation off the table. */
  take(correlation: number, node: string): RemoteCall | undefined {
    const call = this.find(correlation, node);
    if (call === undefined) return undefined;
    const slot = correlation % SLOTS;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    this.#size--;
    return call;
  }

  /** Takes all calls to a node off the table. */
  takeAll(node: string): readonly (readonly [correlation: number, call: RemoteCall])[] {
    const taken: (readonly [number, RemoteCall])[] = [];
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const call = this.#slots[slot];
      if (call === undefined || call.node !== node) continue;
      this.#slots[slot] = undefined;
      this.#free.push(slot);
      this.#size--;
      taken.push([(this.#uses[slot] ?? 0) * SLOTS + slot, call]);
    }
    return taken;
  }
}
