/**
 * Values to the bytes of a message, one after the other, into a buffer that messages share.
 *
 * Owns: the bytes of what frames are made of: texts, counts, bytes, plain arrays and objects. Its
 * neighbour `packing.ts` packs what is rarer, and owns the limits; `frame.ts` says what follows what.
 *
 * B1: the bytes are those that `pack` would give for the same value; a test holds them to it.
 * B2: what exceeds the limits of P3 is refused, as there.
 * B3: what was given out is never written to again.
 *
 * Cost: no object per value. Packing an array that was made for it takes about three times as long; for
 * bytes in it, ten times.
 */
import { faultIn, MAX_DEPTH, MAX_NODES, pack } from "./packing.ts";

/** Messages share buffers of this size; one that outgrows its buffer gets one of its own. */
const SHARED_BYTES = 65_536;
/** With less room than this, or than the message before took, one begins in a new buffer. */
const LEAST_ROOM = 2_048;
/** Longer texts, and those that are not ASCII, are left to the engine's own encoder. */
const SHORT_TEXT = 48;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Writes one message at a time. Its fields are plain: all are touched for each value. */
export class WireWriter {
  private bytes: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  private start = 0;
  private at = 0;
  private nodes = 0;
  /** How long the next message may be: one that does not fit is copied as it grows. */
  private likely: number = LEAST_ROOM;
  private hasPacked: boolean = false;

  /** Begins a message; one that was not ended is forgotten. */
  begin(): void {
    this.nodes = 0;
    this.hasPacked = false;
    this.at = this.start;
    const isOwn = this.bytes.length > SHARED_BYTES;
    if (isOwn || this.bytes.length - this.start < this.likely) this.renew();
  }

  /**
   * The message.
   *
   * @throws {TypeError} when it exceeds the limits
   */
  end(): Uint8Array {
    const message = new Uint8Array(
      this.bytes.buffer,
      this.bytes.byteOffset + this.start,
      this.at - this.start,
    );
    if (this.nodes > MAX_NODES) throw uncarried(`more than ${MAX_NODES} values`);
    const fault = this.hasPacked ? faultIn(message) : undefined;
    if (fault !== undefined) throw uncarried(fault);
    this.start = this.at;
    this.likely = Math.min(Math.max(LEAST_ROOM, message.length), SHARED_BYTES);
    return message;
  }

  /** The head of an array of `length` values, which follow. */
  array(length: number): void {
    this.room(5);
    this.nodes++;
    if (length < 0x10) this.bytes[this.at++] = 0x90 | length;
    else this.head(length, 0, 0xdc, 0xdd);
  }

  /** What is absent among others. */
  absent(): void {
    this.room(3);
    this.nodes++;
    this.bytes[this.at++] = 0xd4;
    this.bytes[this.at++] = 0;
    this.bytes[this.at++] = 0;
  }

  number(value: number): void {
    this.room(9);
    this.nodes++;
    const { bytes } = this;
    if (value >>> 0 === value) {
      if (value < 0x80) bytes[this.at++] = value;
      else this.head(value, 0xcc, 0xcd, 0xce);
    } else if (value >> 0 === value) {
      this.negative(value);
    } else {
      scratch.setFloat64(0, value);
      bytes[this.at++] = 0xcb;
      for (let i = 0; i < 8; i++) bytes[this.at++] = scratchBytes[i] as number;
    }
  }

  text(value: string): void {
    this.nodes++;
    if (value.length < SHORT_TEXT && this.shortText(value)) return;
    this.longText(value);
  }

  binary(value: Uint8Array): void {
    this.nodes++;
    const { length } = value;
    this.room(length + 5);
    this.head(length, 0xc4, 0xc5, 0xc6);
    this.bytes.set(value, this.at);
    this.at += length;
  }

  /**
   * Any value of plain data.
   *
   * @param depth - how many arrays are open around it
   * @throws {TypeError} when it cannot be carried
   */
  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.text(value);
        return;
      case "number":
        this.number(value);
        return;
      case "undefined":
        this.absent();
        return;
      case "boolean":
        this.byte(value ? 0xc3 : 0xc2);
        return;
      case "object":
        if (value === null) this.byte(0xc0);
        else this.object(value, depth);
        return;
      default:
        this.packed(value);
    }
  }

  private object(value: object, depth: number): void {
    switch (value.constructor as unknown) {
      case Object:
        this.fields(value as Readonly<Record<string, unknown>>, depth);
        return;
      case Array:
        this.elements(value as readonly unknown[], depth);
        return;
      case Uint8Array:
      case Buffer:
        this.binary(value as Uint8Array);
        return;
      default:
        this.packed(value);
    }
  }

  private elements(values: readonly unknown[], depth: number): void {
    const { length } = values;
    this.array(length);
    this.refuseBeyond(length, depth);
    for (let i = 0; i < length; i++) this.value(values[i], depth + 1);
  }

  private fields(value: Readonly<Record<string, unknown>>, depth: number): void {
    let length = 0;
    const keys = Object.keys(value);
    for (const key of keys) if (value[key] !== undefined) length++;
    this.room(5);
    this.nodes++;
    if (length < 0x10) this.bytes[this.at++] = 0x80 | length;
    else this.head(length, 0, 0xde, 0xdf);
    this.refuseBeyond(length, depth);
    for (const key of keys) {
      const field = value[key];
      if (field === undefined) continue;
      this.text(key);
      this.value(field, depth + 1);
    }
  }

  /** Before its values are written: a cycle ends here. */
  private refuseBeyond(length: number, depth: number): void {
    if (length > 0 && depth >= MAX_DEPTH) throw uncarried(`nested deeper than ${MAX_DEPTH} levels`);
    if (this.nodes + length > MAX_NODES) throw uncarried(`more than ${MAX_NODES} values`);
  }

  /** What is rare: packed apart, and looked at once more with the whole. */
  private packed(value: unknown): void {
    const bytes = pack(value);
    this.hasPacked = true;
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Whether a text was written, which is so when all of it is ASCII. */
  private shortText(value: string): boolean {
    const { length } = value;
    this.room(length + 2);
    const { bytes } = this;
    let at = this.at;
    if (length < 0x20) bytes[at++] = 0xa0 | length;
    else {
      bytes[at++] = 0xd9;
      bytes[at++] = length;
    }
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  /** Written where it belongs when it is ASCII, and moved when its head is longer than that takes. */
  private longText(value: string): void {
    const { length } = value;
    this.room(length * 3 + 5);
    const { bytes, at } = this;
    const guess = textHead(length);
    const written = bytes.write(value, at + guess);
    const head = textHead(written);
    if (head !== guess) bytes.copyWithin(at + head, at + guess, at + guess + written);
    if (head === 1) bytes[this.at++] = 0xa0 | written;
    else this.head(written, 0xd9, 0xda, 0xdb);
    this.at += written;
  }

  private byte(value: number): void {
    this.room(1);
    this.nodes++;
    this.bytes[this.at++] = value;
  }

  private negative(value: number): void {
    const { bytes } = this;
    if (value >= -0x20) bytes[this.at++] = 0x100 + value;
    else if (value >= -0x80) {
      bytes[this.at++] = 0xd0;
      bytes[this.at++] = value & 0xff;
    } else if (value >= -0x8000) {
      bytes[this.at++] = 0xd1;
      bytes[this.at++] = (value >> 8) & 0xff;
      bytes[this.at++] = value & 0xff;
    } else {
      bytes[this.at++] = 0xd2;
      this.at = bytes.writeInt32BE(value, this.at);
    }
  }

  /** A number of 0 to 2^32 - 1 behind the head for its width; without one of 1 byte it takes 2. */
  private head(value: number, head8: number, head16: number, head32: number): void {
    const { bytes } = this;
    if (value < 0x100 && head8 !== 0) {
      bytes[this.at++] = head8;
      bytes[this.at++] = value;
    } else if (value < 0x10000) {
      bytes[this.at++] = head16;
      bytes[this.at++] = value >> 8;
      bytes[this.at++] = value & 0xff;
    } else {
      bytes[this.at++] = head32;
      this.at = bytes.writeUInt32BE(value, this.at);
    }
  }

  private room(bytes: number): void {
    if (this.at + bytes > this.bytes.length) this.grow(bytes);
  }

  private grow(bytes: number): void {
    const written = this.at - this.start;
    const least = written + bytes;
    // Twice as much as there was, as long as that is little: many small growths would cost their square.
    const grown = Buffer.allocUnsafeSlow(least + Math.min(least, 4 * SHARED_BYTES));
    this.bytes.copy(grown, 0, this.start, this.at);
    this.bytes = grown;
    this.start = 0;
    this.at = written;
  }

  private renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(SHARED_BYTES);
    this.start = 0;
    this.at = 0;
  }
}

/** How many bytes stand before a text of as many. */
function textHead(bytes: number): number {
  if (bytes < 0x20) return 1;
  if (bytes < 0x100) return 2;
  return bytes < 0x10000 ? 3 : 5;
}

function uncarried(why: string): TypeError {
  return new TypeError(`cannot be carried: ${why}`);
}
