/**
 * How long a virtual actor is away when the node that runs it is killed.
 *
 * From the kill until another node's activation has answered, the sender asking on end; one kill after
 * the other, each node replaced. The figure is the slowest of fifty.
 */
import type { NodeProcess } from "../../cli/node-process.ts";
import type { Benchmark, VariantSpec } from "../benchmark.ts";
import { type SessionCluster, startSessionCluster } from "./session-cluster.ts";

const KILLS = 50;
const QUICK_KILLS = 5;
const KEYS = 32;
const HOSTS = 4;
/** Between two kills: the recoveries overlap, each of another node. */
const EVERY_MS = 1_500;
const GIVE_UP_MS = 30_000;

const OPTIONS = { timeout: 300 } as const;

/** The process that runs a session now, waiting until there is one. */
async function hostOf(cluster: SessionCluster, key: string): Promise<number> {
  const ref = cluster.session(key);
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return (await ref.ask("hit", undefined, OPTIONS)).pid;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await soon(20);
    }
  }
}

function soon(afterMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, afterMs));
}

/** Asks until another process than the killed one has answered; returns the time since the kill. */
async function recovered(
  cluster: SessionCluster,
  key: string,
  killed: number,
  killedAtMs: number,
): Promise<number> {
  while ((await hostOf(cluster, key)) === killed) await soon(20);
  return performance.now() - killedAtMs;
}

async function slowest(
  cluster: SessionCluster,
  hosts: NodeProcess[],
  kills: number,
): Promise<number> {
  const recoveries: Promise<number>[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const { victim, key } = await chosen(cluster, hosts, kill);
    hosts.splice(hosts.indexOf(victim), 1);
    const killedAtMs = performance.now();
    victim.kill();
    recoveries.push(recovered(cluster, key, victim.pid, killedAtMs));
    hosts.push(await cluster.start());
    await soon(Math.max(0, EVERY_MS - (performance.now() - killedAtMs)));
  }
  return Math.max(...(await Promise.all(recoveries)));
}

/** A session and the process that runs it. */
async function chosen(
  cluster: SessionCluster,
  hosts: readonly NodeProcess[],
  kill: number,
): Promise<{ readonly victim: NodeProcess; readonly key: string }> {
  for (let at = 0; ; at++) {
    const key = `session-${(kill * 7 + at) % KEYS}`;
    const pid = await hostOf(cluster, key);
    const victim = hosts.find((host) => host.pid === pid);
    if (victim !== undefined) return { victim, key };
  }
}

const failover: VariantSpec["make"] = async ({ quick }) => {
  const cluster = await startSessionCluster();
  const hosts: NodeProcess[] = [];
  for (let i = 0; i < HOSTS; i++) hosts.push(await cluster.start());
  return {
    kind: "figure",
    measure: async () => (await slowest(cluster, hosts, quick ? QUICK_KILLS : KILLS)) / 1_000,
    end: () => cluster.end(),
  };
};

/** One kill after the other. */
export const virtualFailover: Benchmark = {
  name: "virtual failover",
  about: "A node is killed: until a virtual actor of it answers elsewhere; the slowest of 50.",
  unit: "s",
  better: "less",
  variants: { troupe: { make: failover } },
  rows: [{ name: "virtual failover", against: [], goal: 6, judged: "value-at-most" }],
  rounds: 1,
  launches: 1,
};
