/**
 * Messages of other nodes that want no answer: tells, and what is published on topics.
 *
 * Owns: their way from the envelope into a mailbox. Calls are `incoming-calls.ts`.
 *
 * I1: what arrives is checked against the operation's schema, whatever its sender checked.
 * I2: a tell that cannot be delivered is a dead letter here, counted, and its node learns of it.
 */
import { addressOf, pathOf } from "../address.ts";
import type { DeadLetterReason } from "../dead-letter.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Directory } from "../kernel/local-ref.ts";
import type { ReplyTo } from "../kernel/message.ts";
import type { Topics } from "../kernel/topics.ts";
import { validated } from "../kernel/validation.ts";
import { addressHere } from "../virtual/virtual-address.ts";
import { type Envelope, EnvelopeKind } from "./envelope.ts";
import { handlerOf, tellFrom } from "./incoming-message.ts";
import type { Postbox } from "./postbox.ts";
import type { SignatureCheck } from "./signature-check.ts";

/** The tells that arrive at a node. */
export class IncomingTells {
  readonly #postbox: Postbox;
  readonly #directory: Directory;
  readonly #topics: Topics;
  readonly #check: SignatureCheck;

  constructor(postbox: Postbox, directory: Directory, topics: Topics, check: SignatureCheck) {
    this.#postbox = postbox;
    this.#directory = directory;
    this.#topics = topics;
    this.#check = check;
  }

  /** A tell to one actor. */
  told(from: string, envelope: Envelope): void {
    this.deliver(from, envelope, this.#directory.find(envelope.to));
  }

  /** A tell to `cell`; `origin` stands where an asker would, so that a cell can give it back. */
  deliver(from: string, envelope: Envelope, cell: Cell | undefined, origin?: ReplyTo): void {
    const { kernel } = this.#postbox;
    const { type, body } = envelope;
    const handler = cell === undefined ? undefined : handlerOf(cell, type, "tell");
    const checked = validated(handler?.request, body);
    let reason: DeadLetterReason;
    if (cell === undefined) reason = "no-such-actor";
    else if (handler === undefined) reason = "no-handler";
    else if (!checked.ok) reason = "undecodable";
    else if (this.#check.faultOf(from, envelope, handler) !== undefined) reason = "denied";
    else {
      const message = tellFrom(kernel, envelope, handler, checked.value, origin);
      // A cell that refuses has counted the letter itself.
      if (!cell.accept(message)) this.#reportBack(from, envelope, "mailbox-full");
      return;
    }
    this.refuse(from, envelope, reason);
  }

  /** A tell that nobody takes: counted here, and reported back. */
  refuse(from: string, envelope: Envelope, reason: DeadLetterReason): void {
    const { type, body } = envelope;
    const to = addressHere(this.#postbox.kernel.node, envelope.to);
    this.#postbox.kernel.deadLetters.add({ to, from: envelope.from, type, body, reason });
    this.#reportBack(from, envelope, reason);
  }

  /** A tell whose body cannot be had. */
  unreadable(from: string, envelope: Envelope): void {
    const { kernel } = this.#postbox;
    const { type } = envelope;
    const to = addressOf(kernel.node, envelope.to);
    kernel.deadLetters.add({
      to,
      from: envelope.from,
      type,
      body: undefined,
      reason: "undecodable",
    });
    this.#reportBack(from, envelope, "undecodable");
  }

  /** Another node could not deliver a tell of this one. */
  reported(envelope: Envelope): void {
    const { kernel } = this.#postbox;
    kernel.deadLetters.report({
      to: envelope.from,
      from: addressOf(kernel.node, envelope.to),
      type: envelope.type,
      body: undefined,
      // Anything may arrive.
      reason:
        typeof envelope.body === "string" ? (envelope.body as DeadLetterReason) : "undecodable",
    });
  }

  /** Something was published on a topic that actors here hear. */
  published(from: string, envelope: Envelope): void {
    const { kernel } = this.#postbox;
    for (const [cell, handler] of this.#topics.subscribers(envelope.to)) {
      const checked = validated(handler.request, envelope.body);
      const mayRun = this.#check.mayPublish(from, handler);
      if (checked.ok && mayRun) {
        cell.accept(tellFrom(kernel, envelope, handler, checked.value));
        continue;
      }
      const reason = mayRun ? "undecodable" : "denied";
      const { from: sender, body } = envelope;
      const { type } = handler;
      kernel.deadLetters.add({ to: cell.address, from: sender, type, body, reason });
    }
  }

  #reportBack(node: string, { to, from, type }: Envelope, reason: DeadLetterReason): void {
    this.#postbox.send(node, EnvelopeKind.undelivered, {
      to: pathOf(from),
      from: addressHere(this.#postbox.kernel.node, to),
      type,
      body: reason,
    });
  }
}
