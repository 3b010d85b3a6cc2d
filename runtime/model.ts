/**
 * A model as an actor uses it: one call, iterated for its text, with its usage at the end.
 *
 * Owns: binding calls to their user's signal, measuring and reporting them. The endpoint is
 * `model-client.ts`.
 *
 * I1: a call ends when its signal, or the signal it is bound to, aborts, and when its iteration is
 *     left early. I2: every call that began emits `model.called` once.
 */
import {
  type AbortListener,
  addAbortListener,
  removeAbortListener,
} from "./kernel/abort-listeners.ts";
import { Deferred } from "./kernel/deferred.ts";
import type { ModelClient, ModelIdentity, ModelRequest, ModelUsage } from "./ports/model-client.ts";
import type { Ports } from "./ports/ports.ts";
import { TroupeError } from "./troupe-error.ts";

/** A call under way: iterate it for the chunks, or await `text`. */
export interface ModelCall extends AsyncIterable<string> {
  /** The whole text; starts the call when nothing iterates it. */
  readonly text: Promise<string>;
  /** Settles when the call has ended; starts it like `text`. */
  readonly usage: Promise<ModelUsage>;
}

/** A model, bound to whoever uses it: its calls end when their signal aborts. */
export interface Model {
  readonly identity: ModelIdentity;
  /** A call that begins when somebody iterates or awaits it, and ends with `signal` too. */
  generate(request: ModelRequest & { readonly signal?: AbortSignal }): ModelCall;
}

/**
 * The model of a name, bound to `signal`.
 *
 * @throws {TroupeError} `model.unknown`
 */
export function boundModel(
  ports: Pick<Ports, "clock" | "events" | "models">,
  name: string,
  signal: AbortSignal,
): Model {
  const client = ports.models.client(name);
  return {
    identity: client.identity,
    generate: ({ signal: own, ...request }) =>
      new Call(ports, client, request, own === undefined ? [signal] : [signal, own]),
  };
}

/**
 * One call. The endpoint is read only as far as somebody wants to read; what was read is kept, so
 * that `text` and an iteration see the same chunks, whichever came first.
 */
class Call implements ModelCall, AbortListener {
  readonly #ports: Pick<Ports, "clock" | "events">;
  readonly #client: ModelClient;
  readonly #request: ModelRequest;
  readonly #signals: readonly AbortSignal[];
  readonly #abort = new AbortController();
  readonly #chunks: string[] = [];
  readonly #usage = new Deferred<ModelUsage>().optional();
  #source: AsyncGenerator<string, ModelUsage> | undefined;
  /** The read under way; resolves to whether there may be more. */
  #reading: Promise<boolean> | undefined;
  #text: Promise<string> | undefined;
  #startedAtMs = 0;
  #firstTokenMs = 0;
  #failure: { readonly error: unknown } | undefined;
  #isOver: boolean = false;

  constructor(
    ports: Pick<Ports, "clock" | "events">,
    client: ModelClient,
    request: ModelRequest,
    signals: readonly AbortSignal[],
  ) {
    this.#ports = ports;
    this.#client = client;
    this.#request = request;
    this.#signals = signals;
  }

  get text(): Promise<string> {
    this.#text ??= this.#readAll();
    return this.#text;
  }

  get usage(): Promise<ModelUsage> {
    if (this.#source === undefined) this.text.catch(() => {});
    return this.#usage.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    try {
      for (let i = 0; i < this.#chunks.length || (await this.#more()); i++) {
        yield this.#chunks[i] as string;
      }
    } finally {
      this.#leave();
    }
  }

  async #readAll(): Promise<string> {
    while (await this.#more());
    return this.#chunks.join("");
  }

  /** Reads one chunk, together with whoever else is reading. */
  #more(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isOver) return false;
    try {
      this.#source ??= this.#open();
      const step = await this.#source.next();
      if (!step.done) {
        if (this.#chunks.length === 0) this.#firstTokenMs = this.#elapsedMs();
        this.#chunks.push(step.value);
        return true;
      }
      this.#close("ok", step.value);
      this.#usage.resolve(step.value);
      return false;
    } catch (error) {
      this.#failure = { error };
      this.#close(this.#abort.signal.aborted ? "cancelled" : "failed", undefined);
      this.#usage.reject(error);
      throw error;
    }
  }

  #open(): AsyncGenerator<string, ModelUsage> {
    this.#startedAtMs = this.#ports.clock.monotonicMs();
    for (const signal of this.#signals) {
      if (signal.aborted) this.#abort.abort(signal.reason);
      else addAbortListener(signal, this);
    }
    if (this.#abort.signal.aborted) {
      throw new TroupeError("ask.cancelled", "the call was cancelled before it began");
    }
    return this.#client.generate(this.#request, this.#abort.signal);
  }

  /** One of its signals aborted. */
  handleEvent(): void {
    this.#abort.abort(this.#signals.find((signal) => signal.aborted)?.reason);
  }

  /** An iteration ended; when the call has not, its user left early. */
  #leave(): void {
    if (this.#isOver || this.#text !== undefined) return;
    const error = new TroupeError("ask.cancelled", "the call's user left it early");
    this.#abort.abort(error);
    this.#failure ??= { error };
    this.#close("cancelled", undefined);
    this.#usage.reject(error);
    this.#source?.return({ inputTokens: 0, outputTokens: 0, finish: "stop" }).catch(() => {});
  }

  #close(outcome: "ok" | "failed" | "cancelled", usage: ModelUsage | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const signal of this.#signals) removeAbortListener(signal, this);
    if (!this.#ports.events.watched) return;
    this.#ports.events.emit({
      type: "model.called",
      model: `${this.#client.identity.kind}:${this.#client.identity.name}`,
      inputTokens: usage?.inputTokens ?? 0,
      outputTokens: usage?.outputTokens ?? 0,
      costMicros: usage === undefined ? 0 : (this.#client.costMicros?.(usage) ?? 0),
      firstTokenMs: Math.round(this.#firstTokenMs),
      outcome,
    });
  }

  #elapsedMs(): number {
    return this.#ports.clock.monotonicMs() - this.#startedAtMs;
  }
}
