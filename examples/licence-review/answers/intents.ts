/**
 * What people ask about licences, and how a question in their own words is matched to it.
 *
 * Owns: the intents with their vocabulary, and the scoring. Its neighbour `questions.ts` answers an
 * intent. The score is term statistics, not understanding: which share of what the question says is
 * said by the intent's examples and keywords, rare words counting more.
 *
 * I1: scores are 0..1 and comparable between questions; words that no intent knows count against all
 * of them, so a question about something else scores low everywhere. I2: words that every question
 * has ("which", "dependency", "licence") count for nothing.
 *
 * Source: Spärck Jones 1972 (inverse document frequency).
 */
import { stemOf } from "./stem.ts";

/** Who answers. */
export type Specialist = "permission" | "obligation" | "patent";

/** What is asked. */
export type IntentName =
  | "sublicense"
  | "without-condition"
  | "publish-source"
  | "state-changes"
  | "patent-grant"
  | "patent-termination";

/** A question that can be answered, with how it is asked. */
export interface Intent {
  readonly name: IntentName;
  readonly specialist: Specialist;
  /** The question in its standard form. */
  readonly question: string;
  /** Other ways to ask it. */
  readonly examples: readonly string[];
  /** Words that speak for it even alone. */
  readonly strong: string;
  /** Words that speak for it in company: each of them is also used of other things. */
  readonly weak: string;
}

/** How well a question fits an intent. */
export interface IntentScore {
  readonly intent: IntentName;
  readonly specialist: Specialist;
  /** 0..1 */
  readonly score: number;
}

/** Below this score nobody is asked: the question is clarified or goes to a person. */
export const INTENT_THRESHOLD: number = 0.3;

/** The intents, in the order in which the review desk asks its fixed questions. */
export const INTENTS: readonly Intent[] = [
  {
    name: "publish-source",
    specialist: "obligation",
    question: "Which dependencies oblige us to publish our source?",
    examples: [
      "Which licences are copyleft?",
      "Do we have to disclose the source code of our product?",
      "Must derivative works be released under the same licence?",
      "Which packages are under the GPL, the LGPL, the AGPL or the MPL?",
      "Where must we hand out the corresponding source together with the binaries?",
      "Would we be forced to open-source our own code?",
      "Is there a viral or reciprocal licence?",
    ],
    strong:
      "publish disclose disclosure source copyleft viral reciprocal gpl lgpl agpl mpl proprietary",
    weak: "reveal release open opening binary executable derivative share hand forced force corresponding same owe code obliged",
  },
  {
    name: "state-changes",
    specialist: "obligation",
    question: "Which dependencies require us to state the changes we make to them?",
    examples: [
      "Do modified files have to carry a notice?",
      "Must we mark altered versions as such?",
      "Which licences want us to document our modifications?",
      "Where must we say what we modified?",
      "We patched a package; do we have to list what we edited?",
    ],
    strong: "modification modify modified alter altered patched edited prominent",
    weak: "state change document list describe note notice mark fork edit patch differ adapt indicate log obliged",
  },
  {
    name: "sublicense",
    specialist: "permission",
    question: "Which dependencies may we sublicense?",
    examples: [
      "Can we grant sublicences to our customers?",
      "Who allows us to relicense copies to third parties?",
      "May we pass the software on under terms of our own?",
      "Which packages let a client receive rights from us instead of from the author?",
    ],
    strong: "sublicense sublicence sublicensing relicense resell",
    weak: "customer client third party pass transfer terms own grant further onward permitted allowed different hand",
  },
  {
    name: "without-condition",
    specialist: "permission",
    question: "Which dependencies may be used without any condition, not even a notice?",
    examples: [
      "What is in the public domain?",
      "Which packages need no attribution?",
      "Can we leave out the copyright notice and the licence text?",
      "What may we ship without crediting anybody?",
      "Which licences have no conditions at all?",
      "Where can we drop or omit the notices?",
    ],
    strong: "attribution attribute credit unconditional condition public domain cc0 unlicense",
    weak: "without notice acknowledge acknowledgement mention free freely omit leave drop remove skip waive strings copyright text",
  },
  {
    name: "patent-grant",
    specialist: "patent",
    question: "Which dependencies grant us a patent licence?",
    examples: [
      "Do contributors license their patents to us?",
      "Where are patent rights given explicitly?",
      "Are we protected from patent claims of the authors?",
      "Which packages come with a patent grant?",
      "Is there cover against the patents of a contributor?",
    ],
    strong: "patent grant",
    weak: "give receive explicit right protect protection cover safe contributor promise include come against author",
  },
  {
    name: "patent-termination",
    specialist: "patent",
    question: "Which patent licences end when we sue over patents?",
    examples: [
      "Is there a patent retaliation clause?",
      "Do we lose our rights if we start patent litigation?",
      "What terminates when we file a lawsuit over a patent?",
      "Which licences are revoked after a patent infringement claim of ours?",
      "When is the patent licence withdrawn?",
    ],
    strong:
      "patent retaliation retaliate terminate termination sue suing lawsuit litigation litigate court",
    weak: "end lose loss revoke withdraw file start infringement infringe claim happen",
  },
];

/** Words that say nothing about which intent is meant. */
const NEUTRAL = stems(
  `a about all also am an and any anybody anyone anything are as at be been but by can could did do does
   don for from get give had has have how i if in into is it its let like list make may me might must my
   need no not of off on one or our out over put shall she should show some somebody someone something
   than that the their them themselves there these they this those to too under up us use used using want
   was we well were what when where which who whom whose why will with would you your
   dependency dependencies package packages library libraries module modules licence license licences
   licenses software code project tree component term say tell us everything explicitly`,
);

interface Vocabulary {
  readonly intent: Intent;
  readonly weights: ReadonlyMap<string, number>;
}

const VOCABULARIES: readonly Vocabulary[] = INTENTS.map((intent) => ({
  intent,
  weights: weightsOf(intent),
}));

/** A word that no intent knows weighs as much as one that a single intent knows. */
const UNKNOWN_WEIGHT = Math.log(1 + INTENTS.length);

/** Scores a question against every intent, best first. */
export function scoreIntents(question: string): readonly IntentScore[] {
  const asked = [...stems(question)].filter((stem) => !NEUTRAL.has(stem));
  // As if one more word had been asked that nobody knows: one weak word alone is no question.
  const total = asked.reduce((sum, stem) => sum + rarity(stem), UNKNOWN_WEIGHT);
  const scores = VOCABULARIES.map(({ intent, weights }) => {
    const said = asked.reduce((sum, stem) => sum + rarity(stem) * (weights.get(stem) ?? 0), 0);
    const { name, specialist } = intent;
    return { intent: name, specialist, score: said / total };
  });
  return scores.sort((a, b) => b.score - a.score);
}

/** Strong words count full, all others half. */
function weightsOf(intent: Intent): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  const others = [intent.question, ...intent.examples, intent.weak].join(" ");
  for (const stem of stems(others)) weights.set(stem, 0.5);
  for (const stem of stems(intent.strong)) weights.set(stem, 1);
  return weights;
}

/** How telling a word is: the fewer intents know it, the more. */
function rarity(stem: string): number {
  const known = VOCABULARIES.filter(({ weights }) => weights.has(stem)).length;
  return known === 0 ? UNKNOWN_WEIGHT : Math.log(1 + INTENTS.length / known);
}

function stems(text: string): ReadonlySet<string> {
  return new Set((text.toLowerCase().match(/[a-z0-9]+/gu) ?? []).map(stemOf));
}
