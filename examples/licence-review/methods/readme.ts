/**
 * Method: what does the package's README say under "License"?
 *
 * Owns: where a README speaks of the licence. Its neighbour `licence-name.ts` owns the names, which
 * may be short here, because a licence is expected. It is about the package: `knowledge-source.ts`
 * does not ask it about bundled code.
 *
 * M6: only the section under a heading with the word counts, and of it the first forty words: a name
 * elsewhere may be anybody's. A section that names two licences says neither for sure.
 */
import type { ByteRange } from "../files/document.ts";
import { bytesOf, type LicenceText } from "../files/licence-text.ts";
import { normalisedText, rangeOf } from "../files/normalised-text.ts";
import { type Finding, noFinding } from "./finding.ts";
import { shortNamesIn } from "./licence-name.ts";

const LICENCE_WORD = /\blicen[cs](?:e|ing)\b/iu;
const MARKED_HEADING = /^#{1,6}[ \t]*\S/u;
const UNDERLINE = /^[-=]{3,}[ \t]*\r?$/u;
/** Longer lines are no headings. */
const LONGEST_HEADING = 200;
const SECTION_WORDS = 40;
const ONE_NAME = 0.7;
const SEVERAL_NAMES = 0.35;

/** A licence that the section names, with the range of the README where it does. */
export interface NamedLicence {
  /** SPDX identifier. */
  readonly licence: string;
  /** 0..1: how surely the name means just this licence. */
  readonly certainty: number;
  readonly evidence: ByteRange;
}

/** What a README's licence section says. */
export interface LicenceSection {
  readonly tokensRead: number;
  /** In the order of the text, each licence once. */
  readonly names: readonly NamedLicence[];
}

/**
 * Reads the licence section of a README for the package's licence.
 *
 * @returns the evidence is a range of the README, not of the licence file
 */
export function readme(source: LicenceText): Finding {
  const { tokensRead, names } = licenceSection(source);
  const work = { tokensRead, referencesCompared: 0 };
  const [first] = names;
  if (first === undefined) return noFinding(work);
  const confidence = (names.length === 1 ? ONE_NAME : SEVERAL_NAMES) * first.certainty;
  return { licence: first.licence, confidence, evidence: first.evidence, work };
}

/** Reads the licence section of a README for all licences it names. */
export function licenceSection(source: LicenceText): LicenceSection {
  const section = sectionOf(source.text);
  if (section === undefined) return { tokensRead: 0, names: [] };
  const text = source.text.slice(section.start, section.end);
  const normalised = normalisedText({ text, encoding: source.encoding });
  const tokensRead = Math.min(SECTION_WORDS, normalised.words.length);
  const end = normalised.wordStarts[tokensRead] ?? normalised.text.length;
  const { startByte } = bytesOf(source, section.start, section.start);
  const names = new Map<string, NamedLicence>();
  for (const { licence, certainty, ...hit } of shortNamesIn(normalised.text.slice(0, end))) {
    if (names.has(licence)) continue;
    const evidence = shifted(rangeOf(normalised, hit.start, hit.end), startByte);
    names.set(licence, { licence, certainty, evidence });
  }
  return { tokensRead, names: [...names.values()] };
}

/** From the last heading about the licence to the next heading; earlier ones are tables of contents. */
function sectionOf(text: string): { readonly start: number; readonly end: number } | undefined {
  let section: { readonly start: number; end: number } | undefined;
  let start = 0;
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    if (isHeading(line, lines[i + 1] ?? "")) {
      if (LICENCE_WORD.test(line)) section = { start, end: text.length };
      else if (section?.end === text.length) section.end = start;
    }
    start += line.length + 1;
  });
  return section;
}

/** Marked with `#`, or underlined. */
function isHeading(line: string, following: string): boolean {
  if (line.length > LONGEST_HEADING) return false;
  return MARKED_HEADING.test(line) || (line.trim() !== "" && UNDERLINE.test(following));
}

function shifted({ startByte, endByte }: ByteRange, by: number): ByteRange {
  return { startByte: startByte + by, endByte: endByte + by };
}
