/**
 * A licence text reduced to what its meaning depends on, with the way back to the file's bytes.
 *
 * Owns: what counts as a difference. Copyright lines, white space, punctuation, letter case, list
 * numbers, comment signs and the two spellings of "licence" do not. Its neighbours match words and
 * phrases; `licence-text.ts` owns the bytes.
 *
 * N1: `text` is the words joined by one space; word i starts at `wordStarts[i]`.
 * N2: word i came from the source's characters `spans[2i]` to `spans[2i+1]`, in ascending order
 * without overlap; normalising that slice alone gives the same word.
 * N3: a range of `text` maps to the bytes from the start of its first word to the end of its last.
 *
 * Cost: one pass over the characters, about 30 MB/s; a range costs one count of bytes before it.
 * Source: the SPDX matching guidelines (annex B of SPDX 2.3), of which this is the part that npm's
 * licence files need.
 */
import type { ByteRange } from "./document.ts";
import { bytesOf, type LicenceText } from "./licence-text.ts";

/** The words of a text and where each came from. */
export interface NormalisedText {
  readonly source: LicenceText;
  readonly words: readonly string[];
  readonly text: string;
  readonly wordStarts: readonly number[];
  /** Pairs of source positions (UTF-16 code units): start, end of each word. */
  readonly spans: readonly number[];
}

const COPYRIGHT_LINE =
  /^[^\p{L}\p{N}©(<[]*(?:portions |parts )?(?:copyright\b|copr\.|©|\(c\)\s*(?:copyright|\d{4}))(?!\s+(?:notice|holders?|owners?|licen|law|statement|interest|and |or |in |to |protect))/iu;
const COPYRIGHT_MARK = /\(c\)|©|\b(?:19|20)\d\d\b|<[^>]*>|\[[^\]]*\]|\byear\b|\bby\b/iu;
const LONGEST_COPYRIGHT_LINE = 400;
const RIGHTS_LINE = /^\W*all rights reserved\W*$/iu;
const LIST_NUMBER = /^[\s/*#>|;-]*(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{2,4})[.)]){1,3}(?=\s)/u;

/** Other spellings of one word (SPDX calls them varietal). */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["licence", "license"],
  ["licences", "licenses"],
  ["licenced", "licensed"],
  ["sublicence", "sublicense"],
  ["organisation", "organization"],
  ["acknowledgement", "acknowledgment"],
  ["acknowledgements", "acknowledgments"],
  ["https", "http"],
]);

/** Normalises a text. */
export function normalisedText(source: LicenceText): NormalisedText {
  const words: string[] = [];
  const spans: number[] = [];
  const { text } = source;
  let lineStart = 0;
  while (lineStart < text.length) {
    const newline = text.indexOf("\n", lineStart);
    const lineEnd = newline === -1 ? text.length : newline;
    const line = text.slice(lineStart, lineEnd);
    if (!isCopyrightLine(line)) {
      const numberEnd = LIST_NUMBER.exec(line)?.[0].length ?? 0;
      scanWords(text, lineStart + numberEnd, lineEnd, words, spans);
    }
    lineStart = lineEnd + 1;
  }
  const wordStarts: number[] = [];
  let position = 0;
  for (const word of words) {
    wordStarts.push(position);
    position += word.length + 1;
  }
  return { source, words, text: words.join(" "), wordStarts, spans };
}

/**
 * The bytes behind a range of the normalised text.
 *
 * @param start - position in `text`
 * @param end - position after the last character
 */
export function rangeOf(normalised: NormalisedText, start: number, end: number): ByteRange {
  const first = wordAt(normalised.wordStarts, start);
  const last = wordAt(normalised.wordStarts, Math.max(start, end - 1));
  return wordRange(normalised, first, last + 1);
}

/** The bytes from word `from` to before word `to`. */
export function wordRange(normalised: NormalisedText, from: number, to: number): ByteRange {
  const { spans, source } = normalised;
  const start = spans[2 * from] ?? 0;
  const end = spans[2 * to - 1] ?? start;
  return bytesOf(source, start, Math.max(start, end));
}

/** The index of the word that stands at, or just before, a position of `text`. */
export function wordAt(wordStarts: readonly number[], position: number): number {
  let low = 0;
  let high = wordStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((wordStarts[middle] ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

function isCopyrightLine(line: string): boolean {
  // A longer line is a whole licence without line breaks, which may well begin with its copyright.
  if (line.length > LONGEST_COPYRIGHT_LINE) return false;
  // Most lines are neither: a letter test first keeps two regular expressions off the common path.
  if (!/copy?r|©|\(c\)|rights/iu.test(line)) return false;
  return (COPYRIGHT_LINE.test(line) && COPYRIGHT_MARK.test(line)) || RIGHTS_LINE.test(line);
}

/** Appends the words between two positions of one line. */
function scanWords(text: string, from: number, to: number, words: string[], spans: number[]): void {
  let i = from;
  while (i < to) {
    if (!isWordCode(text.charCodeAt(i))) {
      i++;
      continue;
    }
    const start = i;
    let hasApostrophe = false;
    for (i++; i < to; i++) {
      const code = text.charCodeAt(i);
      if (isWordCode(code)) continue;
      const joins = code === APOSTROPHE || code === RIGHT_QUOTE;
      const point = code === POINT && isDigit(text.charCodeAt(i - 1));
      const next = i + 1 < to ? text.charCodeAt(i + 1) : 0;
      if (joins && isWordCode(next)) hasApostrophe = true;
      else if (!(point && isDigit(next))) break;
    }
    const raw = text.slice(start, i).toLowerCase();
    const word = hasApostrophe ? raw.replace(/['’]/gu, "") : raw;
    words.push(SPELLINGS.get(word) ?? word);
    spans.push(start, i);
  }
}

const APOSTROPHE = 39;
const POINT = 46;
const RIGHT_QUOTE = 0x2019;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Letters and digits; beyond ASCII whatever is no punctuation, space, sign or byte order mark. */
function isWordCode(code: number): boolean {
  if (code < 128) {
    return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDigit(code);
  }
  if (code < 0xc0) return false;
  if (code === 0xd7 || code === 0xf7 || code === 0xfeff) return false;
  return !(code >= 0x2000 && code <= 0x2bff) && !(code >= 0x3000 && code <= 0x303f);
}
