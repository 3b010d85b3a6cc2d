/**
 * Asks and streams of this node that other nodes will answer, by correlation.
 *
 * Owns: which answer belongs to which call, and how a call ends that will not be answered. The
 * waiting itself is `pending-reply.ts` and `incoming-stream.ts`; the other end `incoming-calls.ts`.
 *
 * I1: answers are checked against the operation's schemas.
 * A3: a correlation names one use of one slot, so that a late answer reaches no other call; and only
 *     the node that was asked may answer. A4: a settled call leaves its slot.
 *
 * Cost: slots are reused; opening and taking are O(1), failing a node is O(slots).
 */
import { type Address, addressOf } from "../address.ts";
import { streamAborted } from "../kernel/ask-error.ts";
import { validated } from "../kernel/validation.ts";
import type { UndeliveredReason } from "../ports/transport.ts";
import type { OperationSchemas } from "../protocol.ts";
import {
  type AskOutcome,
  type ErrorCode,
  type ErrorRecord,
  errorFromRecord,
  TroupeError,
} from "../troupe-error.ts";
import { type Envelope, EnvelopeKind } from "./envelope.ts";
import type { Postbox } from "./postbox.ts";
import { undeliveredCode } from "./undelivered.ts";

/** Whoever waits for what another node answers. */
export interface Awaiting {
  readonly kind: "ask" | "stream";
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Of a stream only; `sequence` counts from 1. */
  chunk?(sequence: number, value: unknown): void;
}

/** A call under way. */
export interface RemoteCall {
  readonly node: string;
  readonly to: Address;
  readonly type: string;
  readonly schemas: OperationSchemas | undefined;
  readonly waiting: Awaiting;
}

/** A correlation is `use * SLOTS + slot`. */
export const SLOTS: number = 2 ** 20;

/** The table of calls under way. */
export class RemoteCalls {
  readonly postbox: Postbox;
  readonly #slots: (RemoteCall | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  #size = 0;

  constructor(postbox: Postbox) {
    this.postbox = postbox;
  }

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

  /** The consumer of a stream has room for `total` chunks. */
  credit(correlation: number, node: string, total: number): void {
    this.postbox.send(node, EnvelopeKind.credit, { to: "", correlation, sequence: total });
  }

  /** The caller gave up: its slot is free, and the callee learns of it. */
  cancel(correlation: number, node: string): void {
    if (this.take(correlation, node) === undefined) return;
    this.postbox.send(node, EnvelopeKind.cancel, { to: "", correlation });
  }

  // What other nodes answer.

  replied(from: string, { correlation, body }: Envelope): void {
    const call = this.take(correlation, from);
    if (call === undefined) return;
    const schema = call.schemas?.reply;
    if (schema === undefined) {
      call.waiting.resolve(body);
      return;
    }
    const checked = validated(schema, body);
    if (checked.ok) call.waiting.resolve(checked.value);
    else call.waiting.reject(invalid(`the reply of ${call.type}: ${checked.error}`));
  }

  failed(from: string, { correlation, body }: Envelope): void {
    this.take(correlation, from)?.waiting.reject(errorFromRecord(recordIn(body)));
  }

  chunk(from: string, { correlation, body, sequence = 0 }: Envelope): void {
    const call = this.#streamOf(correlation, from);
    if (call !== undefined) this.#take(call, from, correlation, sequence, body);
  }

  /** Several, in one envelope. */
  chunks(from: string, { correlation, body, sequence = 0 }: Envelope): void {
    const call = this.#streamOf(correlation, from);
    if (call === undefined) return;
    if (!Array.isArray(body)) {
      this.cancel(correlation, from);
      call.waiting.reject(invalid(`chunks of ${call.type}: not an array`));
      return;
    }
    for (let at = 0; at < body.length; at++)
      if (!this.#take(call, from, correlation, sequence + at, body[at])) return;
  }

  #streamOf(correlation: number, from: string): RemoteCall | undefined {
    const call = this.find(correlation, from);
    return call?.waiting.kind === "stream" ? call : undefined;
  }

  /** Hands a chunk to whoever waits for it; `false` when it does not fit its schema, which ends the stream. */
  #take(
    { schemas, type, waiting }: RemoteCall,
    from: string,
    correlation: number,
    sequence: number,
    body: unknown,
  ): boolean {
    const schema = schemas?.chunk;
    if (schema === undefined) {
      waiting.chunk?.(sequence, body);
      return true;
    }
    const checked = validated(schema, body);
    if (checked.ok) {
      waiting.chunk?.(sequence, checked.value);
      return true;
    }
    this.cancel(correlation, from);
    waiting.reject(invalid(`a chunk of ${type}: ${checked.error}`));
    return false;
  }

  // What ends a call without an answer.

  /** An answer came whose body cannot be had. */
  unreadable(from: string, { kind, correlation }: Envelope, why: string): void {
    const call = this.find(correlation, from);
    if (call === undefined) return;
    // After a chunk its producer would go on for nobody.
    if (kind === EnvelopeKind.chunk) this.cancel(correlation, from);
    else this.take(correlation, from);
    const message = `an answer of ${call.to} to ${call.type} cannot be read: ${why}`;
    call.waiting.reject(new TroupeError("store.unavailable", message, { outcome: "unknown" }));
  }

  /** It was accepted by the link but never left. */
  undelivered(to: string, envelope: Envelope, reason: UndeliveredReason): void {
    const call = this.take(envelope.correlation, to);
    const why = `${envelope.type} never left for ${addressOf(to, envelope.to)}: ${reason}`;
    const error = new TroupeError(undeliveredCode(reason), why, { outcome: "never-ran" });
    call?.waiting.reject(error);
  }

  /** No answer of `node` can be relied on any more. */
  failAll(node: string, code: ErrorCode, why: string): void {
    for (const [correlation, { waiting, type, to }] of this.#takeAll(node)) {
      // Harmless when the node is gone; when only an answer is, its callee need not go on.
      this.postbox.send(node, EnvelopeKind.cancel, { to: "", correlation });
      const message = `no answer to ${type} from ${to}: ${why}`;
      const error =
        waiting.kind === "stream"
          ? streamAborted(type, why, 0)
          : new TroupeError(code, message, { outcome: "unknown" });
      waiting.reject(error);
    }
  }

  #takeAll(node: string): readonly (readonly [correlation: number, call: RemoteCall])[] {
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

function invalid(why: string): TroupeError {
  return new TroupeError("ask.invalid", why, { outcome: "unknown" });
}

/** What another node says is an error; anything may arrive. */
function recordIn(body: unknown): ErrorRecord {
  const { code, message, outcome, data } = (body ?? {}) as Partial<ErrorRecord>;
  // An object that is no text may throw where an error is made of it, and its call would be forgotten.
  if (typeof code === "string" && typeof message === "string" && isOutcome(outcome))
    return { code, message, ...(outcome === undefined ? {} : { outcome }), data };
  return { code: "ask.undecodable", message: "the failure could not be read", outcome: "unknown" };
}

function isOutcome(said: unknown): said is AskOutcome | undefined {
  return said === undefined || said === "never-ran" || said === "failed" || said === "unknown";
}
