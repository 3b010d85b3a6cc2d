/**
 * Where a link puts the bodies that no frame carries, and takes those of its peer from.
 *
 * Owns: what the two ways have in common. `claim-store.ts` is the way by an object store, `link-parts.ts` the
 * one along the link itself.
 *
 * B1: a body that is bytes is kept as they are; any other is packed as in a frame.
 * B2: what is kept was copied or packed at once: what its owner does to it afterwards changes nothing.
 */
import type { Claim, Envelope } from "../../runtime/remote/envelope.ts";
import type { Result } from "../../runtime/result.ts";
import { ok } from "../../runtime/result.ts";
import { pack, unpack } from "./packing.ts";
import type { WireFeature } from "./wire-features.ts";

/** The largest body that is sure to travel in a frame; larger ones may. */
export const INLINE_BYTES: number = 256 * 1024;
const GIGABYTE = 1024 * 1024 * 1024;

/** A body as it is kept. */
export interface KeptBody {
  readonly bytes: Uint8Array;
  readonly form: Claim["form"];
}

/** One way of one link. */
export interface BodyStore {
  /** The size of the largest body, in bytes. */
  readonly mostBytes: number;
  /** What the peer must read. */
  readonly feature: WireFeature;
  /** Keeps a body for the peer; rejects when that fails, or is given up. */
  keep(body: KeptBody, signal: AbortSignal): Promise<Claim>;
  /** A body that the peer kept, or in one line why it cannot be had; never rejects. */
  fetch(claim: Claim): Promise<Result<unknown, string>>;
  /** Lets go of a body that was fetched, or whose envelope did not leave; never rejects. */
  discard(claim: Claim): Promise<void>;
}

/**
 * The size of the largest body, as users give it.
 *
 * @throws {RangeError} when it is no whole number of at least 256 KB and at most 1 GB
 */
export function checkedMostBodyBytes(mostBytes: number): number {
  if (Number.isInteger(mostBytes) && mostBytes >= INLINE_BYTES && mostBytes <= GIGABYTE)
    return mostBytes;
  throw new RangeError(`mostBodyBytes must be ${INLINE_BYTES} to ${GIGABYTE}: ${mostBytes}`);
}

/** Whether a body is seen at once not to fit into a frame. Cost: O(1). */
export function isLarge(body: unknown): boolean {
  if (typeof body === "string") return body.length > INLINE_BYTES;
  return body instanceof Uint8Array && body.byteLength > INLINE_BYTES;
}

/**
 * A body as it is to be kept.
 *
 * @throws {TypeError} when it cannot be carried
 */
export function keptBody(body: unknown): KeptBody {
  if (body instanceof Uint8Array) return { bytes: new Uint8Array(body), form: "bytes" };
  return { bytes: pack(body), form: "packed" };
}

/** The body that was kept, or in one line why the bytes are none. */
export function bodyOf({ bytes, form }: KeptBody): Result<unknown, string> {
  return form === "bytes" ? ok(bytes) : unpack(bytes);
}

/** An envelope that says where its body is. */
export function claimedEnvelope(envelope: Envelope, claim: Claim): Envelope {
  return { ...envelope, body: undefined, claim };
}

/** An envelope with the body that it had claimed. */
export function redeemedEnvelope(envelope: Envelope, body: unknown): Envelope {
  return { ...envelope, body, claim: undefined };
}
