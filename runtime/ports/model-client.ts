/**
 * A language model's endpoint, as a port.
 *
 * L1: aborting the signal ends the call at the socket, before the first chunk too.
 * L2: a client never retries by itself; that is its caller's decision.
 * L3: usage is reported once, at the end, or with what is known when the call breaks.
 */

/** What a model is asked. */
export interface ModelRequest {
  readonly system?: string;
  readonly prompt: string;
  /** A JSON Schema that the answer must satisfy; clients that cannot enforce it ask for it in words. */
  readonly format?: Readonly<Record<string, unknown>>;
  /** At most this many output tokens. */
  readonly maxOutputTokens?: number;
  /** 0..2; default 0. */
  readonly temperature?: number;
  readonly seed?: number;
}

/** What a call cost. Tokens are the endpoint's own count. */
export interface ModelUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Why it ended: `length` when a limit cut it. */
  readonly finish: "stop" | "length";
}

/** What a model is, for output and bills. */
export interface ModelIdentity {
  /** `builtin` is extractive and `scripted` says what a test wrote down: neither is an LLM. */
  readonly kind: "builtin" | "ollama" | "scripted";
  readonly name: string;
}

/** Generates text with one model. */
export interface ModelClient {
  readonly identity: ModelIdentity;
  /**
   * Yields text chunks as they come and returns the usage.
   *
   * @throws {TroupeError} `model.unavailable`, `model.unknown`, `model.overloaded` or `model.failed`;
   *   `ask.cancelled` when the signal aborted
   */
  generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<string, ModelUsage>;
  /** What a call of that usage costs, in 1e-6 USD; absent when nobody knows. */
  readonly costMicros?: (usage: ModelUsage) => number;
}

/** Finds models by name. */
export interface ModelClients {
  /**
   * The client of a model; `auto` is the default one.
   *
   * @throws {TroupeError} `model.unknown`
   */
  client(name: string): ModelClient;
}
