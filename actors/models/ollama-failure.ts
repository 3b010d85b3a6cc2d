/**
 * What a failed call to Ollama is called.
 *
 * Owns: the mapping from what the library, the transport and the server say to error codes, as a pure
 * function. Its neighbour `ollama-client.ts` throws the errors.
 *
 * E1: a server that never answered is `model.unavailable`; one that answered and broke off is
 *   `model.failed`.
 * E2: the library does not export its `ResponseError` at run time, so it is known by its name.
 */
import { messageOf } from "../../runtime/troupe-error.ts";

/** The codes that a call to a model may fail with. */
export type ModelFailureCode =
  | "model.unavailable"
  | "model.unknown"
  | "model.overloaded"
  | "model.failed";

/** What is known of a failure. */
export interface OllamaFailure {
  readonly code: ModelFailureCode;
  readonly message: string;
  /** The HTTP status, when the server refused. */
  readonly status?: number;
}

/** How far a call has come. */
export interface OllamaProgress {
  /** Whether any line has come. */
  readonly answered: boolean;
  /** Pieces of text received; one token each, as Ollama streams them. */
  readonly chunks: number;
}

const DEEPEST_CAUSE = 8;

/** Names what was thrown during a call. */
export function ollamaFailure(thrown: unknown, progress: OllamaProgress): OllamaFailure {
  const status = statusOf(thrown);
  const message = rootMessage(thrown);
  if (status !== undefined) return { code: codeOfStatus(status, message), message, status };
  // The transport's errors are TypeErrors; those of the library and of the line check are not.
  if (thrown instanceof TypeError && !progress.answered) {
    return { code: "model.unavailable", message };
  }
  const at = `broke off after ${progress.chunks} pieces`;
  return { code: "model.failed", message: `${at}: ${message}` };
}

/** The innermost message: `fetch failed` says nothing, `connect ECONNREFUSED …` below it does. */
export function rootMessage(thrown: unknown): string {
  let inner = thrown;
  for (let depth = 0; depth < DEEPEST_CAUSE && inner instanceof Error; depth++) {
    const below: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
    if (!(below instanceof Error)) break;
    inner = below;
  }
  return messageOf(inner);
}

function codeOfStatus(status: number, message: string): ModelFailureCode {
  switch (status) {
    case 404:
      return /model .*not found/i.test(message) ? "model.unknown" : "model.unavailable";
    case 429:
    case 503:
      return "model.overloaded";
    case 502:
    case 504:
      return "model.unavailable";
    default:
      return "model.failed";
  }
}

function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "ResponseError") return undefined;
  return "status_code" in thrown ? Number(thrown.status_code) : undefined;
}
