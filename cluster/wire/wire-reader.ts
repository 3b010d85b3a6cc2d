/**
 * The values of a message that arrived, one after the other.
 *
 * Owns: decoding of what frames are made of. Its neighbour `packing.ts` scans the bytes before, which is
 * why nothing here looks for their end, and decodes what is rarer; `frame.ts` says what follows what.
 *
 * R1: a value is what `unpack` would give for its bytes; a test holds it to that.
 * R2: a value that cannot be decoded is a {@link Fault}, and reading goes on behind it.
 * R3: texts that come again and again, such as addresses, are one string and not many: nothing is made for
 *     them, and comparing and looking them up takes no look at their characters.
 *
 * Byte arrays are views on the message.
 *
 * Cost: a comparison per character of a text that came before; no object but what is returned.
 */
import { faultIn, unpack } from "./packing.ts";

/** What a value that cannot be decoded is read as. */
export class Fault {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** What `toString("utf8", …)` of a buffer calls; directly it takes a third less. */
type Utf8Buffer = Buffer & { utf8Slice(start: number, end: number): string };

/** How many texts are remembered, and the longest of them. */
const REMEMBERED = 1_024;
const LONGEST_REMEMBERED = 96;

/** How many bytes follow the heads of what is rare: a float of 32 bits, signed integers, those of 64, times. */
const RARE_BYTES: ReadonlyMap<number, number> = new Map([
  [0xca, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
  [0xd6, 5],
  [0xd7, 9],
  [0xc7, 14],
]);

const remembered: string[] = new Array<string>(REMEMBERED).fill("");
const scratch = new DataView(new ArrayBuffer(8));
const NOTHING = Buffer.alloc(0) as Utf8Buffer;

/** Reads one message at a time. Its fields are plain: all are touched for each value. */
export class WireReader {
  private bytes: Utf8Buffer = NOTHING;
  private at = 0;
  /** Something rare was met in the value that is being read. */
  private isRare: boolean = false;

  /** Begins with a message; what is wrong with it, or `undefined`. */
  open(bytes: Uint8Array): string | undefined {
    const fault = faultIn(bytes);
    if (fault !== undefined) return fault;
    this.bytes = (
      Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    ) as Utf8Buffer;
    this.at = 0;
    return undefined;
  }

  /** Lets go of the message. */
  close(): void {
    this.bytes = NOTHING;
  }

  /** How many values follow, when an array does; otherwise `undefined`, and nothing was read. */
  array(): number | undefined {
    const { bytes, at } = this;
    const head = bytes[at] as number;
    if (head >= 0x90 && head < 0xa0) {
      this.at++;
      return head & 0x0f;
    }
    if (head !== 0xdc && head !== 0xdd) return undefined;
    this.at++;
    return this.uint(head === 0xdc ? 2 : 4);
  }

  /** The next value, which is likely to come again if it is a text. */
  known(): unknown {
    const head = this.bytes[this.at] as number;
    if (head >= 0xa0 && head < 0xc0) {
      this.at++;
      return this.knownText(head & 0x1f);
    }
    if (head !== 0xd9) return this.value();
    this.at += 2;
    return this.knownText(this.bytes[this.at - 1] as number);
  }

  /** The next value. */
  value(): unknown {
    const start = this.at;
    this.isRare = false;
    const value = this.read();
    if (!this.isRare) return value;
    const unpacked = unpack(this.bytes.subarray(start, this.at));
    return unpacked.ok ? unpacked.value : new Fault(unpacked.error);
  }

  private read(): unknown {
    const { bytes } = this;
    const head = bytes[this.at++] as number;
    if (head < 0x80) return head;
    if (head < 0x90) return this.fields(head & 0x0f);
    if (head < 0xa0) return this.elements(head & 0x0f);
    if (head < 0xc0) return this.text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.uint(1));
      case 0xc5:
        return this.binary(this.uint(2));
      case 0xc6:
        return this.binary(this.uint(4));
      case 0xcb:
        return this.float64();
      case 0xcc:
        return this.uint(1);
      case 0xcd:
        return this.uint(2);
      case 0xce:
        return this.uint(4);
      case 0xd4: // undefined
        this.at += 2;
        return undefined;
      case 0xd9:
        return this.text(this.uint(1));
      case 0xda:
        return this.text(this.uint(2));
      case 0xdb:
        return this.text(this.uint(4));
      case 0xdc:
        return this.elements(this.uint(2));
      case 0xdd:
        return this.elements(this.uint(4));
      case 0xde:
        return this.fields(this.uint(2));
      case 0xdf:
        return this.fields(this.uint(4));
      default:
        return this.rare(head);
    }
  }

  /** Passes over what is decoded elsewhere. */
  private rare(head: number): undefined {
    this.isRare = true;
    this.at += RARE_BYTES.get(head) ?? 0;
  }

  private elements(length: number): readonly unknown[] {
    const elements: unknown[] = [];
    for (let i = 0; i < length; i++) elements.push(this.read());
    return elements;
  }

  private fields(length: number): object {
    const fields: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.key();
      const field = this.read();
      if (typeof key === "string") fields[key === "__proto__" ? "__proto_" : key] = field;
      else this.isRare = true;
    }
    return fields;
  }

  private key(): unknown {
    const head = this.bytes[this.at] as number;
    if (head < 0xa0 || head >= 0xc0) return this.read();
    this.at++;
    return this.knownText(head & 0x1f);
  }

  private binary(length: number): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    const start = byteOffset + this.at;
    this.at += length;
    return new Uint8Array(buffer, start, length);
  }

  private float64(): number {
    const { bytes } = this;
    for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[this.at++] as number);
    return scratch.getFloat64(0);
  }

  private text(length: number): string {
    const start = this.at;
    this.at += length;
    return this.bytes.utf8Slice(start, this.at);
  }

  /** A text as {@link text} gives it, without making it when it came before (R3). */
  private knownText(length: number): string {
    if (length === 0) return "";
    if (length > LONGEST_REMEMBERED) return this.text(length);
    const { bytes, at } = this;
    const last = bytes[at + length - 1] as number;
    const middle = bytes[at + (length >>> 1)] as number;
    const place = (length * 61 + last * 7 + middle * 131 + (bytes[at] as number) * 17) % REMEMBERED;
    const text = remembered[place] as string;
    if (text.length === length) {
      let i = 0;
      while (i < length && text.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) {
        this.at += length;
        return text;
      }
    }
    const read = this.text(length);
    // Then each of its characters is one byte, and they can be compared as above.
    if (read.length === length) remembered[place] = read;
    return read;
  }

  private uint(width: 1 | 2 | 4): number {
    const { bytes } = this;
    let value = bytes[this.at++] as number;
    for (let i = 1; i < width; i++) value = value * 256 + (bytes[this.at++] as number);
    return value;
  }
}
