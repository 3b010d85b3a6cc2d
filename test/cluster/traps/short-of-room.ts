/**
 * A real server that runs out of room: of its own limit, or of files that may grow no further, which is to
 * it what a full disk is.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "nats";
import { freePorts } from "../../../cluster/nats-server/free-port.ts";
import { locateNatsServer } from "../../../cluster/nats-server/locate.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import { type KeptServer, startKeptServer } from "../kept-server.ts";
import { freshFolder } from "../server-under-test.ts";
import { until } from "../test-server.ts";

/** What it is short of. */
export interface Room {
  /** The server's own limit, `max_file_store`; default 256 MB. */
  readonly storeBytes?: number;
  /** What the system lets it write into one file; no limit by default. */
  readonly fileKilobytes?: number;
  /** Other settings of the server. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A server that can be given more room. */
export interface ShortServer {
  readonly url: string;
  /** Starts it again on the same port and store. */
  restart(room: Room): Promise<void>;
  end(): Promise<void>;
}

/** Starts it on a free port and an empty store. */
export async function startShortServer(room: Room): Promise<ShortServer> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const folder = await freshFolder();
  const [port = 0] = await freePorts(1, systemRandom());
  const url = `nats://127.0.0.1:${port}`;
  const store = join(folder, "store");
  await mkdir(store);
  let server: KeptServer | undefined;
  const stop = async (): Promise<void> => server?.end("SIGKILL");
  const start = async ({ storeBytes = 268_435_456, fileKilobytes, settings }: Room) => {
    const jetstream = { store_dir: store, max_file_store: storeBytes };
    const listen = `127.0.0.1:${port}`;
    // `ulimit -f` counts in blocks of 512 bytes.
    const before = fileKilobytes === undefined ? "" : `ulimit -f ${2 * fileKilobytes};`;
    const config = { listen, jetstream, ...settings };
    server = await startKeptServer({ binary, folder, name: "server", config, before });
    await until("the server answers", async () => {
      const connection = await connect({ servers: url, reconnect: false }).catch(() => undefined);
      await connection?.close();
      return connection !== undefined;
    });
  };
  await start(room);
  return {
    url,
    restart: async (more) => {
      await stop();
      await start(more);
    },
    end: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
