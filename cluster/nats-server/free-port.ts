/**
 * Ports of 127.0.0.1 that nobody listens on.
 *
 * Owns: the choice. They lie below those that the system gives to outgoing connections, so that a server
 * which ends and comes back on its port does not find somebody's connection there.
 */
import { createServer } from "node:net";
import type { Random } from "../../runtime/ports/random.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";

const LEAST = 20_000;
const SPAN = 12_000;
const MOST_TRIES = 100;

/**
 * So many different ports. Somebody else may take one before it is used.
 *
 * @throws {TroupeError} `nats.unavailable` when a hundred tries find too few
 */
export async function freePorts(count: number, random: Random): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < MOST_TRIES && found.size < count; tries++) {
    const port = LEAST + random.int(SPAN);
    if (await isFree(port)) found.add(port);
  }
  if (found.size < count)
    throw new TroupeError("nats.unavailable", `no ${count} free ports of 127.0.0.1 were found`);
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
