/**
 * What model calls cost.
 *
 * Owns: prices by model and the sum. Counting tokens is the model client's business.
 *
 * E1: models that run here (`builtin`, `ollama`) cost 0: nobody sends a bill for them.
 * E2: a model without a price has none: `undefined`, never 0, so that a budget cannot take the
 *   unknown for free.
 * E3: costs are whole micro-dollars, rounded up.
 */
import type { ModelIdentity, ModelUsage } from "../../runtime/ports/model-client.ts";
import { isRecord } from "./json-schema.ts";

/** Micro-dollars (1e-6 USD) per million tokens; 0 or more. */
export interface ModelPrice {
  readonly inputMicros: number;
  readonly outputMicros: number;
}

/** Prices at one time. */
export interface PriceTable {
  readonly v: 1;
  /** The day the prices were looked up, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** By model name. */
  readonly models: Readonly<Record<string, ModelPrice>>;
}

/** The table that ships: only local models, whose price is known. Hosted ones are the user's to add. */
export const localPrices: PriceTable = { v: 1, asOf: "2026-11-23", models: {} };

const LOCAL: ModelPrice = { inputMicros: 0, outputMicros: 0 };
const TOKENS_PER_PRICE = 1_000_000;

/** The price of a model; `undefined` when the table has none. */
export function priceOf(table: PriceTable, model: ModelIdentity): ModelPrice | undefined {
  const listed = Object.hasOwn(table.models, model.name) ? table.models[model.name] : undefined;
  return listed ?? (isLocal(model) ? LOCAL : undefined);
}

/** What a call cost in micro-dollars, rounded up. */
export function costMicros(
  price: ModelPrice,
  usage: Pick<ModelUsage, "inputTokens" | "outputTokens">,
): number {
  const scaled = usage.inputTokens * price.inputMicros + usage.outputTokens * price.outputMicros;
  return Math.ceil(scaled / TOKENS_PER_PRICE);
}

/** How a client of `model` states what its calls cost; `undefined` when the table has no price. */
export function pricedBy(
  table: PriceTable,
  model: ModelIdentity,
): ((usage: ModelUsage) => number) | undefined {
  const price = priceOf(table, model);
  return price === undefined ? undefined : (usage) => costMicros(price, usage);
}

/**
 * Reads a price table, for example from a file.
 *
 * @throws {TypeError} naming the first thing that is wrong
 */
export function parsePriceTable(value: unknown): PriceTable {
  if (!isRecord(value)) throw new TypeError("a price table is an object");
  const { v, asOf, models } = value;
  if (v !== 1) throw new TypeError(`price table: version ${String(v)} is not supported, only 1`);
  if (typeof asOf !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(asOf)) {
    throw new TypeError(`price table: asOf must be a day as YYYY-MM-DD: ${String(asOf)}`);
  }
  if (!isRecord(models)) throw new TypeError("price table: models must be an object");
  const prices = Object.entries(models).map(([name, price]) => [name, parsePrice(name, price)]);
  return { v, asOf, models: Object.fromEntries(prices) };
}

function parsePrice(name: string, price: unknown): ModelPrice {
  const { inputMicros, outputMicros } = isRecord(price) ? price : {};
  for (const micros of [inputMicros, outputMicros]) {
    if (typeof micros !== "number" || !(micros >= 0 && Number.isFinite(micros))) {
      throw new TypeError(
        `price table: ${name} needs inputMicros and outputMicros, each 0 or more: ${String(micros)}`,
      );
    }
  }
  return { inputMicros: Number(inputMicros), outputMicros: Number(outputMicros) };
}

function isLocal(model: ModelIdentity): boolean {
  switch (model.kind) {
    case "builtin":
    case "ollama":
    case "scripted":
      return true;
  }
}
