/**
 * What a model can be asked to do with a text, as data.
 *
 * Owns: the tasks, their limits and the JSON each is answered with. Its neighbour
 * `structured-prompt.ts` owns how a task is put into words.
 *
 * T1: every task is answerable from its own text alone.
 */
import type { ModelRequest } from "../../runtime/ports/model-client.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = NonNullable<ModelRequest["format"]>;

/** A label to choose and what is said of it. */
export interface Candidate {
  /** One line without `": "`; unique in its task. */
  readonly label: string;
  /** Words that describe it, or a typical text; may be empty. Line breaks count as spaces. */
  readonly description: string;
}

/** A task over a text. */
export type ModelTask =
  | {
      readonly task: "summarise";
      readonly text: string;
      /** At most this many sentences; default 3. */
      readonly limit?: number;
    }
  | {
      readonly task: "extract";
      readonly text: string;
      /** Words or phrases whose sentences are wanted; one or more. */
      readonly terms: readonly string[];
      /** At most this many sentences; default 20. */
      readonly limit?: number;
    }
  | {
      readonly task: "classify";
      readonly text: string;
      /** Two or more. */
      readonly labels: readonly Candidate[];
    }
  | {
      readonly task: "answer";
      readonly text: string;
      readonly question: string;
      /** At most this many sentences; default 2. */
      readonly limit?: number;
    };

/** The name of a task. */
export type TaskName = ModelTask["task"];

/** Every task there is. */
export const taskNames: readonly TaskName[] = ["summarise", "extract", "classify", "answer"];

/** The most sentences that a task may ask for. */
export const MOST_SENTENCES = 100;

/** The sentences that a task asks for when it names no limit; a classification gives a label instead. */
export const defaultLimits: Readonly<Record<Exclude<TaskName, "classify">, number>> = {
  summarise: 3,
  extract: 20,
  answer: 2,
};

/**
 * Says what is wrong with a task.
 *
 * @returns one line, or `undefined` when the task is well formed
 */
export function taskFault(task: ModelTask): string | undefined {
  switch (task.task) {
    case "summarise":
      return limitFault(task.limit);
    case "extract":
      if (task.terms.length === 0) return "extract needs at least one term";
      if (task.terms.some((term) => term.trim() === "")) return "a term to extract is empty";
      return limitFault(task.limit);
    case "classify":
      return labelsFault(task.labels);
    case "answer":
      if (task.question.trim() === "") return "the question is empty";
      return limitFault(task.limit);
  }
}

/** The JSON Schema of a task's answer, for callers that want JSON. */
export function answerFormat(task: ModelTask): JsonSchema {
  switch (task.task) {
    case "summarise":
      return object({ summary: { type: "string" } });
    case "extract":
      return object({
        matches: {
          type: "array",
          items: object({ term: { type: "string" }, text: { type: "string" } }),
        },
      });
    case "classify":
      return object({
        label: { type: "string", enum: task.labels.map(({ label }) => label) },
        confidence: { type: "number", minimum: 0, maximum: 1 },
      });
    case "answer":
      return object({
        answer: { type: "string" },
        evidence: { type: "array", items: { type: "string" } },
      });
  }
}

function limitFault(limit: number | undefined): string | undefined {
  if (limit === undefined) return undefined;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_SENTENCES) return undefined;
  return `the limit must be a whole number from 1 to ${MOST_SENTENCES}: ${limit}`;
}

function labelsFault(labels: readonly Candidate[]): string | undefined {
  if (labels.length < 2) return "classify needs at least two labels";
  const seen = new Set<string>();
  for (const { label } of labels) {
    if (label !== label.trim() || label === "" || /[\r\n]|: |:$/.test(label)) {
      return `a label is one line without ": " or outer spaces: ${JSON.stringify(label)}`;
    }
    if (seen.has(label)) return `a label is given twice: ${JSON.stringify(label)}`;
    seen.add(label);
  }
  return undefined;
}

function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
