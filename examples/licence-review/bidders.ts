/**
 * The bidders of the market, of different price, speed and skill.
 *
 * Owns: what each bidder does and counts. Its neighbour `checker.ts` owns the check of their results.
 *
 * PR1: a price is the work that the bidder will really do: tokens read × reference texts compared; a
 *      model's is its tokens × the price table. Nobody's price is written by hand.
 * PR2: nobody looks at what the package declares.
 */
import { bidder, costMicros, localPrices, priceOf, taskRequest } from "../../actors/index.ts";
import type { BidderOperations } from "../../protocols/index.ts";
import type { ActorDefinition, ModelUsage } from "../../runtime/index.ts";
import { readLicence } from "./files/licence-text.ts";
import type { NormalisedText } from "./files/normalised-text.ts";
import { type Finding, noFinding, workUnits } from "./methods/finding.ts";
import { keyword } from "./methods/keyword.ts";
import { COMMON_LICENCES, type References } from "./methods/references.ts";
import { similarity } from "./methods/similarity.ts";
import { HEAD_WORDS, title } from "./methods/title.ts";
import { MOST_BYTES, type Subject, subjectText } from "./steps.ts";

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

/** A way of classifying. */
export interface Method {
  readonly kind: string;
  /** Work units, known beforehand. */
  readonly price: (tokens: number, references: References) => number;
  readonly find: (text: NormalisedText, references: References) => Finding;
}

/**
 * The bidder that is always taken by those who want the best and ask no market: it compares with
 * everything the others compare with. That less would have done shows only afterwards.
 */
export const MOST_THOROUGH = "similarity-all";

/** The methods that bid. */
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
    kind: MOST_THOROUGH,
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
      const text = subjectText(task);
      const { licence, confidence, work } =
        text === undefined ? UNREADABLE : find(text, references);
      return { result: { licence: licence ?? null }, confidence, priceMicros: workUnits(work) };
    },
  });
}

const UNREADABLE: Finding = noFinding({ tokensRead: 0, referencesCompared: 0 });

/**
 * The node's language model as a bidder; its price is its tokens × the price table, in micro-dollars.
 *
 * @param model - its name
 */
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
      // The node's own: clients know a model by where it is served, not by its bare name.
      const call = modelOf("auto").generate({ ...request, signal });
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
