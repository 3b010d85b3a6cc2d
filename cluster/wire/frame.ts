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
import { shown } from "../../runtime/shown.ts";
import { readEnvelope, writeEnvelope } from "./envelope-codec.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** The version that this node writes and reads. */
export const FRAME_VERSION = 1;

const reader = new WireReader();
/** Absent while it writes. */
let writer: WireWriter | undefined = new WireWriter();

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
  const wire = writer ?? new WireWriter();
  // A body's getter may send, and what it sends may fill a frame.
  writer = undefined;
  try {
    wire.begin();
    write(wire, header, envelopes);
    return wire.end();
  } finally {
    writer = wire;
  }
}

function write(wire: WireWriter, header: FrameHeader, envelopes: readonly Envelope[]): void {
  const { linkSeq, baseSeq, target, resend } = header;
  let length = 5;
  if (resend) length = 8;
  else if (target !== "") length = 7;
  else if (baseSeq !== linkSeq) length = 6;
  wire.array(length);
  wire.number(FRAME_VERSION);
  wire.text(header.incarnation);
  wire.number(linkSeq);
  wire.number(header.ackSeq);
  wire.array(envelopes.length);
  for (const envelope of envelopes) writeEnvelope(wire, envelope);
  if (length > 5) wire.number(baseSeq);
  if (length > 6) wire.text(target);
  if (length > 7) wire.number(1);
}

/** The frame that the bytes stand for, or in one line why they stand for none. */
export function parseFrame(bytes: Uint8Array): Result<Frame, string> {
  const fault = reader.open(bytes);
  if (fault !== undefined) return err(fault);
  try {
    return read(reader);
  } finally {
    reader.close();
  }
}

function read(wire: WireReader): Result<Frame, string> {
  const length = wire.array();
  if (length === undefined) return err("a frame is not an array");
  const version = length > 0 ? wire.value() : undefined;
  if (version !== FRAME_VERSION)
    return err(`frame version ${shown(version)}; this node reads ${FRAME_VERSION}`);
  const incarnation = length > 1 ? wire.known() : undefined;
  const linkSeq = length > 2 ? wire.value() : undefined;
  const ackSeq = length > 3 ? wire.value() : undefined;
  const count = length > 4 ? wire.array() : undefined;
  if (typeof incarnation !== "string") return err("the incarnation is not a string");
  if (!isSequence(linkSeq) || !isSequence(ackSeq)) return err("a sequence number is not a count");
  if (count === undefined) return err("the envelopes are not an array");
  const envelopes: Envelope[] = [];
  const faults: string[] = [];
  for (let i = 0; i < count; i++) {
    const envelope = readEnvelope(wire);
    if (typeof envelope !== "string") envelopes.push(envelope);
    else faults.push(envelope);
  }
  const baseSeq = length > 5 ? (wire.value() ?? linkSeq) : linkSeq;
  const target = length > 6 ? (wire.known() ?? "") : "";
  const resend = length > 7 && wire.value() === 1;
  if (!isSequence(baseSeq)) return err("a sequence number is not a count");
  if (baseSeq > linkSeq)
    return err("the sender holds later frames than this one, and not this one");
  if (typeof target !== "string") return err("the target is not a string");
  return ok({ incarnation, linkSeq, ackSeq, baseSeq, target, resend, envelopes, faults });
}

function isSequence(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
