/**
 * Answers to questions about a review: a set of packages, each with the clause that puts it there.
 *
 * Owns: which terms answer which intent, and how files become packages. Its neighbour `intents.ts`
 * finds the intent of a question; `obligations.ts` read the terms.
 *
 * Q1: an answer is made of what the texts say. No licence's name and no declaration is looked at.
 * Q2: a package is named once, with its first evidence in path order. Q3: code that a package bundles
 * under another licence is listed apart: it is in what you ship, but not what the package is under.
 */
import type { DocumentScope, Evidence } from "../files/document.ts";
import { INTENTS, type Intent, type IntentName, type Specialist } from "./intents.ts";
import type { Review } from "./review.ts";
import type { TermKind } from "./term.ts";

/** A package that belongs to an answer, and why. */
export interface AnsweringPackage {
  readonly name: string;
  readonly version: string;
  readonly evidence: Evidence;
}

/** The answer to one question. Plain data. */
export interface Answer {
  readonly intent: IntentName;
  readonly specialist: Specialist;
  readonly question: string;
  /** Packages whose own licence says so, by name and version. */
  readonly packages: readonly AnsweringPackage[];
  /** Packages that contain code whose licence says so. */
  readonly bundled: readonly AnsweringPackage[];
}

/** The six questions that the review desk always asks. */
export const QUESTIONS: readonly string[] = INTENTS.map(({ question }) => question);

/** Which term of a text puts its package into the answer. */
const ANSWERING_TERM: Readonly<Record<IntentName, TermKind>> = {
  "publish-source": "publish-source",
  "state-changes": "state-changes",
  sublicense: "sublicense",
  "without-condition": "without-condition",
  "patent-grant": "patent-grant",
  "patent-termination": "patent-termination",
};

/** Answers an intent from the reviews of all files. */
export function answerQuestion(name: IntentName, reviews: readonly Review[]): Answer {
  const { specialist, question } = intentNamed(name);
  const kind = ANSWERING_TERM[name];
  return {
    intent: name,
    specialist,
    question,
    packages: packagesWith(kind, "package", reviews),
    bundled: packagesWith(kind, "bundled", reviews),
  };
}

/** The answer in one sentence, for people. */
export function answerText({ packages, bundled }: Answer): string {
  const aside = bundled.length === 0 ? "" : ` Bundled in ${listed(bundled)}.`;
  if (packages.length === 0) return `None.${aside}`;
  return `${packages.length}: ${listed(packages)}.${aside}`;
}

const MOST_LISTED = 8;

function listed(packages: readonly AnsweringPackage[]): string {
  const names = packages.slice(0, MOST_LISTED).map(packageName);
  const more = packages.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

/** `name@version`, or the name alone for what has no version. */
export function packageName(named: { readonly name: string; readonly version: string }): string {
  return named.version === "" ? named.name : `${named.name}@${named.version}`;
}

function intentNamed(name: IntentName): Intent {
  const intent = INTENTS.find((known) => known.name === name);
  if (intent === undefined) throw new RangeError(`name: no intent is called "${String(name)}"`);
  return intent;
}

function packagesWith(
  kind: TermKind,
  scope: DocumentScope,
  reviews: readonly Review[],
): readonly AnsweringPackage[] {
  const found = new Map<string, AnsweringPackage>();
  const inPathOrder = [...reviews].sort((a, b) => order(a.document.path, b.document.path));
  for (const { document, terms } of inPathOrder) {
    const term = terms.find((candidate) => candidate.kind === kind);
    if (document.scope !== scope || term === undefined) continue;
    const { name, version } = document.package;
    const key = packageName(document.package);
    if (!found.has(key)) found.set(key, { name, version, evidence: term.evidence });
  }
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
