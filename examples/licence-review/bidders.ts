/**
 * The bidders of the market, of different price, speed and skill, and the checker of its results.
 *
 * Owns: what each bidder does and counts. A price is the work that the bidder will really do: tokens
 * read × reference texts compared; a model's is its tokens × the price table. Nobody's price is written
 * by hand, and nobody looks at what the package declares.
 *
 * The checker settles a file by the board's rule with every source that reads the text. It also says
 * what each bidder alone would have answered, which the market is compared with and never sees.
 */
import { bidder, costMicros, localPrices, priceOf, taskRequest } from "../../actors/index.ts";
import type { BidderOperations } from "../../protocols/index.ts";
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type ModelUsage,
  type Protocol,
  protocol,
} from "../../runtime/index.ts";
import { readLicence } from "./files/licence-text.ts";
import { type NormalisedText, normalisedText } from "./files/normalised-text.ts";
import { hypotheses } from "./files-board.ts";
import { type Finding, workUnits } from "./methods/finding.ts";
import { type KnowledgeSourceName, settle } from "./methods/hypothesis.ts";
import { keyword } from "./methods/keyword.ts";
import { COMMON_LICENCES, type References } from "./methods/references.ts";
import { similarity } from "./methods/similarity.ts";
import { HEAD_WORDS, title } from "./methods/title.ts";
import { MOST_BYTES, type Subject } from "./steps.ts";

/** What is sold: the classification of one file. */
export const CLASSIFICATION = "licence@1";

/** A file to be classified, with its length. */
export interface MarketTask extends Subject {
  /** Words in its text. */
  readonly tokens: number;
}

/** What a bidder delivers. */
export interface MarketResult {
  readonly licence: string | null;
}

/** A way of classifying, with its price beforehand. */
interface Method {
  readonly kind: string;
  readonly price: (tokens: number, references: References) => number;
  readonly find: (text: NormalisedText, references: References) => Finding;
}

/** The methods that bid, the best last. */
export const METHODS: readonly Method[] = [
  { kind: "keyword", price: (tokens) => tokens, find: (text) => keyword(text) },
  {
    kind: "title",
    price: (tokens) => Math.min(tokens, HEAD_WORDS),
    find: (text) => title(text),
  },
  {
    kind: "similarity-common",
    price: (tokens) => tokens * COMMON_LICENCES.length,
    find: (text, references) => similarity(text, references.common()),
  },
  {
    kind: "similarity-all",
    price: (tokens, references) => tokens * references.all().size,
    find: (text, references) => similarity(text, references.all()),
  },
];

/** A method as a bidder. */
export function methodBidder(
  { kind, price, find }: Method,
  references: References,
): ActorDefinition<BidderOperations, undefined> {
  return bidder<MarketTask, MarketResult>({
    kind,
    capability: CLASSIFICATION,
    price: ({ tokens }) => price(tokens, references),
    perform: (task) => {
      const { licence, confidence, work } = found(task, (text) => find(text, references));
      return { result: { licence: licence ?? null }, confidence, priceMicros: workUnits(work) };
    },
  });
}

/** A language model as a bidder; its price is its tokens × the price table, in micro-dollars. */
export function modelBidder(model: string): ActorDefinition<BidderOperations, undefined> {
  return bidder<MarketTask, MarketResult>({
    kind: model,
    capability: CLASSIFICATION,
    price: ({ tokens }) => {
      const usage = { inputTokens: tokens * TOKENS_PER_WORD, outputTokens: 16 };
      return priceOfCall(model, usage);
    },
    perform: async (task, { model: modelOf, signal }) => {
      const read = readLicence(task.root, task.document, { maxBytes: MOST_BYTES });
      if (!read.ok) return { result: { licence: null }, confidence: 0, priceMicros: 0 };
      const labels = COMMON_LICENCES.map((label) => ({ label, description: "" }));
      const request = taskRequest({ task: "classify", labels, text: read.value.text }, "text");
      const call = modelOf(model).generate({ ...request, signal });
      const licence = (await call.text).trim();
      return {
        result: { licence: COMMON_LICENCES.includes(licence) ? licence : null },
        priceMicros: priceOfCall(model, await call.usage),
      };
    },
  });
}

const TOKENS_PER_WORD = 1.4;

function priceOfCall(
  name: string,
  usage: Pick<ModelUsage, "inputTokens" | "outputTokens">,
): number {
  const price = priceOf(localPrices, { kind: "ollama", name });
  return price === undefined ? Number.MAX_SAFE_INTEGER : costMicros(price, usage);
}

/** What every method alone answers, and for how much. */
export type Appraisal = Readonly<
  Record<string, { readonly licence: string | null; readonly workUnits: number }>
>;

/** The operations of a checker. */
export type CheckerOperations = {
  /** Settles a file as well as can be done from its text, and says what that took. */
  readonly check: Ask<MarketTask, { readonly licence: string | null; readonly workUnits: number }>;
  readonly appraise: Ask<MarketTask, Appraisal>;
};

/** The protocol of checkers. */
export const Checker: Protocol<CheckerOperations> = protocol("licence-checker@1", {
  check: ask<MarketTask, { readonly licence: string | null; readonly workUnits: number }>(),
  appraise: ask<MarketTask, Appraisal>(),
});

/** The sources that look at nothing but the file's text. */
const TEXT_SOURCES: readonly KnowledgeSourceName[] = ["title", "clauses", "similarity"];

/** Defines the checker. */
export function checker(references: References): ActorDefinition<CheckerOperations, undefined> {
  return actor(Checker, () => undefined, {
    check: (_ctx, task) => {
      const said = TEXT_SOURCES.flatMap((name) => hypotheses(name, task, references));
      const settlement = settle(said);
      // Each source did its work whether or not it had something to say.
      const units = task.tokens + Math.min(task.tokens, HEAD_WORDS);
      return {
        licence: settlement.phase === "settled" ? settlement.licence : null,
        workUnits: units + task.tokens * references.all().size,
      };
    },
    appraise: (_ctx, task) =>
      Object.fromEntries(
        METHODS.map(({ kind, find }) => {
          const { licence, work } = found(task, (text) => find(text, references));
          return [kind, { licence: licence ?? null, workUnits: workUnits(work) }];
        }),
      ),
  });
}

function found({ root, document }: MarketTask, find: (text: NormalisedText) => Finding): Finding {
  const read = readLicence(root, document, { maxBytes: MOST_BYTES });
  if (!read.ok) return { confidence: 0, work: { tokensRead: 0, referencesCompared: 0 } };
  return find(normalisedText(read.value));
}
