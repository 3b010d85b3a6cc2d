/**
 * How many subscriptions a node with many actors has, as the server counts them.
 *
 * A server of the benchmark's own, since it must be asked over its monitoring port.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actor, locateNatsServer, protocol, tell } from "../../index.ts";
import type { Benchmark, VariantSpec } from "../benchmark.ts";
import { startBenchNode } from "./troupe-peer.ts";

const ACTORS = 100_000;
const QUICK_ACTORS = 10_000;
const START_MS = 10_000;
const LOOK_MS = 10;

const Idle = protocol("idle@1", { wake: tell() });
const idle = actor(Idle, () => undefined, { wake: () => {} });

interface Monitored {
  readonly url: string;
  readonly monitorUrl: string;
  stop(): Promise<void>;
}

async function startMonitored(): Promise<Monitored> {
  const { path } = await locateNatsServer({ env: process.env });
  const folder = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  const flags = ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", "-1", "-m", "-1"];
  const server = spawn(path, [...flags, "--ports_file_dir", folder], { stdio: "ignore" });
  const untilMs = performance.now() + START_MS;
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) {
      const exited = once(server, "exit");
      server.kill();
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (;;) {
    const file = (await readdir(folder)).find((name) => name.endsWith(".ports"));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    try {
      const { nats, monitoring } = JSON.parse(text) as Record<string, readonly string[]>;
      if (nats?.[0] !== undefined && monitoring?.[0] !== undefined) {
        return { url: nats[0], monitorUrl: monitoring[0], stop };
      }
    } catch {
      // Not written yet, or half.
    }
    if (performance.now() > untilMs) {
      await stop();
      throw new Error("the server did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

interface Connz {
  readonly connections: readonly { readonly subscriptions: number }[];
}

const counting: VariantSpec["make"] = ({ quick }) => ({
  kind: "figure",
  measure: async () => {
    const server = await startMonitored();
    try {
      const node = await startBenchNode("many", server.url);
      try {
        for (let i = 0; i < (quick ? QUICK_ACTORS : ACTORS); i++) node.spawn(idle);
        const answer = await fetch(`${server.monitorUrl}/connz`);
        const { connections } = (await answer.json()) as Connz;
        return connections.reduce((sum, { subscriptions }) => sum + subscriptions, 0);
      } finally {
        await node.stop();
      }
    } finally {
      await server.stop();
    }
  },
});

/** Of one node. */
export const subscriptions: Benchmark = {
  name: "subscriptions",
  about: "Subscriptions of a node with 100,000 actors, on all its connections.",
  unit: "subscriptions",
  better: "less",
  variants: { troupe: { make: counting } },
  rows: [
    { name: "subscriptions of 100,000 actors", against: [], goal: 49, judged: "value-at-most" },
  ],
  rounds: 1,
  launches: 1,
};
