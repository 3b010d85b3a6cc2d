/**
 * Where this node's envelopes are made and handed to the transport.
 *
 * Owns: their numbers and their absent fields. Which envelope says what is its users' business,
 * carrying it the transport's.
 */
import type { Address } from "../address.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { messageOf } from "../troupe-error.ts";
import { type Envelope, EnvelopeKind, type EnvelopeKindNumber } from "./envelope.ts";
import { OutgoingChunk } from "./outgoing-chunk.ts";

/** What an envelope says beside its kind; whatever is not given is empty or 0. */
export type EnvelopeParts = Partial<Omit<Envelope, "kind" | "id" | "signature">> & {
  readonly to: string;
  /** Of a signed operation. */
  readonly isSigned?: boolean;
};

/** The way out of this node. */
export class Postbox {
  readonly kernel: Kernel;
  #lastId = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /**
   * Hands an envelope to the link to `node`; `false` when it takes no more, or when it must be signed and no
   * such node is up: a signature names its receiver.
   */
  send(node: string, kind: EnvelopeKindNumber, parts: EnvelopeParts): boolean {
    const envelope = this.#envelope(kind, parts);
    const { signatures, transport } = this.kernel.ports;
    if (parts.isSigned !== true || signatures === undefined) return transport.send(node, envelope);
    try {
      const signature = signatures.sign(node, envelope);
      return signature !== undefined && transport.send(node, { ...envelope, signature });
    } catch (error) {
      // What cannot be carried cannot be signed either: it goes as it is, and comes back.
      this.kernel.ports.log.warn({ type: parts.type, error: messageOf(error) }, "not signed");
      return transport.send(node, envelope);
    }
  }

  /**
   * Hands over a chunk. Apart from `send`, which reads objects of as many shapes as it has callers: that would be much
   * of what a chunk costs here.
   */
  chunk(
    node: string,
    from: Address,
    correlation: number,
    sequence: number,
    body: unknown,
  ): boolean {
    const chunk = new OutgoingChunk(++this.#lastId, from, correlation, sequence, body);
    return this.kernel.ports.transport.send(node, chunk);
  }

  /** Hands an envelope to everybody who hears the topic that it is addressed to. */
  publish(parts: EnvelopeParts): boolean {
    return this.kernel.ports.transport.publish(parts.to, this.#envelope(EnvelopeKind.topic, parts));
  }

  #envelope(kind: EnvelopeKindNumber, parts: EnvelopeParts): Envelope {
    // Every field in one order, absent or not: envelopes of many shapes make all their readers slow.
    return {
      kind,
      id: ++this.#lastId,
      to: parts.to,
      from: parts.from ?? "",
      correlation: parts.correlation ?? 0,
      type: parts.type ?? "",
      body: parts.body,
      ttlMs: parts.ttlMs ?? 0,
      sequence: parts.sequence,
      traceparent: parts.traceparent,
      attempt: parts.attempt,
      idempotencyKey: parts.idempotencyKey,
      askChain: parts.askChain,
      claim: undefined,
      token: parts.token,
      signature: undefined,
    };
  }
}
