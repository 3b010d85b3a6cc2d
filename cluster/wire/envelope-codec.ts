/**
 * Envelopes as they stand in a frame: positional arrays.
 *
 * Owns: which field stands where. Its neighbour `frame.ts` owns what envelopes travel in,
 * `packing.ts` the bytes.
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
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { shown } from "./shown.ts";

/** How many addresses an ask chain may name. */
export const MAX_ASK_CHAIN = 32;

const SIGNATURE_AT = 14;
const SIGNATURE_BYTES = 64;
/** The forms of a claimed body; a claim carries the index. */
const FORMS: readonly Claim["form"][] = ["packed", "bytes"];

const HIGHEST_KIND = Math.max(...Object.values(EnvelopeKind));

/**
 * The wire form of an envelope: an array of 6 to 16 elements.
 *
 * Cost: one array.
 */
export function wireOf(envelope: Envelope): readonly unknown[] {
  const wire: unknown[] = [
    envelope.kind,
    envelope.id,
    envelope.to,
    envelope.from,
    envelope.correlation,
    envelope.type,
    envelope.claim === undefined ? envelope.body : null,
    envelope.ttlMs,
  ];
  if (envelope.claim !== undefined || envelope.token !== undefined) {
    wire.push(
      envelope.sequence,
      envelope.traceparent,
      envelope.attempt,
      envelope.idempotencyKey,
      envelope.askChain,
      claimWire(envelope.claim),
    );
    if (envelope.token !== undefined) wire.push(undefined, envelope.token);
  } else if (envelope.askChain !== undefined) {
    wire.push(
      envelope.sequence,
      envelope.traceparent,
      envelope.attempt,
      envelope.idempotencyKey,
      envelope.askChain,
    );
  } else if (envelope.idempotencyKey !== undefined) {
    wire.push(envelope.sequence, envelope.traceparent, envelope.attempt, envelope.idempotencyKey);
  } else if (envelope.attempt !== undefined) {
    wire.push(envelope.sequence, envelope.traceparent, envelope.attempt);
  } else if (envelope.traceparent !== undefined) {
    wire.push(envelope.sequence, envelope.traceparent);
  } else if (envelope.sequence !== undefined) {
    wire.push(envelope.sequence);
  } else if (envelope.ttlMs === 0) {
    wire.length = envelope.body === undefined ? 6 : 7;
  }
  if (envelope.signature !== undefined) addSignature(wire, envelope.signature);
  return wire;
}

/** What is before it and absent is `undefined`; a token may stand behind it. */
function addSignature(wire: unknown[], { incarnation, bytes }: Signature): void {
  while (wire.length < SIGNATURE_AT) wire.push(undefined);
  wire[SIGNATURE_AT] = [incarnation, bytes];
}

/** The envelope that an element of a frame stands for, or in one line why it stands for none. */
export function envelopeFrom(wire: unknown): Result<Envelope, string> {
  if (!Array.isArray(wire)) return err("an envelope is not an array");
  // By index: destructuring an array iterates it, several times slower.
  const kind: unknown = wire[0];
  const id: unknown = wire[1];
  const to: unknown = wire[2];
  const from: unknown = wire[3];
  const correlation: unknown = wire[4];
  const type: unknown = wire[5];
  const body: unknown = wire[6];
  const ttlMs: unknown = wire[7] ?? 0;
  const sequence: unknown = wire[8] ?? undefined;
  const traceparent: unknown = wire[9] ?? undefined;
  const attempt: unknown = wire[10] ?? undefined;
  const idempotencyKey: unknown = wire[11] ?? undefined;
  const askChain: unknown = wire[12] ?? undefined;
  const claimed: unknown = wire[13] ?? undefined;
  const claim = claimed === undefined ? undefined : claimFrom(claimed);
  const token: unknown = wire[15] ?? undefined;
  if (!isKind(kind)) return err(`unknown envelope kind ${shown(kind)}`);
  if (!isCount(id)) return err("the id is not a count");
  if (typeof to !== "string") return err("the destination is not a string");
  if (typeof from !== "string") return err("the sender is not a string");
  if (!isCount(correlation)) return err("the correlation is not a count");
  if (typeof type !== "string") return err("the type is not a string");
  if (!isSpan(ttlMs)) return err("the time left is not a span");
  if (sequence !== undefined && !isCount(sequence)) return err("the sequence is not a count");
  if (traceparent !== undefined && typeof traceparent !== "string")
    return err("the traceparent is not a string");
  if (attempt !== undefined && !isCount(attempt)) return err("the attempt is not a count");
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string")
    return err("the idempotency key is not a string");
  if (askChain !== undefined && !isAskChain(askChain)) return err("the ask chain is malformed");
  if (claimed !== undefined && claim === undefined) return err("the claim is malformed");
  if (token !== undefined && !isCount(token)) return err("the token is not a count");
  const signature = signatureFrom(wire[SIGNATURE_AT]);
  if (signature === null) return err("the signature is malformed");
  return ok({
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
  });
}

/** `null` = it is none. */
function signatureFrom(wire: unknown): Signature | undefined | null {
  if (wire === undefined || wire === null) return undefined;
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
