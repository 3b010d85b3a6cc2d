/**
 * An HTTP server that behaves like Ollama, faults included.
 *
 * Owns: the wire of `docs/api.md`: NDJSON with headers only with the first chunk, one slot and a
 * queue, cold loads, error bodies, counts in the last chunk only and absent when zero. It records of
 * each call when its client went away and how many tokens were made after that.
 *
 * W1: settings are read per request, so a test changes them between calls.
 * W2: `close` ends every connection and every timer.
 */
import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong after `afterTokens` tokens. */
export interface StubFault {
  readonly kind: "broken-json" | "error" | "cut" | "reset" | "stall" | "hang";
  readonly afterTokens: number;
}

/** How the server behaves. */
export interface StubSettings {
  /** Names with tag; the first is the latest. */
  models: readonly string[];
  /** Loaded models. */
  warm: readonly string[];
  family: string;
  /** The pieces of the answer. */
  tokens: readonly string[];
  inputTokens: number;
  firstTokenMs: number;
  /** 0 = as fast as possible. */
  tokensPerSecond: number;
  coldLoadMs: number;
  slots: number;
  queue: number;
  doneReason: string | undefined;
  fault: StubFault | undefined;
  /** Answers every request with this. */
  status: { readonly code: number; readonly body: string; readonly type: string } | undefined;
  /** Keeps generating after the client went away, for at most this many tokens. */
  tokensAfterDisconnect: number;
}

/** A request's body. */
export interface StubBody extends Readonly<Record<string, unknown>> {
  readonly model?: unknown;
}

/** What became of one generation. */
export interface StubCall {
  readonly route: string;
  readonly body: StubBody;
  tokens: number;
  disconnected: boolean;
  tokensAfterDisconnect: number;
  ended: boolean;
}

/** A running stub. */
export interface OllamaStub {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly settings: StubSettings;
  readonly calls: readonly StubCall[];
  /** Waits until `holds` of the stub's calls; rejects after 5 s. */
  until(holds: (calls: readonly StubCall[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

const DEFAULTS: StubSettings = {
  models: ["llama3.2:latest"],
  warm: [],
  family: "llama",
  tokens: ["Hello", ",", " world"],
  inputTokens: 7,
  firstTokenMs: 0,
  tokensPerSecond: 0,
  coldLoadMs: 0,
  slots: 1,
  queue: 512,
  doneReason: "stop",
  fault: undefined,
  status: undefined,
  tokensAfterDisconnect: 0,
};

/** Starts a stub on a free port of the loopback interface. */
export async function startOllamaStub(settings: Partial<StubSettings> = {}): Promise<OllamaStub> {
  const stub = new Stub({ ...DEFAULTS, ...settings });
  await stub.listen();
  return stub;
}

class Stub implements OllamaStub {
  readonly settings: StubSettings;
  readonly calls: StubCall[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #changes = new EventTarget();
  readonly #closing = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  host = "";

  constructor(settings: StubSettings) {
    this.settings = settings;
  }

  async listen(): Promise<void> {
    // Every pause of every call listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the stub has no port");
    this.host = `127.0.0.1:${address.port}`;
  }

  async until(holds: (calls: readonly StubCall[]) => boolean): Promise<void> {
    const signal = AbortSignal.timeout(5_000);
    while (!holds(this.calls)) {
      await once(this.#changes, "change", { signal });
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { status, models, warm, family } = this.settings;
    if (status !== undefined) {
      response.writeHead(status.code, { "content-type": status.type }).end(status.body);
      return;
    }
    const described = (name: string) => ({ name, model: name, size: 1, details: { family } });
    switch (`${request.method} ${request.url}`) {
      case "GET /":
        response.writeHead(200, { "content-type": "text/plain" }).end("Ollama is running");
        return;
      case "GET /api/version":
        return json(response, 200, { version: "0.12.0" });
      case "GET /api/tags":
        return json(response, 200, { models: models.map(described) });
      case "GET /api/ps":
        return json(response, 200, { models: warm.map(described) });
      case "POST /api/show":
        return this.#known(response, body)
          ? json(response, 200, { details: { family }, capabilities: ["completion"] })
          : undefined;
      case "POST /api/embed":
        return this.#known(response, body)
          ? json(response, 200, { model: body.model, embeddings: [[1, 0]] })
          : undefined;
      case "POST /api/pull":
        return json(response, 200, { status: "success" });
      case "POST /api/chat":
      case "POST /api/generate":
        if (this.#known(response, body)) await this.#generate(request.url ?? "", body, response);
        return;
      default:
        response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
    }
  }

  #known(response: ServerResponse, body: StubBody): boolean {
    const { model } = body;
    if (typeof model !== "string" || model === "") {
      json(response, 400, { error: "model is required" });
      return false;
    }
    const known = this.settings.models.some((name) => name === model || name === `${model}:latest`);
    if (!known) json(response, 404, { error: `model '${model}' not found` });
    return known;
  }

  async #generate(route: string, body: StubBody, response: ServerResponse): Promise<void> {
    if (this.#busy >= this.settings.slots && this.#waiting.length >= this.settings.queue) {
      json(response, 503, {
        error: "server busy, please try again.  maximum pending requests exceeded",
      });
      return;
    }
    const call: StubCall = {
      route,
      body,
      tokens: 0,
      disconnected: false,
      tokensAfterDisconnect: 0,
      ended: false,
    };
    this.calls.push(call);
    response.on("close", () => {
      call.disconnected = !response.writableFinished;
      this.#changed();
    });
    this.#changed();
    if (this.#busy >= this.settings.slots) {
      await new Promise<void>((free) => {
        this.#waiting.push(free);
      });
    }
    this.#busy++;
    try {
      await this.#stream(call, response);
    } finally {
      call.ended = true;
      this.#busy--;
      this.#waiting.shift()?.();
      this.#changed();
    }
  }

  async #stream(call: StubCall, response: ServerResponse): Promise<void> {
    const { settings } = this;
    const model = String(call.body.model);
    const isWarm = settings.warm.some((name) => name === model || name === `${model}:latest`);
    if (!isWarm) {
      await this.#pause(settings.coldLoadMs);
      settings.warm = [...settings.warm, model];
    }
    await this.#pause(settings.firstTokenMs);
    for (const token of settings.tokens) {
      if (settings.fault?.afterTokens === call.tokens) break;
      if (call.disconnected && call.tokensAfterDisconnect >= settings.tokensAfterDisconnect) return;
      this.#write(response, { model, ...piece(call.route, token), done: false });
      call.tokens++;
      if (call.disconnected) call.tokensAfterDisconnect++;
      this.#changed();
      await this.#pause(settings.tokensPerSecond === 0 ? 0 : 1_000 / settings.tokensPerSecond);
    }
    if (settings.fault !== undefined) return this.#break(settings.fault, call, response);
    if (call.disconnected) return;
    this.#write(response, {
      model,
      ...piece(call.route, ""),
      done: true,
      ...(settings.doneReason === undefined ? {} : { done_reason: settings.doneReason }),
      // As in Go's `omitempty`: a count of zero is left out.
      ...(settings.inputTokens === 0 ? {} : { prompt_eval_count: settings.inputTokens }),
      ...(call.tokens === 0 ? {} : { eval_count: call.tokens }),
    });
    response.end();
  }

  async #break(fault: StubFault, call: StubCall, response: ServerResponse): Promise<void> {
    switch (fault.kind) {
      case "broken-json":
        this.#write(response, '{"model":"x","response":"lost pie\n');
        response.end();
        return;
      case "error":
        this.#write(response, { error: "an error was encountered while running the model" });
        response.end();
        return;
      case "cut":
        if (!response.headersSent) response.writeHead(200, NDJSON);
        response.end();
        return;
      case "reset":
        response.flushHeaders();
        response.socket?.resetAndDestroy();
        return;
      case "stall":
      case "hang":
        // A stall has sent headers and pieces, a hang nothing at all; both end with the client.
        while (!call.disconnected && !this.#closing.signal.aborted) {
          await once(this.#changes, "change", { signal: this.#closing.signal });
        }
    }
  }

  #write(response: ServerResponse, line: object | string): void {
    if (!response.headersSent) response.writeHead(200, NDJSON);
    response.write(typeof line === "string" ? line : `${JSON.stringify(line)}\n`);
  }

  async #pause(spanMs: number): Promise<void> {
    await sleep(spanMs, undefined, { signal: this.#closing.signal });
  }

  #changed(): void {
    this.#changes.dispatchEvent(new Event("change"));
  }
}

const NDJSON = { "content-type": "application/x-ndjson" };

function piece(route: string, text: string): object {
  return route === "/api/chat"
    ? { message: { role: "assistant", content: text } }
    : { response: text };
}

function json(response: ServerResponse, code: number, body: object): void {
  response
    .writeHead(code, { "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<StubBody> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : (JSON.parse(text) as StubBody);
}
