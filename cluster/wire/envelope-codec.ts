/**
 * Envelopes as they stand in a frame: positional arrays.
 *
 * Owns: which field stands where. Its neighbour `frame.ts` owns what envelopes travel in,
 * `wire-writer.ts` and `wire-reader.ts` the bytes.
 *
 * W1: the positions are kind, id, to, from, correlation, type, body, ttlMs, sequence, traceparent,
 *     attempt, idempotencyKey, askChain, claim, signature, token. They never move; a new field is
 *     appended.
 * W2: trailing absent fields are left out, and elements past the last known position are ignored, so
 *     that nodes of neighbouring versions understand each other. An absent field between others is
 *     `undefined` as msgpackr writes it; nil is read as the same, except for the body.
 *     Where there is a claim the body is nil.
 * W3: whatever arrives is either a whole envelope or an error in one line; nothing is guessed.
 *
 * Source: measured, a positional array packs and unpacks about twice as fast as a map.
 */
import { isKey } from "../../runtime/ports/key-filter.ts";
import type {
  Claim,
  Envelope,
  EnvelopeKindNumber,
  Signature,
} from "../../runtime/remote/envelope.ts";
import { EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { shown } from "../../runtime/shown.ts";
import { Fault, type WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** How many addresses an ask chain may name. */
export const MAX_ASK_CHAIN = 32;

const SIGNATURE_AT = 14;
/** The frame, its envelopes and the envelope are open around a body. */
const BODY_DEPTH = 3;
const SIGNATURE_BYTES = 64;
/** The forms of a claimed body; a claim carries the index. */
const FORMS: readonly Claim["form"][] = ["packed", "bytes"];

const HIGHEST_KIND = Math.max(...Object.values(EnvelopeKind));

/** How many elements an envelope has, before those that only a signature makes necessary. */
function lengthOf(envelope: Envelope): number {
  if (envelope.token !== undefined) return 16;
  if (envelope.claim !== undefined) return 14;
  if (envelope.askChain !== undefined) return 13;
  if (envelope.idempotencyKey !== undefined) return 12;
  if (envelope.attempt !== undefined) return 11;
  if (envelope.traceparent !== undefined) return 10;
  if (envelope.sequence !== undefined) return 9;
  if (envelope.ttlMs !== 0) return 8;
  return envelope.body === undefined ? 6 : 7;
}

/**
 * Writes an envelope: an array of 6 to 16 elements.
 *
 * @throws {TypeError} when its body cannot be carried
 */
export function writeEnvelope(wire: WireWriter, envelope: Envelope): void {
  const { claim, signature } = envelope;
  const length = lengthOf(envelope);
  wire.array(signature === undefined ? length : Math.max(length, SIGNATURE_AT + 1));
  wire.number(envelope.kind);
  wire.number(envelope.id);
  wire.text(envelope.to);
  wire.text(envelope.from);
  wire.number(envelope.correlation);
  wire.text(envelope.type);
  if (length > 6) wire.value(claim === undefined ? envelope.body : null, BODY_DEPTH);
  if (length > 7) wire.number(envelope.ttlMs);
  if (length > 8) writeRest(wire, envelope, length);
  if (signature === undefined) return;
  for (let at = length; at < SIGNATURE_AT; at++) wire.absent();
  if (length <= SIGNATURE_AT) writeSignature(wire, signature);
}

/** What most envelopes do not have. */
function writeRest(wire: WireWriter, envelope: Envelope, length: number): void {
  wire.value(envelope.sequence, BODY_DEPTH);
  if (length > 9) wire.value(envelope.traceparent, BODY_DEPTH);
  if (length > 10) wire.value(envelope.attempt, BODY_DEPTH);
  if (length > 11) wire.value(envelope.idempotencyKey, BODY_DEPTH);
  if (length > 12) wire.value(envelope.askChain, BODY_DEPTH);
  if (length > 13) wire.value(claimWire(envelope.claim), BODY_DEPTH);
  if (length <= SIGNATURE_AT) return;
  if (envelope.signature === undefined) wire.absent();
  else writeSignature(wire, envelope.signature);
  wire.value(envelope.token, BODY_DEPTH);
}

function writeSignature(wire: WireWriter, { incarnation, bytes }: Signature): void {
  wire.array(2);
  wire.text(incarnation);
  wire.binary(bytes);
}

/** Reads the next value as an envelope; a text says in one line why it is none. */
export function readEnvelope(wire: WireReader): Envelope | string {
  const length = wire.array();
  if (length === undefined) {
    wire.value();
    return "an envelope is not an array";
  }
  const kind = length > 0 ? wire.value() : undefined;
  const id = length > 1 ? wire.value() : undefined;
  const to = length > 2 ? wire.known() : undefined;
  const from = length > 3 ? wire.known() : undefined;
  const correlation = length > 4 ? wire.value() : undefined;
  const type = length > 5 ? wire.known() : undefined;
  const body = length > 6 ? wire.value() : undefined;
  const ttlMs = length > 7 ? (wire.value() ?? 0) : 0;
  const sequence = length > 8 ? optional(wire) : undefined;
  const traceparent = length > 9 ? optional(wire) : undefined;
  const attempt = length > 10 ? optional(wire) : undefined;
  const idempotencyKey = length > 11 ? optional(wire) : undefined;
  const askChain = length > 12 ? optional(wire) : undefined;
  const claimed = length > 13 ? optional(wire) : undefined;
  const signed = length > 14 ? optional(wire) : undefined;
  const token = length > 15 ? optional(wire) : undefined;
  for (let i = 16; i < length; i++) wire.value();
  const claim = claimed === undefined ? undefined : claimFrom(claimed);
  if (!isKind(kind)) return `unknown envelope kind ${shown(kind)}`;
  if (!isCount(id)) return "the id is not a count";
  if (typeof to !== "string") return "the destination is not a string";
  if (typeof from !== "string") return "the sender is not a string";
  if (!isCount(correlation)) return "the correlation is not a count";
  if (typeof type !== "string") return "the type is not a string";
  if (body instanceof Fault) return `the body cannot be decoded: ${body.why}`;
  if (!isSpan(ttlMs)) return "the time left is not a span";
  if (sequence !== undefined && !isCount(sequence)) return "the sequence is not a count";
  if (traceparent !== undefined && typeof traceparent !== "string")
    return "the traceparent is not a string";
  if (attempt !== undefined && !isCount(attempt)) return "the attempt is not a count";
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string")
    return "the idempotency key is not a string";
  if (askChain !== undefined && !isAskChain(askChain)) return "the ask chain is malformed";
  if (claimed !== undefined && claim === undefined) return "the claim is malformed";
  if (token !== undefined && !isCount(token)) return "the token is not a count";
  const signature = signed === undefined ? undefined : signatureFrom(signed);
  if (signature === null) return "the signature is malformed";
  return {
    kind,
    id,
    to,
    from,
    correlation,
    type,
    body: claim === undefined ? body : undefined,
    ttlMs,
    sequence,
    traceparent,
    attempt,
    idempotencyKey,
    askChain,
    claim,
    token,
    signature,
  };
}

/** Nil is read as absent. */
function optional(wire: WireReader): unknown {
  return wire.known() ?? undefined;
}

/** `null` = it is none. */
function signatureFrom(wire: unknown): Signature | null {
  if (!Array.isArray(wire)) return null;
  const [incarnation, bytes] = wire as readonly unknown[];
  const isWhole = bytes instanceof Uint8Array && bytes.length === SIGNATURE_BYTES;
  return typeof incarnation === "string" && isWhole ? { incarnation, bytes } : null;
}

function claimWire(claim: Claim | undefined): readonly unknown[] | undefined {
  return claim && [claim.key, claim.sizeBytes, FORMS.indexOf(claim.form)];
}

function claimFrom(wire: unknown): Claim | undefined {
  if (!Array.isArray(wire)) return undefined;
  const [key, sizeBytes, index] = wire as readonly unknown[];
  const form = typeof index === "number" ? FORMS[index] : undefined;
  if (typeof key !== "string" || !isKey(key) || !isCount(sizeBytes) || form === undefined)
    return undefined;
  return { key, sizeBytes, form };
}

function isKind(value: unknown): value is EnvelopeKindNumber {
  return isCount(value) && value <= HIGHEST_KIND;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSpan(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isAskChain(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_ASK_CHAIN &&
    value.every((address) => typeof address === "string")
  );
}
