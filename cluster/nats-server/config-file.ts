/** Where `nats-server.conf` is: at the root of this package, in a checkout as in an installed one. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "nats-server.conf";

/**
 * The path of the configuration that an embedded server runs with.
 *
 * @throws {Error} when the package is incomplete
 */
export function serverConfigFile(): string {
  // From `cluster/nats-server/` it is two levels up, from `dist/cluster/nats-server/` three.
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < 4; level++) {
    const path = join(folder, NAME);
    if (existsSync(path)) return path;
    folder = dirname(folder);
  }
  throw new Error(`${NAME} is missing from this package`);
}
