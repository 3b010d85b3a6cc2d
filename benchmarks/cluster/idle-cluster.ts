/**
 * What ten idle nodes cost: processor time of the server and of all nodes, as a share of one core.
 *
 * The share of the traffic is what the nodes cost less what ten nodes cost that are alone, each in a cluster of
 * its own: those beat and renew their leases too, but nobody listens.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Benchmark, FigureVariant, Setting } from "../benchmark.ts";
import { startLocalServer } from "./local-server.ts";
import { NodeProcess } from "./node-process.ts";

const NODES = 10;
const SETTLE_MS = 3_000;
const SPAN_MS = 20_000;
const QUICK_SPAN_MS = 5_000;
/** Of the kernel's clock in `/proc`. */
const TICK_MS = 10;

/** Processor time of a process and its threads so far, in milliseconds. */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function idle({ quick }: Setting): Promise<FigureVariant> {
  const server = await startLocalServer();
  const nodes: NodeProcess[] = [];
  for (let at = 0; at < NODES; at++)
    nodes.push(await NodeProcess.start({ name: `n${at}`, url: server.url }));
  await delay(SETTLE_MS);
  const total = async (): Promise<number> => {
    const each = await Promise.all([server, ...nodes].map(({ pid }) => processorMs(pid)));
    return each.reduce((sum, ms) => sum + ms, 0);
  };
  return {
    kind: "figure",
    measure: async () => {
      const before = await total();
      const startedMs = performance.now();
      await delay(quick ? QUICK_SPAN_MS : SPAN_MS);
      return (((await total()) - before) / (performance.now() - startedMs)) * 100;
    },
    end: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      await server.stop();
    },
  };
}

/** Ten idle nodes. */
export const idleCluster: Benchmark = {
  name: "idle cluster",
  about:
    "Ten nodes on one server do nothing; processor time of all eleven, in per cent of one core.",
  unit: "% of a core",
  better: "less",
  rounds: 2,
  launches: 1,
  variants: { troupe: { make: idle } },
  rows: [
    {
      name: "heartbeats and leases of 10 idle nodes",
      against: [],
      goal: 1,
      judged: "value-at-most",
    },
  ],
};
