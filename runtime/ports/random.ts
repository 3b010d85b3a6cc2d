/**
 * Randomness as a port, so that a seeded world draws the same numbers each time.
 *
 * Source: sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 */
import { randomBytes } from "node:crypto";

/** A stream of random numbers, forked per owner so that one owner's draws do not shift another's. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** An integer in [0, bound); `bound` is 1 to 2^32. */
  int(bound: number): number;
  /** An identifier of 22 characters of [0-9a-z]. */
  id(): string;
  /** An independent stream that depends only on this stream's seed and on `label`. */
  fork(label: string): Random;
}

const ID_LENGTH = 22;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * A stream that is a function of its seed.
 *
 * @param seed - any 32-bit integer; other numbers are truncated to one
 */
export function seededRandom(seed: number): Random {
  return new Sfc32([seed >>> 0, 0, 0]);
}

/** A stream seeded with 96 bits from the operating system. */
export function systemRandom(): Random {
  const seed = randomBytes(12);
  return new Sfc32([seed.readUInt32LE(0), seed.readUInt32LE(4), seed.readUInt32LE(8)]);
}

/** Three 32-bit words. */
type Seed = readonly [number, number, number];

class Sfc32 implements Random {
  readonly #seed: Seed;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: Seed) {
    this.#seed = seed;
    this.#a = splitmix32(seed[0]);
    this.#b = splitmix32(seed[1] ^ this.#a);
    this.#c = splitmix32(seed[2] ^ this.#b);
    for (let i = 0; i < 12; i++) this.#uint32();
  }

  next(): number {
    return this.#uint32() / 2 ** 32;
  }

  int(bound: number): number {
    if (!(bound >= 1 && bound <= 2 ** 32))
      throw new RangeError(`bound must be 1 to 2^32: ${bound}`);
    return Math.floor(this.next() * bound);
  }

  id(): string {
    let id = "";
    for (let i = 0; i < ID_LENGTH; i++) id += DIGITS[this.int(DIGITS.length)];
    return id;
  }

  fork(label: string): Random {
    let hash = 0x811c9dc5;
    for (let i = 0; i < label.length; i++) {
      hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    }
    const [a, b, c] = this.#seed;
    return new Sfc32([splitmix32(a ^ hash), b, c]);
  }

  #uint32(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

function splitmix32(word: number): number {
  let z = (word + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
