/**
 * An index over reference texts that tells how much of each lies in a document.
 *
 * Owns: shingles (three words in a row), their weights and the comparison. Its neighbour
 * `references.ts` owns the texts, `similarity.ts` what follows from the numbers.
 *
 * A shingle weighs log(1 + texts / texts that contain it): phrases that every licence shares count
 * little, the one clause that tells two licences apart counts most. The score is Tversky's index,
 * leaning to the reference: what the document adds (names, a second licence, a preamble) costs less
 * than what it lacks.
 *
 * X1: the order of the references does not change a score. X2: a score is 1 only when document and
 * reference have the same shingles.
 *
 * Cost: adding a text is one table access per word; a comparison is one per word of the document
 * plus one per shared shingle, however many references there are.
 * Source: Broder 1997 (shingles and containment), Tversky 1977 (asymmetric similarity).
 */

/** How alike a document and one reference are. */
export interface Likeness {
  readonly licence: string;
  /** 0..1: Tversky's index over weighted shingles. */
  readonly score: number;
  /** 0..1: the weighted share of the reference that is found in the document. */
  readonly containment: number;
}

/** How much what the reference has counts against what the document has; 0.5 would be Dice. */
const LEANING = 0.7;
const SHINGLE_WORDS = 3;
/** Stands for a word that is left out; no hash is negative. */
const PARTY = -1;

/**
 * How a text calls those who give the licence is a blank to fill in, not a clause: "ISC disclaims"
 * and "the author disclaims" are one sentence. Counting them makes every ISC licence a 0BSD.
 */
const PARTY_WORDS: ReadonlySet<string> = new Set([
  "the",
  "author",
  "authors",
  "copyright",
  "company",
  "contributor",
  "contributors",
  "holder",
  "holders",
  "isc",
  "owner",
  "owners",
]);

/** Reference texts, indexed; add all of them first, then compare. */
export class ReferenceIndex {
  readonly #licences: string[] = [];
  /** Open addressing: a slot's shingle, how many texts contain it, its newest posting plus one. */
  #keys: Uint32Array;
  #counts: Uint16Array;
  #heads: Uint32Array;
  #used = 0;
  /** Postings as linked lists; `#next` is the index of the following one plus one, 0 at the end. */
  #postings: Uint16Array = new Uint16Array(1 << 12);
  #next: Uint32Array = new Uint32Array(1 << 12);
  #posted = 0;
  #totals: Float64Array | undefined;
  /** Hashes of the references' words: one look-up a word is cheaper than a hash and a look-up. */
  readonly #hashes: Map<string, number> = new Map();

  /** @param expectedShingles - how many distinct ones the texts will have; a guess, it grows */
  constructor(expectedShingles: number = 1 << 12) {
    const slots = 2 ** Math.ceil(Math.log2(expectedShingles * 2));
    this.#keys = new Uint32Array(slots);
    this.#counts = new Uint16Array(slots);
    this.#heads = new Uint32Array(slots);
  }

  /** How many texts there are to compare with. */
  get size(): number {
    return this.#licences.length;
  }

  /** Adds a text as a list of normalised words; a text of fewer than three words is never found. */
  add(licence: string, words: readonly string[]): void {
    const reference = this.#licences.length;
    this.#licences.push(licence);
    this.#totals = undefined;
    forEachShingle(words, this.#hashes, (shingle) => {
      if (this.#used * 2 >= this.#keys.length) this.#grow();
      const slot = this.#slotOf(shingle);
      const head = this.#heads[slot] ?? 0;
      if (head === 0) {
        this.#keys[slot] = shingle;
        this.#used++;
      } else if (this.#postings[head - 1] === reference) {
        return; // The text repeats itself: references come one after another, so the newest tells.
      }
      this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
      this.#heads[slot] = this.#post(reference, head);
    });
  }

  /**
   * Compares a document with every reference.
   *
   * @param words - the document's normalised words
   * @returns the references that share anything with it, best first; ties by order of addition
   */
  compare(words: readonly string[]): readonly Likeness[] {
    const totals = this.#totalWeights();
    const shared = new Float64Array(this.#licences.length);
    const seen = new Set<number>();
    let documentWeight = 0;
    forEachShingle(words, new Map(), (shingle) => {
      if (seen.has(shingle)) return;
      seen.add(shingle);
      const slot = this.#slotOf(shingle);
      const weight = this.#weight(this.#counts[slot] ?? 0);
      documentWeight += weight;
      for (let at = this.#heads[slot] ?? 0; at !== 0; at = this.#next[at - 1] ?? 0) {
        const reference = this.#postings[at - 1] ?? 0;
        shared[reference] = (shared[reference] ?? 0) + weight;
      }
    });
    const found: Likeness[] = [];
    this.#licences.forEach((licence, reference) => {
      const both = shared[reference] ?? 0;
      const total = totals[reference] ?? 0;
      if (both === 0 || total === 0) return;
      const score = both / (LEANING * total + (1 - LEANING) * documentWeight);
      found.push({ licence, score, containment: both / total });
    });
    return found.sort((a, b) => b.score - a.score);
  }

  /** A shingle that no reference has weighs as much as one that half of them have: it is no sign of any. */
  #weight(count: number): number {
    return Math.log(1 + this.#licences.length / (count === 0 ? this.#licences.length / 2 : count));
  }

  #totalWeights(): Float64Array {
    if (this.#totals !== undefined) return this.#totals;
    const totals = new Float64Array(this.#licences.length);
    for (let slot = 0; slot < this.#heads.length; slot++) {
      const weight = this.#weight(this.#counts[slot] ?? 0);
      for (let at = this.#heads[slot] ?? 0; at !== 0; at = this.#next[at - 1] ?? 0) {
        const reference = this.#postings[at - 1] ?? 0;
        totals[reference] = (totals[reference] ?? 0) + weight;
      }
    }
    this.#totals = totals;
    return totals;
  }

  /** The shingle's slot, or the free one where it would go. */
  #slotOf(shingle: number): number {
    const mask = this.#keys.length - 1;
    let slot = shingle & mask;
    while (this.#heads[slot] !== 0 && this.#keys[slot] !== shingle) slot = (slot + 1) & mask;
    return slot;
  }

  #post(reference: number, following: number): number {
    if (this.#posted === this.#postings.length) {
      const postings = new Uint16Array(this.#posted * 2);
      const next = new Uint32Array(this.#posted * 2);
      postings.set(this.#postings);
      next.set(this.#next);
      this.#postings = postings;
      this.#next = next;
    }
    this.#postings[this.#posted] = reference;
    this.#next[this.#posted] = following;
    this.#posted++;
    return this.#posted;
  }

  #grow(): void {
    const { keys, counts, heads } = { keys: this.#keys, counts: this.#counts, heads: this.#heads };
    this.#keys = new Uint32Array(keys.length * 2);
    this.#counts = new Uint16Array(keys.length * 2);
    this.#heads = new Uint32Array(keys.length * 2);
    for (let slot = 0; slot < keys.length; slot++) {
      const head = heads[slot] ?? 0;
      if (head === 0) continue;
      const target = this.#slotOf(keys[slot] ?? 0);
      this.#keys[target] = keys[slot] ?? 0;
      this.#counts[target] = counts[slot] ?? 0;
      this.#heads[target] = head;
    }
  }
}

/** Calls back with the 32-bit hash of every three words in a row, the parties' names left out. */
function forEachShingle(
  words: readonly string[],
  hashes: Map<string, number>,
  visit: (shingle: number) => void,
): void {
  let first = 0;
  let second = 0;
  let counted = 0;
  for (const word of words) {
    const third = hashes.get(word) ?? learned(word, hashes);
    if (third === PARTY) continue;
    counted++;
    if (counted >= SHINGLE_WORDS) {
      visit(mixed(Math.imul(first, 0x85ebca6b) ^ Math.imul(second, 0xc2b2ae35) ^ third));
    }
    first = second;
    second = third;
  }
}

function learned(word: string, hashes: Map<string, number>): number {
  const hash = PARTY_WORDS.has(word) ? PARTY : hashed(word);
  hashes.set(word, hash);
  return hash;
}

/** FNV-1a over UTF-16 code units. */
function hashed(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) {
    hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** The low bits choose the slot, so every input bit must reach them. */
function mixed(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (folded ^ (folded >>> 15)) >>> 0;
}
