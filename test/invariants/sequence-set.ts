/**
 * A set of sequence numbers, a bit for each.
 *
 * Owns: membership. Numbers that come close together cost an eighth of a byte each, so that a pair of
 * a million messages is remembered in 125 KB.
 */

const CHUNK = 1_024;
const WORD = 32;

/** Whole numbers from 0. */
export class SequenceSet {
  readonly #chunks = new Map<number, Uint32Array>();

  has(sequence: number): boolean {
    const words = this.#chunks.get(Math.floor(sequence / CHUNK));
    if (words === undefined) return false;
    const at = sequence % CHUNK;
    return (((words[Math.floor(at / WORD)] ?? 0) >>> (at % WORD)) & 1) === 1;
  }

  /** Adds a number; `false` = it was in already. */
  add(sequence: number): boolean {
    if (this.has(sequence)) return false;
    const chunk = Math.floor(sequence / CHUNK);
    const words = this.#chunks.get(chunk) ?? new Uint32Array(CHUNK / WORD);
    this.#chunks.set(chunk, words);
    const at = sequence % CHUNK;
    const word = Math.floor(at / WORD);
    words[word] = (words[word] ?? 0) | (1 << (at % WORD));
    return true;
  }
}
