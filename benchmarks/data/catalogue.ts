/**
 * The data sets that benchmarks may need: real outcomes of models and real arrival traces.
 *
 * Owns: what is known of each. Where they are found is `data-set.ts`. No row of them is part of this
 * repository.
 *
 * K1: a set whose source states no licence is never fetched and never published: it is read where the
 *     user has put it.
 * K2: a set is fetched only where the SHA-256 of its publisher's file is known. It is known of none
 *     yet: the files were not at hand when this was written, and a checksum cannot be guessed.
 * K3: the RouteLLM and multi-model files are parts of larger sets, chosen by others, so no publisher
 *     has them as they are.
 */
import type { Columns } from "./columns.ts";
import {
  AZURE_HEADER,
  type AzureRequest,
  azureReader,
  type LineReader,
  type MooncakeRequest,
  mooncakeReader,
} from "./published-traces.ts";

/** A question and whether each of two models was right; weak is Mixtral-8x7B, strong GPT-4-1106. */
export interface RoutedQuestion {
  readonly id: string;
  readonly weak: 0 | 1;
  readonly strong: 0 | 1;
  /** Whether it was found in the routers' training data: such rows are left out of every figure. */
  readonly contaminated: 0 | 1;
  readonly prompt: string;
}

/** A question of MMLU. */
export interface MmluQuestion extends RoutedQuestion {
  readonly subject: string;
}

/** A question of GSM8K, with what the two models answered. */
export interface Gsm8kQuestion extends RoutedQuestion {
  readonly weak_response: string;
  readonly strong_response: string;
}

/** A question and what each of eleven models made of it. */
export interface RouterBenchQuestion {
  readonly id: string;
  readonly dataset: string;
  readonly split: string;
  readonly prompt: string;
  /** Quality, 0..1; null where it is unknown. */
  readonly q: readonly (number | null)[];
  /** In USD. */
  readonly cost: readonly number[];
  readonly resp_chars: readonly number[];
  /** The cheapest model that was right, or what the source says when none was. */
  readonly oracle: string;
}

/** A question and a character 0, 1 or ? per model: wrong, right, unknown. */
export interface LeaderboardQuestion {
  readonly id: string;
  readonly q: string;
}

/** The rows of each set, by its name. */
export interface DataRows {
  readonly "routellm-mmlu": MmluQuestion;
  readonly "routellm-gsm8k": Gsm8kQuestion;
  readonly "routerbench-0shot": RouterBenchQuestion;
  readonly "openllm-v2": LeaderboardQuestion;
  readonly "azure-llm-2023-conv": AzureRequest;
  readonly "mooncake-conversation": MooncakeRequest;
}

/** The name of a data set. */
export type DataSetName = keyof DataRows;

/** A set as its publisher has it, in one file. */
export interface PublishedFile<Row> {
  /** As it is called there. */
  readonly name: string;
  readonly url: string;
  /** Of the file at `url`, in hexadecimal; absent when it is not known: K2. */
  readonly sha256?: string;
  /** Its first line, when that is no row. */
  readonly header?: string;
  /** A fresh reader of its rows. */
  readonly reader: () => LineReader<Row>;
}

/** What is known of a data set. */
export interface CatalogueEntry<Row> {
  /** The file with rows as in `columns`: gzipped lines of JSON, or CSV with a header. */
  readonly file: string;
  readonly columns: Columns<Row>;
  /** Whether the file opens with the names of the models that columns speak of. */
  readonly opensWith?: "models";
  /** Who published it. */
  readonly source: string;
  /** An SPDX identifier; absent when the source states no licence: K1. */
  readonly licence?: string;
  readonly published?: PublishedFile<Row>;
}

/** All data sets. */
export const DATA_SETS: { readonly [Name in DataSetName]: CatalogueEntry<DataRows[Name]> } = {
  "routellm-mmlu": {
    file: "routellm_mmlu.jsonl.gz",
    columns: {
      id: "text",
      subject: "text",
      weak: "flag",
      strong: "flag",
      contaminated: "flag",
      prompt: "text",
    },
    source: "https://github.com/lm-sys/RouteLLM",
    licence: "Apache-2.0",
  },
  "routellm-gsm8k": {
    file: "routellm_gsm8k.jsonl.gz",
    columns: {
      id: "text",
      weak: "flag",
      strong: "flag",
      contaminated: "flag",
      prompt: "text",
      weak_response: "text",
      strong_response: "text",
    },
    source: "https://github.com/lm-sys/RouteLLM",
    licence: "Apache-2.0",
  },
  "routerbench-0shot": {
    file: "routerbench_0shot_subset.jsonl.gz",
    opensWith: "models",
    columns: {
      id: "text",
      dataset: "text",
      split: "text",
      prompt: "text",
      q: "scores",
      cost: "numbers",
      resp_chars: "numbers",
      oracle: "text",
    },
    source: "https://github.com/shuhao02/RouterDC",
  },
  "openllm-v2": {
    file: "openllm_v2_19models.jsonl.gz",
    opensWith: "models",
    columns: { id: "text", q: "marks" },
    source: "https://github.com/somerstep/CARROT",
  },
  "azure-llm-2023-conv": {
    file: "azure_llm_2023_conv.csv.gz",
    columns: {
      ms: "number",
      service: "text",
      context_tokens: "number",
      generated_tokens: "number",
    },
    source: "https://github.com/Azure/AzurePublicDataset",
    licence: "CC-BY-4.0",
    published: {
      name: "AzureLLMInferenceTrace_conv.csv",
      url: "https://raw.githubusercontent.com/Azure/AzurePublicDataset/master/data/AzureLLMInferenceTrace_conv.csv",
      header: AZURE_HEADER,
      reader: azureReader,
    },
  },
  "mooncake-conversation": {
    file: "mooncake_conversation.csv.gz",
    columns: {
      ms: "number",
      input_tokens: "number",
      output_tokens: "number",
      prefix_blocks: "number",
      first_block: "number",
      blocks_seen_before: "number",
    },
    source: "https://github.com/kvcache-ai/Mooncake",
    licence: "Apache-2.0",
    published: {
      name: "conversation_trace.jsonl",
      url: "https://raw.githubusercontent.com/kvcache-ai/Mooncake/main/FAST25-release/traces/conversation_trace.jsonl",
      reader: mooncakeReader,
    },
  },
};

/**
 * The file to fetch a set from.
 *
 * @returns in one line why it must not be fetched: K1, K2, K3
 */
export function fetchableFile<Row>(
  entry: Pick<CatalogueEntry<Row>, "licence" | "published" | "source">,
):
  | { readonly ok: true; readonly file: PublishedFile<Row>; readonly sha256: string }
  | { readonly ok: false; readonly reason: string } {
  const { licence, published, source } = entry;
  if (licence === undefined)
    return { ok: false, reason: `${source} states no licence, so it is not fetched` };
  if (published === undefined)
    return { ok: false, reason: `${source} has it in another form, so it is not fetched` };
  if (published.sha256 === undefined) {
    const reason = `the checksum of ${published.url} is not known, so it is not fetched: download it into that folder`;
    return { ok: false, reason };
  }
  return { ok: true, file: published, sha256: published.sha256 };
}
