/**
 * Where this node's envelopes are made and handed to the transport.
 *
 * Owns: their numbers and their absent fields. Which envelope says what is its users' business,
 * carrying it the transport's.
 */
import type { Kernel } from "../kernel/kernel.ts";
import { type Envelope, EnvelopeKind, type EnvelopeKindNumber } from "./envelope.ts";

/** What an envelope says beside its kind; whatever is not given is empty or 0. */
export type EnvelopeParts = Partial<Omit<Envelope, "kind" | "id">> & { readonly to: string };

/** The way out of this node. */
export class Postbox {
  readonly kernel: Kernel;
  #lastId = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Hands an envelope to the link to `node`; `false` when it takes no more. */
  send(node: string, kind: EnvelopeKindNumber, parts: EnvelopeParts): boolean {
    return this.kernel.ports.transport.send(node, this.#envelope(kind, parts));
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
      token: parts.token,
    };
  }
}
