/**
 * The reference texts: SPDX's licence texts, as `spdx-license-list` ships them.
 *
 * Owns: which texts there are and when they are loaded. Two sets: the common ones, and all. Both are
 * built when first asked for and then kept; nothing is loaded by importing this file.
 *
 * R1: identifiers whose texts are the same (`GPL-2.0-only`, `-or-later`, the deprecated `GPL-2.0`)
 * are one reference: a text cannot tell them apart. It goes by the `-only` form, or else by the
 * shortest name.
 *
 * Cost (2 cores, Node 20): the common set 40 ms, all texts 300 ms and
 * 14 MB, once per process.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { normalisedText } from "../files/normalised-text.ts";
import { ReferenceIndex } from "./reference-index.ts";

/** A text to compare with. */
export interface ReferenceText {
  /** SPDX identifier. */
  readonly licence: string;
  readonly text: string;
}

/** The licences that most packages have, the most frequent first. */
export const COMMON_LICENCES: readonly string[] = [
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-3-Clause",
  "BSD-2-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  "0BSD",
  "MIT-0",
  "Zlib",
  "MPL-2.0",
  "GPL-2.0-only",
  "GPL-3.0-only",
  "LGPL-2.1-only",
  "LGPL-3.0-only",
  "AGPL-3.0-only",
  "Python-2.0",
  "Artistic-2.0",
  "WTFPL",
  "BSL-1.0",
];

/** Identifiers that SPDX has replaced by another with the same text. */
const REPLACED: ReadonlySet<string> = new Set([
  "BSD-2-Clause-FreeBSD",
  "BSD-2-Clause-NetBSD",
  "GPL-2.0-with-GCC-exception",
  "GPL-2.0-with-autoconf-exception",
  "GPL-2.0-with-bison-exception",
  "GPL-2.0-with-classpath-exception",
  "GPL-2.0-with-font-exception",
  "GPL-3.0-with-GCC-exception",
  "GPL-3.0-with-autoconf-exception",
  "MPL-2.0-no-copyleft-exception",
]);

const ALL_SHINGLES = 1 << 19;

/** Loads and keeps the references of one process. */
export class References {
  #common: ReferenceIndex | undefined;
  #all: ReferenceIndex | undefined;

  /** The index over {@link COMMON_LICENCES}. */
  common(): ReferenceIndex {
    this.#common ??= indexOf(commonTexts(), new ReferenceIndex());
    return this.#common;
  }

  /** The index over every text of the SPDX list. */
  all(): ReferenceIndex {
    this.#all ??= indexOf(allTexts(), new ReferenceIndex(ALL_SHINGLES));
    return this.#all;
  }
}

/** The texts of the common licences, read one file each. */
export function commonTexts(): readonly ReferenceText[] {
  return COMMON_LICENCES.map((licence) => ({ licence, text: textOf(licence) }));
}

/**
 * The text of one licence.
 *
 * @throws {RangeError} when SPDX lists no such identifier
 */
export function textOf(licence: string): string {
  const load = createRequire(import.meta.url);
  try {
    return (load(`spdx-license-list/licenses/${licence}.json`) as SpdxLicence).licenseText;
  } catch (cause) {
    throw new RangeError(`licence: SPDX lists no "${licence}"`, { cause });
  }
}

/** The texts of all licences, one per text (R1), common ones first. */
export function allTexts(): readonly ReferenceText[] {
  // Read, not required: a required file stays in the module cache, with its five megabytes.
  const path = createRequire(import.meta.url).resolve("spdx-license-list/spdx-full.json");
  const list = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, SpdxLicence>>;
  const texts: ReferenceText[] = [];
  // Where variants share a text ("no invariant sections", "reserved font name") the plain name is the
  // shortest, and comes first.
  const names = Object.keys(list).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const licence of new Set([...COMMON_LICENCES, ...names])) {
    const text = list[licence]?.licenseText;
    if (text !== undefined && !isRepeated(licence, list)) texts.push({ licence, text });
  }
  return texts;
}

interface SpdxLicence {
  readonly licenseText: string;
}

function isRepeated(licence: string, list: Readonly<Record<string, SpdxLicence>>): boolean {
  if (REPLACED.has(licence) || licence.endsWith("+")) return true;
  const family = licence.replace(/-or-later$/u, "");
  return `${family}-only` in list;
}

function indexOf(texts: readonly ReferenceText[], index: ReferenceIndex): ReferenceIndex {
  const seen = new Set<string>();
  for (const { licence, text } of texts) {
    const normalised = normalisedText({ text: withoutAppendix(text), encoding: "utf-8" });
    if (seen.has(normalised.text)) continue;
    seen.add(normalised.text);
    index.add(licence, normalised.words);
  }
  return index;
}

/** The terms without the advice on how to apply them, which half of all copies leave out. */
function withoutAppendix(text: string): string {
  const end = text.search(/END OF TERMS AND CONDITIONS/u);
  return end > text.length / 2 ? text.slice(0, end) : text;
}
