/**
 * What ten idle nodes cost: processor time of the nodes and their server, in per cent of one core.
 *
 * The cost of heartbeats and leases is what such a cluster costs more than another one, which runs beside it at the
 * same time and whose nodes neither beat nor renew: its sources say an hour for a second, and its leases live for
 * an hour. What else an idle node does, mostly timers, is in both.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { NatsServerProcess } from "../../cluster/index.ts";
import type { Benchmark, FigureVariant, Rewrite, Setting } from "../benchmark.ts";
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

const FILE = "cluster/membership/failure-detector.js";
/** Nodes that say nothing, and neither ask the server nor suspect anybody for it. */
const QUIET: readonly Rewrite[] = [
  {
    file: FILE,
    find: "export const BEAT_MS = 1_000;",
    replace: "export const BEAT_MS = 3_600_000;",
  },
  { file: FILE, find: "const LATE_MS = 1_250;", replace: "const LATE_MS = 1e9;" },
  { file: FILE, find: "const MOST_SILENCE_MS = 2_500;", replace: "const MOST_SILENCE_MS = 1e9;" },
];

/** Ten nodes and their server. */
class IdleCluster {
  readonly #server: NatsServerProcess;
  readonly #nodes: NodeProcess[] = [];

  private constructor(server: NatsServerProcess) {
    this.#server = server;
  }

  static async start(kind: "usual" | "quiet"): Promise<IdleCluster> {
    const cluster = new IdleCluster(await startLocalServer());
    const { url } = cluster.#server;
    for (let at = 0; at < NODES; at++) {
      const name = `n${at}`;
      cluster.#nodes.push(
        kind === "usual"
          ? await NodeProcess.start({ name, url })
          : await NodeProcess.start({ name, url, lease: "1h" }, QUIET),
      );
    }
    return cluster;
  }

  /** Processor time of all processes so far, in milliseconds. */
  async processorMs(): Promise<number> {
    const processes = [this.#server, ...this.#nodes];
    const each = await Promise.all(processes.map(({ pid }) => processorMs(pid)));
    return each.reduce((sum, ms) => sum + ms, 0);
  }

  async end(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
    await this.#server.stop();
  }
}

function spanMs({ quick }: Setting): number {
  return quick ? QUICK_SPAN_MS : SPAN_MS;
}

async function traffic(setting: Setting): Promise<FigureVariant> {
  const usual = await IdleCluster.start("usual");
  const quiet = await IdleCluster.start("quiet");
  await delay(SETTLE_MS);
  const difference = async (): Promise<number> =>
    (await usual.processorMs()) - (await quiet.processorMs());
  return {
    kind: "figure",
    measure: () => shareOf(difference, spanMs(setting)),
    end: async () => {
      await usual.end();
      await quiet.end();
    },
  };
}

async function whole(setting: Setting): Promise<FigureVariant> {
  const cluster = await IdleCluster.start("usual");
  await delay(SETTLE_MS);
  return {
    kind: "figure",
    measure: () => shareOf(() => cluster.processorMs(), spanMs(setting)),
    end: () => cluster.end(),
  };
}

/** How fast what `readMs` reads grows, in per cent of time. */
async function shareOf(readMs: () => Promise<number>, forMs: number): Promise<number> {
  const before = await readMs();
  const startedMs = performance.now();
  await delay(forMs);
  return (((await readMs()) - before) / (performance.now() - startedMs)) * 100;
}

/** Ten idle nodes. */
export const idleCluster: Benchmark = {
  name: "idle cluster",
  about: "Ten nodes on one server do nothing; processor time of all eleven processes.",
  unit: "% of a core",
  better: "less",
  rounds: 3,
  launches: 1,
  variants: { traffic: { make: traffic }, whole: { make: whole } },
  rows: [
    {
      name: "heartbeats and leases of 10 idle nodes",
      ours: "traffic",
      against: [],
      goal: 1,
      judged: "value-at-most",
    },
    { name: "10 idle nodes and their server, all they do", ours: "whole", against: [] },
  ],
};
