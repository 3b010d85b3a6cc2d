/** A nats-server for the time of a benchmark, with a store that goes with it. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchNatsServer, locateNatsServer, type NatsServerProcess } from "../../cluster/index.ts";

/** Starts one on any free port. */
export async function startLocalServer(): Promise<NatsServerProcess> {
  const { path } = await locateNatsServer({ env: process.env });
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  return launchNatsServer({ binary: path, storeDir, storeLife: "temporary" });
}
