/**
 * Method: which clauses stand in the text, and which licence has just these?
 *
 * Owns: the fingerprints. A licence family is known by its grant; what follows the grant, up to the
 * next one, tells its members apart: a notice clause makes 0BSD an ISC and MIT-0 a MIT, an endorsement
 * clause makes BSD-2-Clause a BSD-3-Clause.
 *
 * M4: a file with several licences is cut at the grants and each piece is judged alone; the first is
 * the answer (a package's own licence comes before those of the code it took in), the others are in
 * `also`. M5: the confidence grows with the share of the family's other sentences that stand in the
 * piece: a mention of a licence is less than the licence.
 *
 * Cost: each pattern passes over the text once; no text is compared.
 */
import type { ByteRange } from "../files/document.ts";
import { type NormalisedText, rangeOf } from "../files/normalised-text.ts";
import { type Finding, noFinding } from "./finding.ts";

/** A further licence in a file. */
export interface FurtherLicence {
  /** SPDX identifier. */
  readonly licence: string;
  /** 0..1: how likely it is that this one, not the first, is the package's own. */
  readonly confidence: number;
  readonly evidence: ByteRange;
}

/** What the clauses of a file say; `also` holds the licences after the first, in file order. */
export interface ClauseFinding extends Finding {
  readonly also: readonly FurtherLicence[];
}

interface Variant {
  readonly licence: string;
  readonly has?: RegExp;
}

interface Family {
  /** The words by which the licence grants, or by which it calls itself in its own first line. */
  readonly grant: RegExp;
  /** Sentences that every member has; they only tell how complete the piece is. */
  readonly marks: readonly RegExp[];
  /** The first that fits is the licence. */
  readonly variants: readonly Variant[];
}

const AS_IS = /(?:provided|is distributed|supplied)(?: to you)?(?: by .{0,80}?)? as is/u;
const ENDORSE = /endorse or promote products/u;
const NOTICE_KEPT =
  /notices? and this permission notice(?: including the next paragraph)? (?:shall|must) be included/u;
const ADVERTISING = /(?:shall|may) not be used in advertising/u;

const FAMILIES: readonly Family[] = [
  {
    grant:
      /permission is hereby granted free of charge to any person obtaining a copy of (?:this|the) software and associated documentation files?/gu,
    marks: [/deal (?:in|with) the software/u, AS_IS],
    variants: [
      { licence: "JSON", has: /shall be used for good not evil/u },
      { licence: "NCSA", has: /redistributions in binary form must reproduce/u },
      { licence: "X11", has: ADVERTISING },
      { licence: "MIT-feh", has: /documentation and acknowledgment shall be given/u },
      { licence: "MIT", has: NOTICE_KEPT },
      { licence: "MIT-0", has: /furnished to do so the software is provided as is/u },
    ],
  },
  {
    grant:
      /permission to use copy modify and (?:or )?distribute this software(?: and its documentation)? for any purpose(?: and)? (?:with or )?without fee is hereby granted/gu,
    marks: [/disclaims? all warranties/u, /in no event shall/u],
    variants: [
      { licence: "HPND", has: ADVERTISING },
      { licence: "ISC", has: /copyright notice and this permission notice appear in all copies/u },
      { licence: "0BSD", has: /without fee is hereby granted the software is provided/u },
    ],
  },
  {
    grant:
      /redistribution and use (?:of this software )?in source and binary forms with or without modification are permitted/gu,
    marks: [/redistributions? of source code must retain/u, AS_IS],
    variants: [
      { licence: "Apache-1.1", has: /apache software foundation/u },
      { licence: "BSD-4-Clause", has: /all advertising materials mentioning/u },
      {
        licence: "BSD-3-Clause-Clear",
        has: /no express or implied licenses to any party.{0,3} patent/u,
      },
      { licence: "BSD-2-Clause-Patent", has: /recipient of this software a perpetual/u },
      { licence: "BSD-3-Clause", has: ENDORSE },
      { licence: "BSD-2-Clause", has: /redistributions? in binary form must reproduce/u },
      { licence: "BSD-1-Clause", has: /redistributions? of source code must retain/u },
    ],
  },
  {
    grant:
      /apache license version 2\.0 january 2004|licensed under the apache license version 2\.0|contributor hereby grants to you a perpetual worldwide non exclusive no charge royalty free irrevocable except as stated in this section patent license/gu,
    marks: [/grant of (?:copyright|patent) license/u, /submission of contributions/u],
    variants: [
      { licence: "ECL-2.0", has: /educational community license/u },
      { licence: "Apache-2.0" },
    ],
  },
  {
    grant:
      /blue oak model license|each contributor licenses you to do everything with this software/gu,
    marks: [/text of this license or a link/u, /no contributor can revoke this license/u],
    variants: [{ licence: "BlueOak-1.0.0" }],
  },
  {
    grant: /gnu affero general public license version 3 19 november 2007/gu,
    marks: [/remote network interaction/u],
    variants: [{ licence: "AGPL-3.0-only" }],
  },
  {
    grant: /gnu general public license version (?:3 29 june 2007|2 june 1991|1 february 1989)/gu,
    marks: [/free software foundation/u, /this license/u],
    variants: [
      { licence: "GPL-3.0-only", has: /^gnu general public license version 3/u },
      { licence: "GPL-2.0-only", has: /^gnu general public license version 2/u },
      { licence: "GPL-1.0-only" },
    ],
  },
  {
    grant:
      /gnu (?:lesser|library) general public license version (?:3 29 june 2007|2\.1 february 1999|2 june 1991)/gu,
    marks: [/library/u, /this license/u],
    variants: [
      { licence: "LGPL-3.0-only", has: /^gnu lesser general public license version 3/u },
      { licence: "LGPL-2.1-only", has: /^gnu lesser general public license version 2\.1/u },
      { licence: "LGPL-2.0-only" },
    ],
  },
  {
    grant: /mozilla public license version (?:2\.0 definitions|1\.1)/gu,
    marks: [/contributor version/u, /modifications/u],
    variants: [
      { licence: "MPL-2.0", has: /^mozilla public license version 2/u },
      { licence: "MPL-1.1" },
    ],
  },
  {
    grant: /cc0 1\.0 universal|publicdomain zero 1\.0/gu,
    marks: [/affirmer/u, /waiver/u],
    variants: [{ licence: "CC0-1.0" }],
  },
  {
    grant: /this is free and unencumbered software released into the public domain/gu,
    marks: [/anyone is free to copy modify publish use compile sell/u],
    variants: [{ licence: "Unlicense" }],
  },
  {
    grant: /do what the fuck you want to public license|just do what the fuck you want to/gu,
    marks: [/terms and conditions for copying distribution and modification/u],
    variants: [{ licence: "WTFPL" }],
  },
  {
    grant:
      /permission is granted to anyone to use this software for any purpose including commercial applications and to alter it/gu,
    marks: [/must not be misrepresented/u, /plainly marked as such/u],
    variants: [{ licence: "Zlib" }],
  },
  {
    grant:
      /(?:python software foundation|psf) license(?: agreement)?(?: for python [\d.]+)?(?: version 2)?/gu,
    marks: [/psf hereby grants licensee/u, /beopen/u],
    variants: [
      { licence: "Python-2.0.1", has: /using python 1\.6\.1 software/u },
      { licence: "Python-2.0", has: /psf hereby grants licensee/u },
    ],
  },
  {
    grant: /the artistic license 2\.0/gu,
    marks: [/standard version/u, /modified version/u],
    variants: [{ licence: "Artistic-2.0" }],
  },
  {
    grant: /boost software license version 1\.0/gu,
    marks: [/machine executable object code/u],
    variants: [{ licence: "BSL-1.0" }],
  },
  {
    grant: /eclipse public license v(?:ersion)? ?[12]\.0/gu,
    marks: [/recipients? acceptance of this agreement/u],
    variants: [
      { licence: "EPL-2.0", has: /^eclipse public license v(?:ersion)? ?2/u },
      { licence: "EPL-1.0" },
    ],
  },
  {
    grant: /attribution 3\.0 unported|attribution 4\.0 international/gu,
    marks: [/creative commons/u, /attribution/u],
    variants: [{ licence: "CC-BY-3.0", has: /^attribution 3/u }, { licence: "CC-BY-4.0" }],
  },
  {
    grant: /sil open font license version 1\.1/gu,
    marks: [/reserved font name/u],
    variants: [{ licence: "OFL-1.1" }],
  },
];

/** Collections of third-party notices are judged by their first licences. */
const MOST_GRANTS = 32;
const LEAST_CONFIDENCE = 0.55;
const COMPLETE_BONUS = 0.43;
/** A file that holds several licences says less clearly which of them is the package's. */
const SEVERAL_FACTOR = 0.9;
/** A licence that is not the first is seldom the package's, but some files begin with what they took in. */
const FURTHER_FACTOR = 0.7;

/** Judges a text by its clauses. */
export function clauses(text: NormalisedText): ClauseFinding {
  const work = { tokensRead: text.words.length, referencesCompared: 0 };
  const pieces = piecesOf(text.text);
  const first = pieces[0];
  if (first === undefined) return { ...noFinding(work), also: [] };
  const others = pieces.filter(
    ({ licence }, i) => pieces.findIndex((piece) => piece.licence === licence) === i && i > 0,
  );
  const alone = others.length === 0 ? 1 : SEVERAL_FACTOR;
  const sureness = ({ share }: Piece): number => LEAST_CONFIDENCE + COMPLETE_BONUS * share;
  return {
    licence: first.licence,
    confidence: alone * sureness(first),
    evidence: rangeOf(text, first.start, first.end),
    also: others.map((piece) => ({
      licence: piece.licence,
      confidence: FURTHER_FACTOR * sureness(piece),
      evidence: rangeOf(text, piece.start, piece.end),
    })),
    work,
  };
}

interface Grant {
  readonly family: Family;
  readonly start: number;
  readonly end: number;
}

interface Piece {
  readonly licence: string;
  /** 0..1: how many of the family's marks stand in the piece. */
  readonly share: number;
  readonly start: number;
  readonly end: number;
}

function piecesOf(text: string): readonly Piece[] {
  const grants: Grant[] = [];
  for (const family of FAMILIES) {
    for (const match of text.matchAll(family.grant)) {
      grants.push({ family, start: match.index, end: match.index + match[0].length });
    }
  }
  grants.sort((a, b) => a.start - b.start);
  // Every piece is searched for clauses: without a bound a file of nothing but grants takes hours.
  grants.length = Math.min(grants.length, MOST_GRANTS);
  const pieces: Piece[] = [];
  grants.forEach((grant, i) => {
    // A licence may speak of itself again (Apache's appendix): only another family ends the piece.
    const next = grants.slice(i + 1).find(({ family }) => family !== grant.family);
    const piece = text.slice(grant.start, next?.start ?? text.length);
    const { variants, marks } = grant.family;
    const variant = variants.find(({ has }) => has === undefined || has.test(piece));
    if (variant === undefined) return;
    const share = marks.filter((mark) => mark.test(piece)).length / marks.length;
    pieces.push({ licence: variant.licence, share, start: grant.start, end: grant.end });
  });
  return pieces;
}
