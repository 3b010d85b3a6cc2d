/** A TCP server that speaks enough of the NATS protocol to be taken for one: to be refused. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What the fake says of itself. */
export interface FakeServerOptions {
  readonly version: string;
  /** The answer to `$JS.API.INFO`; without one nobody answers. */
  readonly accountInfo?: unknown;
  /** Default 1 MB. */
  readonly maxPayload?: number;
}

/** A fake server. */
export interface FakeServer {
  readonly url: string;
  close(): void;
}

/** Listens on a free port of 127.0.0.1. */
export async function fakeServer(options: FakeServerOptions): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const { port } = server.address() as AddressInfo;
    const info = {
      server_id: "FAKE",
      version: options.version,
      proto: 1,
      host: "127.0.0.1",
      port,
      headers: true,
      max_payload: options.maxPayload ?? 1_048_576,
      jetstream: true,
    };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    converse(socket, options);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function converse(socket: Socket, options: FakeServerOptions): void {
  /** Subscription ids by subject; requests answer to the client's one inbox. */
  const inboxes: { prefix: string; sid: string }[] = [];
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    rest += text;
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const words = rest.slice(0, end).split(" ");
      rest = rest.slice(end + 2);
      if (words[0] === "PING") socket.write("PONG\r\n");
      if (words[0] === "SUB") {
        inboxes.push({ prefix: (words[1] ?? "").replace("*", ""), sid: words.at(-1) ?? "" });
      }
      if (words[0] === "PUB" && words[1] === "$JS.API.INFO" && options.accountInfo !== undefined) {
        const reply = words[2] ?? "";
        const inbox = inboxes.find(({ prefix }) => reply.startsWith(prefix));
        const body = JSON.stringify(options.accountInfo);
        socket.write(`MSG ${reply} ${inbox?.sid ?? 1} ${body.length}\r\n${body}\r\n`);
      }
    }
  });
}
