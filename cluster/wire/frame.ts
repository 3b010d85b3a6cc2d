/**
 * What is published on a link: some envelopes with what keeps the link in order.
 *
 * Owns: the frame's fields and bytes. Its neighbour `link.ts` owns what the numbers make of a link,
 * `envelope-codec.ts` the envelopes inside.
 *
 * F1: a frame is the array `[version, incarnation, linkSeq, ackSeq, envelopes, baseSeq, target,
 *     resend]`; the last three are left out when they say nothing, what follows them is ignored.
 * F2: an undecodable envelope does not take its neighbours with it: it is reported beside them.
 * F3: a frame of another version is refused as a whole, with its version named.
 */
import type { Envelope } from "../../runtime/remote/envelope.ts";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { envelopeFrom, wireOf } from "./envelope-codec.ts";
import { pack, unpack } from "./packing.ts";
import { shown } from "./shown.ts";

/** The version that this node writes and reads. */
export const FRAME_VERSION = 1;

/** What a frame says beside its envelopes. */
export interface FrameHeader {
  /** The sending node's; grows with every start of a node of that name. */
  readonly incarnation: string;
  /** Counts the frames of this link from 1; 0 for a frame that carries only an acknowledgement. */
  readonly linkSeq: number;
  /** The last frame of the other direction that arrived in order; 0 for none. */
  readonly ackSeq: number;
  /** The first frame that the sender still holds; no earlier one will ever come again. */
  readonly baseSeq: number;
  /** The receiver's incarnation as the sender knows it; empty when it does not. */
  readonly target: string;
  /** The sender missed something: everything after `ackSeq` is to be sent again. */
  readonly resend: boolean;
}

/** A frame as it arrived. */
export interface Frame extends FrameHeader {
  readonly envelopes: readonly Envelope[];
  /** One line for each envelope that could not be read. */
  readonly faults: readonly string[];
}

/**
 * The bytes of a frame.
 *
 * @throws {TypeError} when a body cannot be carried
 */
export function frameBytes(header: FrameHeader, envelopes: readonly Envelope[]): Uint8Array {
  const { incarnation, linkSeq, ackSeq, baseSeq, target, resend } = header;
  const frame: unknown[] = [FRAME_VERSION, incarnation, linkSeq, ackSeq, envelopes.map(wireOf)];
  if (resend) frame.push(baseSeq, target, 1);
  else if (target !== "") frame.push(baseSeq, target);
  else if (baseSeq !== linkSeq) frame.push(baseSeq);
  return pack(frame);
}

/** The frame that the bytes stand for, or in one line why they stand for none. */
export function parseFrame(bytes: Uint8Array): Result<Frame, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const frame = unpacked.value;
  if (!Array.isArray(frame)) return err("a frame is not an array");
  const version: unknown = frame[0];
  const incarnation: unknown = frame[1];
  const linkSeq: unknown = frame[2];
  const ackSeq: unknown = frame[3];
  const wires: unknown = frame[4];
  const baseSeq: unknown = frame[5] ?? linkSeq;
  const target: unknown = frame[6] ?? "";
  const resend: unknown = frame[7];
  if (version !== FRAME_VERSION)
    return err(`frame version ${shown(version)}; this node reads ${FRAME_VERSION}`);
  if (typeof incarnation !== "string") return err("the incarnation is not a string");
  if (!isSequence(linkSeq) || !isSequence(ackSeq) || !isSequence(baseSeq))
    return err("a sequence number is not a count");
  if (typeof target !== "string") return err("the target is not a string");
  if (!Array.isArray(wires)) return err("the envelopes are not an array");
  const envelopes: Envelope[] = [];
  const faults: string[] = [];
  for (const wire of wires) {
    const envelope = envelopeFrom(wire);
    if (envelope.ok) envelopes.push(envelope.value);
    else faults.push(envelope.error);
  }
  return ok({
    incarnation,
    linkSeq,
    ackSeq,
    baseSeq,
    target,
    resend: resend === 1,
    envelopes,
    faults,
  });
}

function isSequence(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
