/**
 * A chunk on its way to another node.
 *
 * Owns: its fields, which are those of an envelope. Every other envelope is made by `postbox.ts`.
 *
 * A class of its own, although envelopes are plain data: what other envelopes bear in these fields (spans with
 * fractions, bodies of all kinds) changes the hidden class that object literals share, and whoever reads objects of
 * the former one, as each frame does, pays a microsecond for each. Measured: three times as much per chunk, in
 * about half of all processes.
 */
import type { Address } from "../address.ts";
import { type Envelope, EnvelopeKind, type EnvelopeKindNumber } from "./envelope.ts";

/** A chunk, as an envelope; `sequence` counts from 1. */
export class OutgoingChunk implements Envelope {
  readonly kind: EnvelopeKindNumber = EnvelopeKind.chunk;
  readonly id: number;
  readonly to: string = "";
  readonly from: Address;
  readonly correlation: number;
  readonly type: string = "";
  readonly body: unknown;
  readonly ttlMs: number = 0;
  readonly sequence: number;
  readonly traceparent: undefined = undefined;
  readonly attempt: undefined = undefined;
  readonly idempotencyKey: undefined = undefined;
  readonly askChain: undefined = undefined;
  readonly claim: undefined = undefined;
  readonly token: undefined = undefined;
  readonly signature: undefined = undefined;

  constructor(id: number, from: Address, correlation: number, sequence: number, body: unknown) {
    this.id = id;
    this.from = from;
    this.correlation = correlation;
    this.sequence = sequence;
    this.body = body;
  }
}
