/**
 * How licences are called: the names that stand in titles, in sentences and in READMEs.
 *
 * Owns: the names and their identifiers, as patterns over normalised text. Its neighbours `title.ts`
 * and `readme.ts` say where to look and what a hit is worth.
 *
 * A name that needs a version names nothing without one ("GNU GPL"), except where only one version is
 * in use. Of two names at one place the longer wins: "BSD 3 clause license" over "BSD license".
 */

/** A name found in a normalised text. */
export interface NameHit {
  /** SPDX identifier. */
  readonly licence: string;
  /** Position in the normalised text. */
  /** 0..1: how surely the name means just this licence; "BSD license" is what several are called. */
  readonly certainty: number;
  readonly start: number;
  readonly end: number;
}

/** Identifier, words as a pattern, certainty (default 1). */
type NameRow = readonly [licence: string, words: string, certainty?: number];

interface NamePattern {
  readonly licence: string;
  readonly certainty: number;
  readonly pattern: RegExp;
}

const FULL_NAMES: readonly NamePattern[] = named([
  ["AGPL-3.0-only", "(?:gnu )?affero general public license(?: agpl)?(?: version| v)? ?3(?:\\.0)?"],
  [
    "LGPL-2.0-only",
    "(?:gnu )?library general public license(?: lgpl)?(?: version| v)? ?2(?:\\.0)?",
  ],
  ["LGPL-2.1-only", "(?:gnu )?lesser general public license(?: lgpl)?(?: version| v)? ?2.1"],
  ["LGPL-3.0-only", "(?:gnu )?lesser general public license(?: lgpl)?(?: version| v)? ?3(?:\\.0)?"],
  ["GPL-2.0-only", "(?:gnu )?general public license(?: gpl)?(?: version| v)? ?2(?:\\.0)?"],
  ["GPL-3.0-only", "(?:gnu )?general public license(?: gpl)?(?: version| v)? ?3(?:\\.0)?"],
  ["Apache-2.0", "apache(?: software)? license(?: version| v)? ?2(?:\\.0)?"],
  ["Apache-1.1", "apache software license(?: version| v)? ?1.1"],
  ["Artistic-2.0", "artistic license(?: version| v)? ?2.0"],
  ["BlueOak-1.0.0", "blue oak model license(?: version)?(?: 1.0.0)?"],
  ["BSD-2-Clause", "(?:bsd 2 clause|2 clause bsd|simplified bsd|freebsd)(?: simplified)? license"],
  [
    "BSD-3-Clause",
    "(?:bsd 3 clause|3 clause bsd|new bsd|modified bsd|revised bsd)(?: new)? license",
  ],
  ["BSD-3-Clause-Clear", "clear bsd license"],
  ["BSD-3-Clause", "bsd license", 0.6],
  ["0BSD", "(?:bsd zero clause|zero clause bsd|0bsd) license"],
  ["BSL-1.0", "boost software license(?: version| v)? ?1.0"],
  ["CC0-1.0", "(?:cc0 1.0 universal|creative commons zero)"],
  ["CC-BY-3.0", "(?:creative commons )?attribution(?: license)? 3.0 unported"],
  ["CC-BY-4.0", "creative commons attribution 4.0 international"],
  ["CC-BY-SA-4.0", "creative commons attribution share ?alike 4.0 international"],
  ["CDDL-1.0", "common development and distribution license(?: cddl)?(?: version)? 1.0"],
  ["EPL-1.0", "eclipse public license(?: version| v)? ?1.0"],
  ["EPL-2.0", "eclipse public license(?: version| v)? ?2.0"],
  ["EUPL-1.2", "european union public license v(?:ersion)? ?1.2"],
  ["HPND", "historical permission notice and disclaimer"],
  ["ISC", "isc(?: open source)? license"],
  ["JSON", "json license"],
  ["MIT-0", "mit (?:no attribution|0 license)"],
  ["MIT", "(?:mit|expat)(?: x11)? license"],
  ["MPL-1.1", "mozilla public license(?: version| v)? ?1.1"],
  ["MPL-2.0", "mozilla public license(?: version| v)? ?2.0"],
  ["MS-PL", "microsoft public license"],
  ["NCSA", "ncsa open source license"],
  ["OFL-1.1", "sil open font license(?: version)? 1.1"],
  ["PostgreSQL", "postgresql license"],
  [
    "Python-2.0",
    "(?:python software foundation|psf) license(?: agreement)?(?: version| v)? ?2(?:\\.0)?",
    0.6,
  ],
  ["Unlicense", "(?:the unlicense|this is free and unencumbered software)"],
  ["WTFPL", "do what the fuck you want to(?: public license)?"],
  ["X11", "x11 license"],
  ["Zlib", "zlib(?: libpng)? license"],
  ["MIT", "(?:licensed|released|available|distributed) under(?: the)?(?: terms of)?(?: the)? mit"],
  ["ISC", "(?:licensed|released|available|distributed) under(?: the)?(?: terms of)?(?: the)? isc"],
]);

/** Short forms, which mean a licence only where a licence is expected. */
const SHORT_NAMES: readonly NamePattern[] = named([
  ["AGPL-3.0-only", "agpl ?v?3(?:\\.0)?"],
  ["LGPL-2.1-only", "lgpl ?v?2.1"],
  ["LGPL-3.0-only", "lgpl ?v?3(?:\\.0)?"],
  ["GPL-2.0-only", "gpl ?v?2(?:\\.0)?"],
  ["GPL-3.0-only", "gpl ?v?3(?:\\.0)?"],
  ["Apache-2.0", "apache ?(?:v)?2(?:\\.0)?"],
  ["BlueOak-1.0.0", "blue ?oak(?: 1.0.0)?"],
  ["BSD-2-Clause", "bsd 2 clause"],
  ["BSD-3-Clause", "bsd 3 clause"],
  ["0BSD", "0bsd"],
  ["CC0-1.0", "cc0(?: 1.0)?"],
  ["ISC", "isc"],
  ["MIT-0", "mit 0"],
  ["MIT", "mit"],
  ["MPL-2.0", "mpl 2.0"],
  ["Unlicense", "unlicense"],
  ["WTFPL", "wtfpl"],
  ["Zlib", "zlib"],
]);

/** The full names in a normalised text, by position; of overlapping ones the longest. */
export function namesIn(text: string): readonly NameHit[] {
  return hitsOf(FULL_NAMES, text);
}

/** Full and short names in a normalised text where a licence is expected. */
export function shortNamesIn(text: string): readonly NameHit[] {
  return hitsOf([...FULL_NAMES, ...SHORT_NAMES], text);
}

function hitsOf(patterns: readonly NamePattern[], text: string): readonly NameHit[] {
  const hits: NameHit[] = [];
  for (const { licence, certainty, pattern } of patterns) {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      hits.push({ licence, certainty, start: match.index, end });
    }
  }
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: NameHit[] = [];
  for (const hit of hits) {
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else if (hit.end - hit.start > last.end - last.start) kept[kept.length - 1] = hit;
  }
  return kept;
}

function named(rows: readonly NameRow[]): readonly NamePattern[] {
  return rows.map(([licence, words, certainty = 1]) => ({
    licence,
    certainty,
    pattern: new RegExp(
      `(?<![a-z0-9])${words.replaceAll(/(\d)\.(\d)/gu, "$1\\.$2")}(?![a-z0-9.])`,
      "gu",
    ),
  }));
}
