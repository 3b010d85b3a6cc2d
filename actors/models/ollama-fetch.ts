/**
 * The `fetch` that is injected into the `ollama` client: what makes that client safe to use.
 *
 * Owns: the connection (undici agent, abort) and the border check of what comes over it. Its
 * neighbour `ollama-client.ts` owns the call and its deadlines.
 *
 * F1: aborting the signal closes the socket, before the first byte too; the library's own abort
 *   exists only once the response headers are there.
 * F2: no time-outs hidden in the transport: Node's fetch gives up after 300 s without headers, which
 *   a cold model may take. Deadlines are the caller's.
 * F3: a line that is not a JSON object breaks the stream. The library would skip it with a warning,
 *   and the answer would silently lack a piece.
 * F4: error bodies reach the library as JSON; it prints to standard output about any other.
 * F5: nothing is buffered without a bound: a line, or an error body, of more than 1 MB is cut off.
 *
 * Cost: each line is parsed twice, once here and once in the library.
 */
import { Agent, Response, fetch as undiciFetch } from "undici";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isRecord } from "./json-schema.ts";

const LONGEST_LINE = 1_000_000;
const SHOWN_OF_BAD_LINE = 80;

/** Connections to one server, without time-outs of their own; idle ones do not hold the process. */
export function ollamaAgent(): Agent {
  return new Agent({ headersTimeout: 0, bodyTimeout: 0 });
}

/**
 * A `fetch` for one call.
 *
 * @param signal - ends the call at the socket; the library's own signal is not needed beside it
 */
export function ollamaFetch(agent: Agent, signal: AbortSignal): typeof fetch {
  const send = async (url: string, init: Parameters<typeof undiciFetch>[1]): Promise<Response> => {
    const response = await undiciFetch(url, { ...init, signal, dispatcher: agent });
    if (!response.ok) return jsonError(response);
    const isJson = response.headers.get("content-type")?.includes("application/json") ?? false;
    if (isJson || response.body === null) return response;
    const lines = response.body.pipeThrough(checkedLines());
    return new Response(lines, { status: response.status, headers: response.headers });
  };
  // undici's own types and the global ones describe the same interface under two names.
  return send as unknown as typeof fetch;
}

/** The same error with a JSON body: `{"error": …}` as the server sent it, or its text. */
async function jsonError(response: Response): Promise<Response> {
  const text = await beginningOf(response);
  const { error } = jsonObject(text) ?? {};
  const message = typeof error === "string" ? error : text.trim();
  return new Response(JSON.stringify({ error: message }), {
    status: response.status,
    statusText: response.statusText,
    headers: { "content-type": "application/json" },
  });
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > LONGEST_LINE) break;
  }
  return text;
}

function checkedLines(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let pending = "";
  return new TransformStream({
    transform(bytes, controller) {
      pending += decoder.decode(bytes, { stream: true });
      const lines = pending.split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        if (line.trim() === "") continue;
        if (jsonObject(line) === undefined) return controller.error(notJson(line));
        controller.enqueue(encoder.encode(`${line}\n`));
      }
      if (pending.length > LONGEST_LINE) controller.error(notJson(pending));
    },
    flush(controller) {
      if (pending.trim() === "") return;
      if (jsonObject(pending) === undefined) return controller.error(notJson(pending));
      controller.enqueue(encoder.encode(pending));
    },
  });
}

function jsonObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function notJson(line: string): TroupeError {
  const shown = line.length > SHOWN_OF_BAD_LINE ? `${line.slice(0, SHOWN_OF_BAD_LINE)}…` : line;
  return new TroupeError("model.failed", `the endpoint sent a line that is not JSON: ${shown}`);
}
