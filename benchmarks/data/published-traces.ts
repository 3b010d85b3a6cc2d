/**
 * The arrival traces as their publishers write them, turned into the rows that benchmarks read.
 *
 * Sources: Azure/AzurePublicDataset, `AzureLLMInferenceDataset2023.md`; kvcache-ai/Mooncake,
 * `FAST25-release/traces`. Checked against the files in `../shared/data`, which were made from them.
 */
import { err, ok, type Result } from "../../runtime/result.ts";

/** One request of the Azure LLM inference trace 2023. */
export interface AzureRequest {
  /** Since the first request. */
  readonly ms: number;
  readonly service: string;
  readonly context_tokens: number;
  readonly generated_tokens: number;
}

/** One request of Mooncake's conversation trace; a block is 512 tokens of its prompt. */
export interface MooncakeRequest {
  /** Since the first request. */
  readonly ms: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly prefix_blocks: number;
  readonly first_block: number;
  /** How many of its blocks an earlier request had as well. */
  readonly blocks_seen_before: number;
}

/** Makes a row of each line after the header, if there is one; an error says what is wrong with it. */
export type LineReader<Row> = (line: string) => Result<Row, string>;

/** The header of the Azure trace. */
export const AZURE_HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";

/** Reads `2023-11-16 18:15:46.6805900,374,44`: UTC, of whose fraction whole milliseconds count. */
export function azureReader(): LineReader<AzureRequest> {
  let firstMs: number | undefined;
  return (line) => {
    const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?,(\d+),(\d+)$/.exec(line);
    if (match === null) return err("is no request of the trace");
    const [, day, time, fraction = "", context, generated] = match;
    const ms = Date.parse(`${day}T${time}${fraction.slice(0, 4)}Z`);
    if (Number.isNaN(ms)) return err("has no such time");
    firstMs ??= ms;
    return ok({
      ms: ms - firstMs,
      service: "conv",
      context_tokens: Number(context),
      generated_tokens: Number(generated),
    });
  };
}

/**
 * Reads `{"timestamp":0,"input_length":6758,"output_length":500,"hash_ids":[0,1]}`.
 *
 * Memory: the set of all blocks, about 10 MB in the end.
 */
export function mooncakeReader(): LineReader<MooncakeRequest> {
  const seen = new Set<number>();
  return (line) => {
    const request = mooncakeLine(line);
    if (request === undefined) return err("is no request of the trace");
    const { timestamp, input_length, output_length, hash_ids } = request;
    let seenBefore = 0;
    for (const block of hash_ids) if (seen.has(block)) seenBefore++;
    for (const block of hash_ids) seen.add(block);
    return ok({
      ms: timestamp,
      input_tokens: input_length,
      output_tokens: output_length,
      prefix_blocks: hash_ids.length,
      first_block: hash_ids[0] ?? 0,
      blocks_seen_before: seenBefore,
    });
  };
}

interface MooncakeLine {
  readonly timestamp: number;
  readonly input_length: number;
  readonly output_length: number;
  readonly hash_ids: readonly number[];
}

function mooncakeLine(line: string): MooncakeLine | undefined {
  try {
    const value: Readonly<Record<string, unknown>> = JSON.parse(line);
    const { hash_ids: blocks } = value;
    const numbers = [value["timestamp"], value["input_length"], value["output_length"]];
    const isWhole = numbers.every(Number.isInteger) && Array.isArray(blocks);
    return isWhole && blocks.length > 0 && blocks.every(Number.isInteger)
      ? (value as unknown as MooncakeLine)
      : undefined;
  } catch {
    return undefined;
  }
}
