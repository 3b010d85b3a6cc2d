/**
 * A message for a virtual actor that came from another node.
 *
 * Owns: its way into an activation's mailbox, and back out of it: an activation that ends gives what it
 * has not handled back as what it came as. It stands where a tell's asker would.
 *
 * A1: it is admitted under the token that it was sent for, or goes back to the node that sent it: only
 *     that one knows what else it has sent, and in which order.
 */

import { neverRan } from "../kernel/ask-error.ts";
import type { Cell } from "../kernel/cell.ts";
import { NoAsker } from "../kernel/no-asker.ts";
import type { Owner } from "../placement/ownership.ts";
import type { Unit } from "../placement/unit.ts";
import { type Envelope, EnvelopeKind } from "../remote/envelope.ts";
import type { IncomingCalls } from "../remote/incoming-calls.ts";
import { spanOf } from "../remote/incoming-message.ts";
import type { IncomingTells } from "../remote/incoming-tells.ts";
import type { Postbox } from "../remote/postbox.ts";
import { TroupeError } from "../troupe-error.ts";
import type { Item, RefusalReason } from "./item.ts";
import { ownerFields, sentBackBody } from "./moved.ts";

/** The ways in and out of this node. */
export interface Border {
  readonly postbox: Postbox;
  readonly tells: IncomingTells;
  readonly calls: IncomingCalls;
}

/** A message of another node. */
export class Arrival extends NoAsker implements Item {
  readonly key: string;
  readonly #border: Border;
  readonly #from: string;
  readonly #envelope: Envelope;
  readonly #atMs: number;

  constructor(border: Border, from: string, envelope: Envelope, key: string) {
    const { kernel } = border.postbox;
    super(envelope.kind === EnvelopeKind.tell ? spanOf(kernel, envelope) : undefined);
    this.key = key;
    this.#border = border;
    this.#from = from;
    this.#envelope = envelope;
    this.#atMs = kernel.nowMs();
  }

  get token(): number {
    return this.#envelope.token ?? 0;
  }

  deliver(cell: Cell): void {
    const { tells, calls } = this.#border;
    if (this.#envelope.kind === EnvelopeKind.tell) {
      tells.deliver(this.#from, this.#envelope, cell, this);
      return;
    }
    const timely = this.#timely();
    if (timely !== undefined) calls.deliver(this.#from, timely, cell, this);
  }

  refuse(reason: RefusalReason): void {
    const { tells, calls } = this.#border;
    const { kind, type, to } = this.#envelope;
    if (kind === EnvelopeKind.tell) tells.refuse(this.#from, this.#envelope, reason);
    else calls.refuse(this.#from, this.#envelope, refusalOf(type, to, reason));
  }

  moveOn(_unit: Unit, owner: Owner | undefined): void {
    const body = sentBackBody(this.#envelope, owner);
    if (this.#border.postbox.send(this.#from, EnvelopeKind.moved, { to: "", body })) return;
    const { kind, to, from, type } = this.#envelope;
    if (kind !== EnvelopeKind.tell) return;
    const { deadLetters } = this.#border.postbox.kernel;
    deadLetters.add({ to, from, type, body: this.#envelope.body, reason: "disconnected" });
  }

  /** The call with the time that is left; `undefined` when there is none, and its caller knows. */
  #timely(): Envelope | undefined {
    const { ttlMs } = this.#envelope;
    if (ttlMs === 0) return this.#envelope;
    const leftMs = ttlMs - (this.#border.postbox.kernel.nowMs() - this.#atMs);
    return leftMs <= 0 ? undefined : { ...this.#envelope, ttlMs: leftMs };
  }
}

/** A question about a unit that another node asks: who owns it, once all that came before is settled. */
export class Question implements Item {
  readonly key: undefined = undefined;
  readonly token: number;
  readonly #postbox: Postbox;
  readonly #from: string;
  readonly #correlation: number;

  constructor(postbox: Postbox, from: string, { correlation, token = 0 }: Envelope) {
    this.#postbox = postbox;
    this.#from = from;
    this.#correlation = correlation;
    this.token = token;
  }

  deliver(): void {}

  refuse(): void {
    this.#answer(undefined);
  }

  moveOn(_unit: Unit, owner: Owner | undefined): void {
    this.#answer(owner);
  }

  #answer(owner: Owner | undefined): void {
    const answer = { to: "", correlation: this.#correlation, body: ownerFields(owner) };
    this.#postbox.send(this.#from, EnvelopeKind.passed, answer);
  }
}

/** Why a call to a virtual actor is refused. */
export function refusalOf(type: string, address: string, reason: RefusalReason): TroupeError {
  switch (reason) {
    case "mailbox-full":
      return neverRan("mailbox.full", `${address} did not take ${type}: too much waits for it`);
    case "no-such-actor":
      return neverRan("actor.not-found", `no node runs ${address}`);
    case "stopped":
      return neverRan("actor.stopped", `${address} did not take ${type}: it has stopped`);
    case "disconnected":
      return new TroupeError(
        "node.disconnected",
        `${type} was not sent: no node answers for ${address}`,
        {
          outcome: "never-ran",
        },
      );
  }
}
