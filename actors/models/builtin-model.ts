/**
 * The built-in model: extractive, **not an LLM**. It makes everything that needs a model work with
 * nothing installed, and its name says what it is wherever a model is named.
 *
 * Owns: the call (prompt in, chunks and usage out). Its neighbour `extractive-answer.ts` owns what is
 * answered, `structured-prompt.ts` what may be asked; a prompt that names no task is summarised.
 *
 * B1: same request, same chunks; `temperature`, `seed` and `system` change nothing.
 * B2: with `format`, the whole answer satisfies it or the call fails with `model.failed`.
 * B3: tokens are this model's own count (words and punctuation marks), not a language model's.
 *
 * Cost: linear in the prompt, about 25 ms per 100 KB, in one turn of the event loop; hence the bound
 * on the prompt.
 */
import type {
  ModelClient,
  ModelIdentity,
  ModelRequest,
  ModelUsage,
} from "../../runtime/ports/model-client.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { extractiveAnswer } from "./extractive-answer.ts";
import { isRecord, schemaFault } from "./json-schema.ts";
import type { JsonSchema } from "./model-task.ts";
import { localPrices, type PriceTable, pricedBy } from "./price-table.ts";
import { parseTask } from "./structured-prompt.ts";
import { tokenCount } from "./term-statistics.ts";

/** What the built-in model calls itself. */
export const builtinIdentity: ModelIdentity = {
  kind: "builtin",
  name: "extractive (not an LLM)",
};

/** The longest prompt that the built-in model reads, in UTF-16 code units. */
export const LONGEST_PROMPT = 400_000;

/** The built-in model. Stateless: one serves everybody. It costs what any local model costs, 0. */
export const builtinModel: ModelClient = builtinAt(localPrices);

/** The built-in model at the prices of a table, which may put one on it, for example for practice. */
export function builtinAt(prices: PriceTable): ModelClient {
  const cost = pricedBy(prices, builtinIdentity);
  return {
    identity: builtinIdentity,
    generate,
    ...(cost === undefined ? {} : { costMicros: cost }),
  };
}

async function* generate(
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<string, ModelUsage> {
  throwIfAborted(signal);
  const chunks = answerChunks(request);
  const inputTokens = tokenCount(request.system ?? "") + tokenCount(request.prompt);
  const limit = request.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  let outputTokens = 0;
  for (const chunk of chunks) {
    const tokens = tokenCount(chunk);
    if (outputTokens + tokens > limit) {
      if (request.format !== undefined) {
        throw failed(`the JSON answer needs more than maxOutputTokens ${limit}`);
      }
      const kept = beginning(chunk, limit - outputTokens);
      if (kept !== "") yield kept;
      return { inputTokens, outputTokens: outputTokens + tokenCount(kept), finish: "length" };
    }
    yield chunk;
    outputTokens += tokens;
    throwIfAborted(signal);
  }
  return { inputTokens, outputTokens, finish: "stop" };
}

function answerChunks(request: ModelRequest): readonly string[] {
  if (request.prompt.length > LONGEST_PROMPT) {
    throw failed(
      `the prompt has ${request.prompt.length} characters, the built-in model reads ${LONGEST_PROMPT}: split the text`,
    );
  }
  const task = parseTask(request.prompt);
  if (!task.ok) throw failed(task.error);
  const answer = extractiveAnswer(task.value);
  if (request.format === undefined) return answer.chunks;
  const value = shapedLike(request.format, answer.fields);
  const fault = schemaFault(request.format, value);
  if (fault === undefined) return [JSON.stringify(value)];
  const fields = Object.keys(answer.fields).join(", ");
  throw failed(
    `the built-in model cannot satisfy the format: ${fault} (task ${task.value.task} gives ${fields})`,
  );
}

/**
 * Takes from the known data what a schema names: of an object the declared properties, of an object
 * where a string is wanted its `text`.
 */
function shapedLike(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isRecord(items) ? value.map((item) => shapedLike(items, item)) : value;
  }
  if (!isRecord(value)) return value;
  const { type, properties } = schema;
  const { text } = value;
  if (type === "string") return text;
  if (!isRecord(properties)) return value;
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => Object.hasOwn(value, name))
      .map(([name, part]) => [name, isRecord(part) ? shapedLike(part, value[name]) : value[name]]),
  );
}

/** The longest beginning of `text` that ends between words and has at most `tokens` tokens. */
function beginning(text: string, tokens: number): string {
  let kept = "";
  for (const word of text.match(/\s*\S+/g) ?? []) {
    if (tokenCount(kept + word) > tokens) break;
    kept += word;
  }
  return kept;
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new TroupeError("ask.cancelled", "the model call was cancelled", {
      cause: signal.reason,
    });
  }
}

function failed(message: string): TroupeError {
  return new TroupeError("model.failed", message, { data: { model: builtinIdentity.name } });
}
