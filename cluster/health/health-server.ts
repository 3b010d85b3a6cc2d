/**
 * `/healthz` and `/readyz` over HTTP, for whatever runs processes and balances load.
 *
 * Owns: the listening socket and its bounds. The verdicts are `node-condition.ts`.
 *
 * H1: it answers 200 or 503, with a JSON body that says why.
 * H2: connections, headers and times are bounded. Each connection is good for one probe, which is asked and
 *     answered within {@link REQUEST_MS}; past {@link MOST_CONNECTIONS} the one that is open longest makes
 *     room. So nobody who holds connections open keeps a probe from its answer.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { liveness, type NodeFacts, readiness, type Verdict } from "./node-condition.ts";

/** Where probes are answered. */
export interface HealthOptions {
  /** 0 = any free one. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

/** A server that answers. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 64;
const MOST_HEADER_BYTES = 4_096;
const REQUEST_MS = 5_000;
/** How often Node looks for requests that take too long; by itself only every 30 s. */
const CHECK_MS = 1_000;

/**
 * Answers probes with what `facts` says at that moment.
 *
 * @throws {TroupeError} `config.invalid` when the port cannot be used
 */
export async function startHealthServer(
  { port, host = "127.0.0.1" }: HealthOptions,
  node: string,
  facts: () => NodeFacts,
): Promise<HealthServer> {
  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      request.resume();
      const path = request.url?.split("?", 1)[0];
      const isRead = request.method === "GET" || request.method === "HEAD";
      if (!isRead) answer(response, 405, { error: "GET or HEAD" });
      else if (path === "/healthz") probe(response, node, liveness(facts()), facts());
      else if (path === "/readyz") probe(response, node, readiness(facts()), facts());
      else answer(response, 404, { error: "/healthz or /readyz" });
    },
  );
  // Of a client that does not read its answer no other limit hears.
  server.timeout = REQUEST_MS;
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= MOST_CONNECTIONS) {
      open.delete(oldest);
      oldest.destroy();
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const line = `health: port ${port} of ${host} cannot be used: ${messageOf(cause)}`;
      reject(new TroupeError("config.invalid", line, { cause }));
    });
    server.listen(port, host, resolve);
  });
  // Probes alone are no reason for the process to stay.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function probe(response: ServerResponse, node: string, verdict: Verdict, facts: NodeFacts): void {
  const { ok, reasons } = verdict;
  const status = ok ? "ok" : "failing";
  answer(response, ok ? 200 : 503, { v: 1, status, node, reasons, ...facts });
}

function answer(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, {
    "content-type": "application/json",
    "cache-control": "no-store",
    connection: "close",
  });
  response.end(`${JSON.stringify(body)}\n`);
}
