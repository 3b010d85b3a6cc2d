/**
 * Plain data to bytes and back: MessagePack, and the one home of `msgpackr`.
 *
 * Owns: what may be carried at all. What the bytes mean is their owners' business
 * (`envelope-codec.ts`, `frame.ts`, the stores); `wire-writer.ts` and `wire-reader.ts` do the same for
 * frames, of which there are many.
 *
 * P1: what `pack` returns, every peer's `unpack` accepts; what it cannot carry it refuses.
 * P2: `unpack` never throws, whatever the bytes are.
 * P3: bytes are scanned before they are decoded: at most 32 levels, 65,536 values, and of the
 *     extension types only the timestamp and msgpackr's `undefined`. A few thousand nested levels
 *     would decode, and then overflow the stack of whoever walks the result.
 * P4: a field that is `undefined` is left out; an element that is `undefined` stays `undefined`. Minus
 *     zero comes back as zero.
 *
 * Record structures are off: they are private to msgpackr and break under loss and with many
 * senders. Byte arrays come back as views on `bytes`, not as copies.
 *
 * Cost: one pass over the headers (string and byte contents are skipped), about a third of decoding small messages.
 */
import { Packr } from "msgpackr";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";

/** The deepest nesting that is carried; a scalar has depth 0. */
export const MAX_DEPTH = 32;
/** How many values, keys and containers one message may hold. */
export const MAX_NODES = 65_536;

// `skipValues` implements P4 and, with it, map headers that count past 65,535 keys correctly.
const OPTIONS = { useRecords: false, structuredClone: false, skipValues: [undefined] };
const packr = new Packr(OPTIONS);
/** The size of the buffer that messages are packed into, and the message after which it is a new one. */
const BUFFER_BYTES = 8_192;
const LARGE_BYTES = 1_048_576;
// Scratch of `faultIn`, which never yields: values still due per open container.
const left = new Uint32Array(MAX_DEPTH + 1);

/**
 * The bytes of a value of plain data: null, booleans, numbers, strings, 64-bit bigints, dates,
 * byte arrays, arrays and objects of these.
 *
 * @throws {TypeError} when it holds a cycle, a symbol, a larger bigint, or exceeds the limits of P3
 */
export function pack(value: unknown): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = packr.pack(value);
  } catch (cause) {
    throw new TypeError(`cannot be carried: ${messageOf(cause)}`, { cause });
  }
  // It packs into one buffer that only grows, and would take as much room for every small message.
  if (bytes.length > LARGE_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(BUFFER_BYTES));
  const fault = faultIn(bytes);
  if (fault !== undefined) throw new TypeError(`cannot be carried: ${fault}`);
  return bytes;
}

/** The value that the bytes stand for, or in one line why they stand for none. */
export function unpack(bytes: Uint8Array): Result<unknown, string> {
  const fault = faultIn(bytes);
  if (fault !== undefined) return err(fault);
  try {
    return ok(packr.unpack(bytes));
  } catch (cause) {
    return err(messageOf(cause));
  }
}

/** What is wrong with the bytes, without decoding them; see P3. Iterative: depth costs no stack. */
export function faultIn(bytes: Uint8Array): string | undefined {
  let depth = 0;
  let at = 0;
  left[0] = 1;
  for (let nodes = 0; ; nodes++) {
    while (left[depth] === 0) {
      if (depth === 0)
        return at === bytes.length ? undefined : `${bytes.length - at} bytes too many`;
      depth--;
    }
    left[depth] = (left[depth] ?? 0) - 1;
    if (nodes === MAX_NODES) return `more than ${MAX_NODES} values`;
    if (at >= bytes.length) return "cut short";
    const head = bytes[at] ?? 0;
    at++;
    let children = 0;
    if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue;
    if (head < 0x90) children = (head & 0x0f) * 2;
    else if (head < 0xa0) children = head & 0x0f;
    else if (head < 0xc0) at += head & 0x1f;
    else {
      switch (head) {
        case 0xc4: // bin 8
        case 0xd9: // str 8
          at += 1 + uint(bytes, at, 1);
          break;
        case 0xc5:
        case 0xda:
          at += 2 + uint(bytes, at, 2);
          break;
        case 0xc6:
        case 0xdb:
          at += 4 + uint(bytes, at, 4);
          break;
        case 0xcc: // 1-byte integers
        case 0xd0:
          at += 1;
          break;
        case 0xcd:
        case 0xd1:
          at += 2;
          break;
        case 0xca: // float 32
        case 0xce:
        case 0xd2:
          at += 4;
          break;
        case 0xcb: // float 64
        case 0xcf:
        case 0xd3:
          at += 8;
          break;
        case 0xd4: // undefined, as msgpackr writes it
          if (bytes[at] !== 0 || bytes[at + 1] !== 0) return "an unknown extension";
          at += 2;
          break;
        case 0xd6: // timestamps of 4, 8 and 12 bytes
          if (bytes[at] !== 0xff) return "an unknown extension";
          at += 5;
          break;
        case 0xd7:
          if (bytes[at] !== 0xff) return "an unknown extension";
          at += 9;
          break;
        case 0xc7:
          if (bytes[at] !== 12 || bytes[at + 1] !== 0xff) return "an unknown extension";
          at += 14;
          break;
        case 0xdc:
          children = uint(bytes, at, 2);
          at += 2;
          break;
        case 0xdd:
          children = uint(bytes, at, 4);
          at += 4;
          break;
        case 0xde:
          children = uint(bytes, at, 2) * 2;
          at += 2;
          break;
        case 0xdf:
          children = uint(bytes, at, 4) * 2;
          at += 4;
          break;
        default:
          return `byte 0x${head.toString(16)} begins no value`;
      }
    }
    if (at > bytes.length) return "cut short";
    if (children > 0) {
      if (children > MAX_NODES) return `more than ${MAX_NODES} values`;
      depth++;
      if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
      left[depth] = children;
    }
  }
}

/** A big-endian integer of 1, 2 or 4 bytes; bytes past the end count as 0, which the caller notices. */
function uint(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
