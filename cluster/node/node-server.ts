/**
 * The nats-server of a node: the one that was given, or one of its own.
 *
 * Owns: starting its own, ending it, and saying so when it ends by itself. Finding the binary and
 * running it is `nats-server/`.
 */
import { TroupeError } from "../../runtime/troupe-error.ts";
import { launchNatsServer } from "../nats-server/launch.ts";
import { locateNatsServer } from "../nats-server/locate.ts";
import type { LoadedCredentials } from "../security/credentials.ts";
import type { NodeSettings } from "./node-options.ts";
import type { Teardown } from "./teardown.ts";

/** Where to connect. */
export interface NodeServer {
  readonly url: string;
  readonly credentials: LoadedCredentials;
  /** Resolves when a server of our own ends by itself; never for one of somebody else's. */
  readonly lost: Promise<TroupeError>;
}

/**
 * The server that was given, or one of our own, which `teardown` ends.
 *
 * @throws {TroupeError} `nats.unavailable` when there is no binary to start, or it does not come up
 */
export async function serverOf(
  { server, log }: Pick<NodeSettings, "server" | "log">,
  teardown: Teardown,
): Promise<NodeServer> {
  if (server.kind === "external") {
    const { url, credentials } = server;
    return { url, credentials, lost: new Promise(() => {}) };
  }
  const { env, storeDir, storeLife, port } = server;
  const note = (line: string): void => log.info({ line }, "looking for a nats-server");
  const binary = await locateNatsServer({ env, note });
  const launched = await launchNatsServer({
    binary: binary.path,
    storeDir,
    storeLife,
    ...(port === undefined ? {} : { port }),
  });
  let stopping = false;
  teardown.add("server", () => {
    stopping = true;
    return launched.stop();
  });
  const lost = new Promise<TroupeError>((resolve) => {
    void launched.ended.then(() => {
      if (stopping) return;
      const why = `the nats-server that this node had started (process ${launched.pid}) has ended`;
      resolve(new TroupeError("nats.unavailable", why));
    });
  });
  return { url: launched.url, credentials: {}, lost };
}
