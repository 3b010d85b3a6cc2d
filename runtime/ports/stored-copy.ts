/**
 * What a store in memory keeps of a value: a copy, within a size.
 *
 * Owns: the sizes at which a server refuses. What a message may consist of is `plain-data.ts`.
 *
 * C1: the copy shares nothing with its original.
 * C2: the size is about what a server would be sent; a value within a few bytes of the limit may be
 *     taken here and refused there.
 *
 * Cost: one pass for the copy, one for the size; a `serialize` would be four times as slow.
 */
import { messageOf, TroupeError } from "../troupe-error.ts";

/** What a server takes in one message, 1 MB by default, less what stands around the value. */
export const MOST_STORED_BYTES: number = 1_048_576 - 4_096;

/** A number, and what announces it. */
const NUMBER_BYTES = 9;
/** What announces a text, an array or an object. */
const HEAD_BYTES = 3;
const DEEPEST = 1_000;

/**
 * A copy of a value.
 *
 * @param what - names it in the error, for example `the value of k`
 * @throws {TypeError} when it is not plain data
 * @throws {TroupeError} `payload.too-large`
 */
export function storedCopy<T>(value: T, what: string, mostBytes: number = MOST_STORED_BYTES): T {
  let copy: T;
  let sizeBytes: number;
  try {
    copy = structuredClone(value);
    sizeBytes = sizeOf(copy, 0);
  } catch (cause) {
    throw new TypeError(`cannot be carried: ${messageOf(cause)}`, { cause });
  }
  if (sizeBytes <= mostBytes) return copy;
  throw new TroupeError(
    "payload.too-large",
    `${what} has about ${sizeBytes} bytes, more than ${mostBytes}`,
    { data: { sizeBytes, mostBytes } },
  );
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === "string") return HEAD_BYTES + Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return NUMBER_BYTES;
  if (depth > DEEPEST) throw new RangeError("it is nested too deeply");
  if (ArrayBuffer.isView(value)) return HEAD_BYTES + value.byteLength;
  let sizeBytes = HEAD_BYTES;
  if (Array.isArray(value)) {
    for (const element of value) sizeBytes += sizeOf(element, depth + 1);
    return sizeBytes;
  }
  for (const [name, field] of Object.entries(value))
    sizeBytes += HEAD_BYTES + name.length + sizeOf(field, depth + 1);
  return sizeBytes;
}
