/**
 * Plain data: what a message may consist of wherever it goes.
 *
 * Owns: copying a value as a wire would carry it, and saying in one line what cannot travel. The wire
 * itself is `cluster/wire/packing.ts`; a test holds the two to the same copy.
 *
 * D1: null, booleans, numbers, strings, 64-bit bigints, dates, byte arrays, arrays and objects of these.
 * D2: a field that is `undefined` is left out; an element that is `undefined` or missing stays as
 *     `undefined`. What would arrive as something else is refused here: an instance of a class, half a
 *     character, a field named `__proto__` or `toJSON`.
 * D3: at most 32 levels and 65,536 values. D4: a copy shares nothing with its original.
 *
 * Cost: one pass, one copy.
 */
import { err, ok, type Result } from "./result.ts";
import { messageOf } from "./troupe-error.ts";

/** The deepest nesting that is carried; a scalar has depth 0. */
const MAX_DEPTH = 32;
/** How many values, keys and containers one message may hold. */
const MAX_NODES = 65_536;
const MAX_INTEGER = 2n ** 63n;
/** Names that a packer renames, or takes for a method. */
const NOT_FIELDS: ReadonlySet<string> = new Set(["__proto__", "toJSON"]);
/** One of a pair of surrogates without the other: no encoding of text carries it. */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** Why a value cannot be a message. */
export interface NotPlain {
  readonly code: "ask.undecodable" | "payload.too-large";
  readonly why: string;
}

/** Copies a value as a wire would carry it. */
export type CopyMessage = (value: unknown) => Result<unknown, NotPlain>;

/** Copies what may travel, within a size. */
export function copierOf(maxBytes: number): CopyMessage {
  return (value) => {
    const walk = new Walk();
    try {
      const copy = walk.copy(value, 0, "it");
      if (walk.sizeBytes <= maxBytes) return ok(copy);
      const why = `about ${walk.sizeBytes} bytes, more than ${maxBytes}`;
      return err({ code: "payload.too-large", why });
    } catch (error) {
      // Whatever a getter threw: such a value is not plain either.
      return err({ code: "ask.undecodable", why: messageOf(error) });
    }
  };
}

/** Thrown inside this file only. */
class Unfit extends Error {
  override readonly name: string = "Unfit";
}

class Walk {
  #nodes = 0;
  /** About what the value takes on a wire. */
  sizeBytes = 0;

  copy(value: unknown, depth: number, where: string): unknown {
    if (++this.#nodes > MAX_NODES) throw new Unfit(`more than ${MAX_NODES} values`);
    switch (typeof value) {
      case "undefined":
        this.sizeBytes += 3;
        return undefined;
      case "boolean":
        this.sizeBytes += 1;
        return value;
      case "number":
        this.sizeBytes += Number.isInteger(value) && Math.abs(value) < 128 ? 1 : 9;
        return value === 0 ? 0 : value;
      case "string":
        return this.#text(value, where);
      case "bigint":
        if (value >= -MAX_INTEGER && value < MAX_INTEGER * 2n) {
          this.sizeBytes += 9;
          return value;
        }
        throw new Unfit(`${where} is a bigint of more than 64 bits`);
      case "function":
      case "symbol":
        throw new Unfit(`${where} is a ${typeof value}`);
      case "object":
        return this.#object(value, depth, where);
    }
  }

  #object(value: object | null, depth: number, where: string): unknown {
    if (value === null) {
      this.sizeBytes += 1;
      return null;
    }
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw new Unfit(`${where} is no valid date`);
      this.sizeBytes += 10;
      return new Date(value);
    }
    if (value instanceof Uint8Array) {
      this.sizeBytes += 5 + value.byteLength;
      return Uint8Array.from(value);
    }
    if (depth === MAX_DEPTH) throw new Unfit(`nested deeper than ${MAX_DEPTH} levels, or a cycle`);
    this.sizeBytes += 3;
    if (Array.isArray(value)) {
      return Array.from(value, (item, i) => this.copy(item, depth + 1, `${where}[${i}]`));
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const name = value.constructor?.name ?? "an unnamed class";
      throw new Unfit(`${where} is an instance of ${name}, which would arrive as a bare object`);
    }
    const copy: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(value)) {
      if (field === undefined) continue;
      if (NOT_FIELDS.has(key)) throw new Unfit(`${where} has a field ${key}`);
      this.#nodes++;
      copy[this.#text(key, `a field's name of ${where}`)] = this.copy(
        field,
        depth + 1,
        `${where}.${key}`,
      );
    }
    return copy;
  }

  #text(text: string, where: string): string {
    if (HALF_CHARACTER.test(text)) throw new Unfit(`${where} holds half a character`);
    this.sizeBytes += 1 + Buffer.byteLength(text);
    return text;
  }
}
