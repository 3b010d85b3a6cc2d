/**
 * Hypotheses about a file's licence, and the rule that settles them.
 *
 * Owns: what a knowledge source may say, how the sayings add up, when they are enough. Its neighbour
 * `knowledge-source.ts` owns the sources.
 *
 * Y1: a source counts once for a licence, with its surest hypothesis: repeating is no evidence.
 * Y2: the order of the hypotheses changes nothing. Y3: identifiers that share one text count as one.
 * Y4: a file is settled when the support of one licence is enough by itself and clearly ahead of
 * every other; anything else stays open, with its contenders.
 *
 * Support is the sum of -ln(1 - confidence) over the sources: independent witnesses multiply their
 * doubts. Source: the certainty factors of MYCIN (Shortliffe & Buchanan 1975), as log-odds.
 */
import type { Evidence } from "../files/document.ts";
import { textIdentity } from "./text-identity.ts";

/** Who may speak about a file. */
export type KnowledgeSourceName = "title" | "similarity" | "clauses" | "declared" | "readme";

/** One source's opinion on one licence. Plain data. */
export interface Hypothesis {
  readonly source: KnowledgeSourceName;
  /** SPDX identifier. */
  readonly licence: string;
  /** 0..1 */
  readonly confidence: number;
  readonly evidence?: Evidence;
}

/** How much is said for a licence, and by whom. */
export interface Contender {
  readonly licence: string;
  /** Sum of -ln(1 - confidence); 2.3 is as good as one source at 0.9. */
  readonly support: number;
  readonly sources: readonly KnowledgeSourceName[];
}

/** What the hypotheses amount to. */
export type Settlement =
  | {
      readonly phase: "settled";
      readonly licence: string;
      /** 0..1: 1 - e^-support. */
      readonly confidence: number;
      readonly contenders: readonly Contender[];
    }
  | { readonly phase: "open"; readonly reason: string; readonly contenders: readonly Contender[] };

/** One source at 0.9, or two at 0.7, are enough. */
const ENOUGH_SUPPORT: number = -Math.log(1 - 0.9);
/** The leader must be this far ahead: its doubt at most half its rival's. */
const CLEAR_LEAD: number = Math.log(2);
/** No single source is taken for more than this sure; else one certain source could never be outvoted. */
const MOST_CONFIDENCE = 0.98;

/** Settles a file from the hypotheses about it, or says why it is open. */
export function settle(hypotheses: readonly Hypothesis[]): Settlement {
  const contenders = contendersOf(hypotheses);
  const [leader, rival] = contenders;
  if (leader === undefined) {
    return { phase: "open", reason: "no source recognised anything", contenders };
  }
  if (leader.support < ENOUGH_SUPPORT) {
    return { phase: "open", reason: `too little speaks for ${leader.licence}`, contenders };
  }
  if (rival !== undefined && leader.support - rival.support < CLEAR_LEAD) {
    const reason = `${leader.licence} and ${rival.licence} are too close`;
    return { phase: "open", reason, contenders };
  }
  const confidence = 1 - Math.exp(-leader.support);
  return { phase: "settled", licence: leader.licence, confidence, contenders };
}

/** The licences that are spoken for, best supported first; ties in the order of their names (Y2). */
export function contendersOf(hypotheses: readonly Hypothesis[]): readonly Contender[] {
  const byText = new Map<string, Map<KnowledgeSourceName, Hypothesis>>();
  for (const hypothesis of hypotheses) {
    const key = textIdentity(hypothesis.licence);
    const voices = byText.get(key) ?? new Map<KnowledgeSourceName, Hypothesis>();
    byText.set(key, voices);
    const known = voices.get(hypothesis.source);
    if (known === undefined || isSurer(hypothesis, known)) {
      voices.set(hypothesis.source, hypothesis);
    }
  }
  const contenders = [...byText.values()].map(contenderOf);
  return contenders.sort((a, b) => b.support - a.support || (a.licence < b.licence ? -1 : 1));
}

/** Ties go to the earlier name, so that the order of arrival does not decide (Y2). */
function isSurer(a: Hypothesis, b: Hypothesis): boolean {
  return a.confidence === b.confidence ? a.licence < b.licence : a.confidence > b.confidence;
}

function contenderOf(voices: ReadonlyMap<KnowledgeSourceName, Hypothesis>): Contender {
  const said = [...voices.values()].sort((a, b) => (a.source < b.source ? -1 : 1));
  let support = 0;
  for (const { confidence } of said) support -= Math.log(1 - Math.min(MOST_CONFIDENCE, confidence));
  const licence = said.map((hypothesis) => hypothesis.licence).sort()[0] ?? "";
  return { licence, support, sources: said.map(({ source }) => source) };
}
