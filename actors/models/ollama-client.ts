/**
 * A model served by Ollama: the one home of the `ollama` package.
 *
 * Owns: the call and its deadlines. Its neighbour `ollama-fetch.ts` owns the connection,
 * `ollama-failure.ts` what each failure is called, `model-clients.ts` which server and model.
 *
 * O1: a fresh library instance per call: an aborted stream leaves an entry behind in its instance.
 * O2: every call streams, also when the caller wants the whole text: others cannot be cancelled.
 * O3: however the call ends (done, error, abort, a `break` in the consumer), its socket is closed,
 *   so that the server stops generating.
 * O4: the library is given an object of its own to change; the caller's request is never touched.
 * O5: calls in flight are bounded; past the bound a call fails with `model.overloaded` at once.
 * L2: nothing is retried here.
 * L3: every error of a call under way carries `{ model, host, chunks }`: what is known of its usage.
 *
 * Source: https://github.com/ollama/ollama/blob/main/docs/api.md
 */
import { type GenerateRequest, type GenerateResponse, Ollama } from "ollama";
import type { Agent } from "undici";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type {
  ModelClient,
  ModelIdentity,
  ModelRequest,
  ModelUsage,
} from "../../runtime/ports/model-client.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isRecord } from "./json-schema.ts";
import {
  type ModelFailureCode,
  type OllamaProgress,
  ollamaFailure,
  rootMessage,
} from "./ollama-failure.ts";
import { ollamaAgent, ollamaFetch } from "./ollama-fetch.ts";
import { localPrices, type PriceTable, pricedBy } from "./price-table.ts";

/** How long a call may take. All in milliseconds. */
export interface OllamaDeadlines {
  /** Until the first piece, with the server's queue and a cold load; default 120,000. */
  readonly firstTokenMs: number;
  /** Between two pieces, the consumer's own pauses not counted; default 30,000. */
  readonly idleMs: number;
  /** Until the end, the consumer's pauses counted; default 600,000. */
  readonly totalMs: number;
}

/** Options of an {@link OllamaClient}. */
export interface OllamaOptions {
  /** As in `OLLAMA_HOST`: `host`, `host:port` or a URL without a user; the port defaults to 11434. */
  readonly host: string;
  /** As in `ollama list`. */
  readonly model: string;
  readonly clock: Clock;
  readonly deadlines?: Partial<OllamaDeadlines>;
  /** Calls under way at once; default 64. */
  readonly maxInFlight?: number;
  /** What a call costs; default nothing, as for every local model. */
  readonly prices?: PriceTable;
}

/** A model that a server has. */
export interface OllamaModel {
  readonly name: string;
  /** The architecture, for example `llama` or `nomic-bert`. */
  readonly family: string;
  /** Loaded now, so its first token comes soon. */
  readonly warm: boolean;
}

const DEFAULT_DEADLINES: OllamaDeadlines = {
  firstTokenMs: 120_000,
  idleMs: 30_000,
  totalMs: 600_000,
};
const DEFAULT_MAX_IN_FLIGHT = 64;
const UNANSWERED: OllamaProgress = { answered: false, chunks: 0 };

/** Generates with one model of one Ollama server. */
export class OllamaClient implements ModelClient {
  readonly identity: ModelIdentity;
  readonly costMicros?: (usage: ModelUsage) => number;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #deadlines: OllamaDeadlines;
  readonly #maxInFlight: number;
  readonly #agent: Agent = ollamaAgent();
  #inFlight = 0;
  #firstTokenMs: number | undefined;

  /**
   * @throws {TypeError} when the host is none
   * @throws {RangeError} when `maxInFlight` is not a whole number above 0
   */
  constructor(options: OllamaOptions) {
    const { host, model, clock, deadlines = {}, maxInFlight, prices = localPrices } = options;
    assertHost(host);
    if (maxInFlight !== undefined && !(Number.isInteger(maxInFlight) && maxInFlight >= 1)) {
      throw new RangeError(`maxInFlight must be a whole number, 1 or more: ${maxInFlight}`);
    }
    this.identity = { kind: "ollama", name: model };
    const cost = pricedBy(prices, this.identity);
    if (cost !== undefined) this.costMicros = cost;
    this.#host = host;
    this.#clock = clock;
    this.#deadlines = { ...DEFAULT_DEADLINES, ...deadlines };
    this.#maxInFlight = maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
  }

  /** Calls under way. The server runs one at a time by default and queues the others. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How long the latest answered call waited for its first piece; absent before any was answered. */
  get firstTokenMs(): number | undefined {
    return this.#firstTokenMs;
  }

  async *generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<string, ModelUsage> {
    if (signal.aborted) throw this.#cancelled(signal);
    if (this.#inFlight >= this.#maxInFlight) {
      throw this.#error("model.overloaded", `${this.#maxInFlight} calls are already under way`);
    }
    const call = new AbortController();
    const progress: { answered: boolean; chunks: number } = { answered: false, chunks: 0 };
    const cancel = () => call.abort(this.#cancelled(signal, progress));
    signal.addEventListener("abort", cancel, { once: true });
    const expireAfter = (spanMs: number, code: ModelFailureCode, what: string): Cancel =>
      this.#clock.after(spanMs, () => {
        call.abort(this.#error(code, `${what} ${spanMs} ms`, { chunks: progress.chunks }));
      });
    const { firstTokenMs, idleMs, totalMs } = this.#deadlines;
    const cancelTotal = expireAfter(totalMs, "model.failed", "was not done within");
    let cancelWait = expireAfter(firstTokenMs, "model.unavailable", "sent nothing for");
    const startedMs = this.#clock.monotonicMs();
    this.#inFlight++;
    try {
      const server = new Ollama({
        host: this.#host,
        fetch: ollamaFetch(this.#agent, call.signal),
      });
      const stream = await server.generate(requestBody(this.identity.name, request));
      for await (const part of stream) {
        cancelWait();
        if (!progress.answered) this.#firstTokenMs = this.#clock.monotonicMs() - startedMs;
        progress.answered = true;
        const { response = "" } = part;
        if (response !== "") {
          progress.chunks++;
          yield response;
          // A chunk may hold more pieces than this one: after an abort they are not handed out.
          call.signal.throwIfAborted();
        }
        if (part.done) return this.#usage(part);
        cancelWait = expireAfter(idleMs, "model.failed", "stalled for");
      }
      throw new Error("the stream ended without its end");
    } catch (thrown) {
      throw call.signal.aborted ? call.signal.reason : this.#failure(thrown, progress);
    } finally {
      cancelWait();
      cancelTotal();
      signal.removeEventListener("abort", cancel);
      call.abort();
      this.#inFlight--;
    }
  }

  /** Counts come only with the last piece and are absent when zero. */
  #usage(last: GenerateResponse): ModelUsage {
    const reason: string | undefined = last.done_reason;
    if (reason === "load" || reason === "unload") {
      throw new Error(`it did nothing but ${reason} the model: the prompt was empty`);
    }
    const counts: Partial<GenerateResponse> = last;
    return {
      inputTokens: counts.prompt_eval_count ?? 0,
      outputTokens: counts.eval_count ?? 0,
      finish: reason === "length" ? "length" : "stop",
    };
  }

  #failure(thrown: unknown, progress: OllamaProgress): TroupeError {
    const { code, message, status } = ollamaFailure(thrown, progress);
    const data = status === undefined ? {} : { status };
    return this.#error(code, message, { chunks: progress.chunks, ...data });
  }

  #cancelled(signal: AbortSignal, progress: OllamaProgress = UNANSWERED): TroupeError {
    const { name } = this.identity;
    return new TroupeError("ask.cancelled", `the call to ${name} was cancelled`, {
      cause: signal.reason,
      data: { model: name, host: this.#host, chunks: progress.chunks },
    });
  }

  #error(
    code: ModelFailureCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
  ): TroupeError {
    const { name } = this.identity;
    return new TroupeError(code, `Ollama at ${this.#host}, model ${name}: ${message}`, {
      data: { model: name, host: this.#host, ...data },
    });
  }
}

/**
 * The models that a server has, as `ollama list` orders them.
 *
 * @throws {TroupeError} `model.unavailable` when it does not answer like Ollama in time
 * @throws {TypeError} when the host is none
 */
export async function ollamaModels(
  host: string,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<readonly OllamaModel[]> {
  assertHost(host);
  const call = new AbortController();
  const cancel = clock.after(timeoutMs, () =>
    call.abort(new Error(`no answer within ${timeoutMs} ms`)),
  );
  const agent = ollamaAgent();
  try {
    const server = new Ollama({ host, fetch: ollamaFetch(agent, call.signal) });
    const models = modelsIn(await server.list());
    // Servers from before `ps` answer 404; nothing is known to be warm there.
    const running = await server.ps().then(modelsIn, () => []);
    const warm = new Set(running.map(({ name }) => name));
    return models.map((model) => ({ ...model, warm: warm.has(model.name) }));
  } catch (thrown) {
    const message = rootMessage(call.signal.aborted ? call.signal.reason : thrown);
    throw new TroupeError("model.unavailable", `Ollama at ${host}: ${message}`, { data: { host } });
  } finally {
    cancel();
    call.abort();
    await agent.destroy();
  }
}

/** Whatever listens at a port may answer: its list is parsed, not trusted. */
function modelsIn(answer: unknown): readonly { readonly name: string; readonly family: string }[] {
  const { models } = isRecord(answer) ? answer : {};
  if (!Array.isArray(models)) throw new Error("it does not answer like Ollama");
  return models.flatMap((model: unknown) => {
    if (!isRecord(model)) return [];
    const { name, details } = model;
    const { family } = isRecord(details) ? details : {};
    if (typeof name !== "string") return [];
    return [{ name, family: typeof family === "string" ? family : "" }];
  });
}

function requestBody(model: string, request: ModelRequest): GenerateRequest & { stream: true } {
  return {
    model,
    prompt: request.prompt,
    stream: true,
    ...(request.system === undefined ? {} : { system: request.system }),
    ...(request.format === undefined ? {} : { format: request.format }),
    options: {
      temperature: request.temperature ?? 0,
      ...(request.seed === undefined ? {} : { seed: request.seed }),
      ...(request.maxOutputTokens === undefined ? {} : { num_predict: request.maxOutputTokens }),
    },
  };
}

/** A host as it may be shown: without the user and password that a URL can carry. */
export function shownHost(host: string): string {
  return host.replace(/^(\w+:\/\/)?[^/]*@/, "$1");
}

function assertHost(host: string): void {
  const shown = JSON.stringify(shownHost(host));
  // `fetch` refuses such URLs, with a message that prints the password.
  if (shownHost(host) !== host) {
    throw new TypeError(`a host of Ollama carries no user or password: ${shown}`);
  }
  try {
    new Ollama({ host });
  } catch (cause) {
    throw new TypeError(`not a host of Ollama: ${shown} (use host:port)`, { cause });
  }
}
