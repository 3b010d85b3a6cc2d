/**
 * A node that runs ten thousand virtual actors drains while somebody sends to them.
 *
 * Each ask is one of a session of the draining node, at a steady rate; all must be answered. The time
 * is from the signal until the process has ended, which is after its last actor was handed over.
 */
import type { NodeProcess } from "../../cli/node-process.ts";
import type { Benchmark, VariantSpec } from "../benchmark.ts";
import { type SessionCluster, startSessionCluster } from "./session-cluster.ts";

const ACTORS = 10_000;
const QUICK_ACTORS = 1_000;
const AT_A_TIME = 256;
const RATE_HZ = 500;
const OPTIONS = { timeout: 20_000 } as const;

interface Drained {
  readonly spanS: number;
  readonly p99Ms: number;
}

/** The keys of `count` sessions that the process runs, activated. */
async function activated(
  cluster: SessionCluster,
  host: NodeProcess,
  count: number,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let next = 0;
  const activating = async (): Promise<void> => {
    while (keys.length < count) {
      const key = `session-${next++}`;
      const { pid } = await cluster.session(key).ask("hit", undefined, OPTIONS);
      if (pid === host.pid) keys.push(key);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, activating));
  return keys;
}

/** Sends at a steady rate until told to stop; returns the times of all asks. */
function sending(
  cluster: SessionCluster,
  keys: readonly string[],
): { stop(): Promise<readonly number[]> } {
  const asks: Promise<number>[] = [];
  const startMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * RATE_HZ) / 1_000);
    while (asks.length < due) {
      const key = keys[(asks.length * 7_919) % keys.length] ?? "";
      const sentMs = performance.now();
      const ask = cluster.session(key).ask("hit", undefined, OPTIONS);
      asks.push(ask.then(() => performance.now() - sentMs));
    }
  }, 2);
  return {
    stop: async () => {
      clearInterval(timer);
      const settled = await Promise.allSettled(asks);
      const times: number[] = [];
      for (const ask of settled) {
        if (ask.status === "rejected") throw ask.reason;
        times.push(ask.value);
      }
      return times;
    },
  };
}

async function drained(count: number): Promise<Drained> {
  const cluster = await startSessionCluster();
  try {
    const leaving = await cluster.start();
    await cluster.start();
    const keys = await activated(cluster, leaving, count);
    const sender = sending(cluster, keys);
    const startMs = performance.now();
    await leaving.stop();
    const spanS = (performance.now() - startMs) / 1_000;
    const times = [...(await sender.stop())].sort((a, b) => a - b);
    return { spanS, p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN };
  } finally {
    await cluster.end();
  }
}

function figure(of: (drained: Drained) => number): VariantSpec["make"] {
  return ({ quick }) => ({
    kind: "figure",
    measure: async () => of(await drained(quick ? QUICK_ACTORS : ACTORS)),
  });
}

/** How long it takes. */
export const handOver: Benchmark = {
  name: "hand-over",
  about: "A node with 10,000 virtual actors drains under load: until its process has ended.",
  unit: "s",
  better: "less",
  variants: { troupe: { make: figure(({ spanS }) => spanS) } },
  rows: [{ name: "hand-over of 10,000", against: [], goal: 5, judged: "value-at-most" }],
  rounds: 3,
  launches: 1,
};

/** What senders notice of it. */
export const handOverLatency: Benchmark = {
  name: "hand-over latency",
  about: "Asks of the actors that are handed over, none of which may fail; the 99th percentile.",
  unit: "ms",
  better: "less",
  variants: { troupe: { make: figure(({ p99Ms }) => p99Ms) } },
  rows: [
    { name: "hand-over of 10,000, sender p99", against: [], goal: 500, judged: "value-at-most" },
  ],
  rounds: 3,
  launches: 1,
};
