/**
 * A real nats-server whose one user may do only what a test allows, and which tells what its clients
 * are: the shipped configuration has neither users nor a monitor.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locateNatsServer } from "../../cluster/nats-server/locate.ts";
import { startKeptServer } from "./kept-server.ts";
import { until } from "./test-server.ts";

/** What the user may do; subjects as the server's configuration writes them. */
export interface Permissions {
  readonly publish: { readonly allow: readonly string[]; readonly deny?: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

/** A client as the server sees it. */
export interface ClientSeen {
  readonly name: string;
  readonly subscriptions_list?: readonly string[];
}

/** A server with one user, who needs no password. */
export interface LimitedServer {
  readonly url: string;
  clients(): Promise<readonly ClientSeen[]>;
  end(): Promise<void>;
}

/** Starts it on free ports and an empty store. */
export async function startLimitedServer(permissions: Permissions): Promise<LimitedServer> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const folder = await mkdtemp(join(tmpdir(), "troupe-limited-"));
  const ports = join(folder, "ports");
  await mkdir(ports);
  const config = {
    listen: "127.0.0.1:-1",
    http: "127.0.0.1:-1",
    jetstream: { store_dir: folder, max_file_store: 268_435_456 },
    accounts: {
      APP: { jetstream: "enabled", users: [{ user: "app", password: "app", permissions }] },
    },
    no_auth_user: "app",
  };
  const args = ["--ports_file_dir", ports];
  const server = await startKeptServer({ binary, folder, name: "server", config, args });
  let addresses: { readonly nats: readonly string[]; readonly monitoring: readonly string[] } = {
    nats: [],
    monitoring: [],
  };
  await until("the server says where it listens", async () => {
    for (const name of await readdir(ports)) {
      const text = await readFile(join(ports, name), "utf8");
      if (!text.trimEnd().endsWith("}")) continue;
      addresses = JSON.parse(text);
      return true;
    }
    return false;
  });
  return {
    url: addresses.nats[0] ?? "",
    clients: async () => {
      const answer = await fetch(`${addresses.monitoring[0]}/connz?subs=1`);
      return ((await answer.json()) as { connections: ClientSeen[] }).connections;
    },
    end: async () => {
      await server.end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
