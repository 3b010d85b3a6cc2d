/**
 * How long it takes until the loss of a node or of a server is answered, and how soon a new node is of use.
 *
 * These are times of the default settings, not of the processor: a node's beats, its lease, and the elections of
 * the servers. They are the largest of fifty, which is what a promise must hold.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import {
  launchNatsCluster,
  locateNatsServer,
  type Node,
  silentLog,
  startNode,
} from "../../index.ts";
import type { Benchmark, FigureVariant, Setting } from "../benchmark.ts";
import { eventually } from "./eventually.ts";
import { startLocalServer } from "./local-server.ts";
import { NodeProcess } from "./node-process.ts";
import { Peer } from "./peer.ts";
import { ECHO_ADDRESS, Echo, startBenchNode } from "./troupe-peer.ts";

/** Nodes that are killed at one moment: each beats in a rhythm of its own. */
const WAVE = 10;
const WAVES = 5;
const QUICK_WAVES = 1;

/** What is known of one kill, in milliseconds after it. */
interface Answered {
  suspectedMs: number | undefined;
  reclaimedMs: number | undefined;
}

async function killed(which: keyof Answered, { quick }: Setting): Promise<FigureVariant> {
  const server = await startLocalServer();
  const survivor = await startBenchNode("survivor", server.url);
  const { tasks } = survivor.system.ports;
  let waves = 0;
  const wave = async (): Promise<readonly Answered[]> => {
    const number = waves++;
    const capability = `hold${number}@1`;
    const nodes: NodeProcess[] = [];
    for (let at = 0; at < WAVE; at++) {
      const name = `w${number}-${at}`;
      await tasks.submit({ id: `hold${number}.${at}`, capability, input: at });
      nodes.push(await NodeProcess.start({ name, url: server.url, holds: capability }));
    }
    await eventually("each holds a task", () => nodes.every(({ holds }) => holds !== undefined));
    await eventually("each is seen", () =>
      nodes.every(({ name }) => phaseOf(survivor, name) === "up"),
    );
    const answers = nodes.map((): Answered => ({ suspectedMs: undefined, reclaimedMs: undefined }));
    let killedAtMs = 0;
    const worker = tasks.work(
      capability,
      async ({ id }) => {
        const answered = answers[nodes.findIndex(({ holds }) => holds === id)];
        if (answered !== undefined) answered.reclaimedMs ??= performance.now() - killedAtMs;
      },
      { concurrency: WAVE },
    );
    killedAtMs = performance.now();
    const gone = Promise.all(nodes.map((node) => node.kill()));
    await eventually("all kills are answered", () => {
      for (const [at, answered] of answers.entries())
        if (phaseOf(survivor, nodes[at]?.name ?? "") !== "up")
          answered.suspectedMs ??= performance.now() - killedAtMs;
      return answers.every(({ suspectedMs, reclaimedMs }) => suspectedMs && reclaimedMs);
    });
    await gone;
    await worker.drain();
    return answers;
  };
  return {
    kind: "figure",
    measure: async () => {
      const answers: Answered[] = [];
      for (let n = 0; n < (quick ? QUICK_WAVES : WAVES); n++) answers.push(...(await wave()));
      // Of fifty, the 99th percentile is the largest.
      return Math.max(...answers.map((answered) => answered[which] ?? Number.NaN));
    },
    end: async () => {
      await survivor.stop();
      await server.stop();
    },
  };
}

function phaseOf(node: Node, name: string): string | undefined {
  return node.membership.members().find((member) => member.name === name)?.phase;
}

/** From a kill to its answer, the 99th percentile of fifty. */
export const nodeKilled: Benchmark = {
  name: "failover of a node",
  about: "Fifty nodes with a task in hand are killed, ten at a time: p99 until each is answered.",
  unit: "ms",
  better: "less",
  rounds: 1,
  launches: 1,
  variants: {
    suspected: { make: (setting) => killed("suspectedMs", setting) },
    reclaimed: { make: (setting) => killed("reclaimedMs", setting) },
  },
  rows: [
    {
      name: "node killed → suspected, p99 of 50",
      ours: "suspected",
      against: [],
      goal: 3_000,
      judged: "value-at-most",
    },
    {
      name: "node killed → durable task reclaimed, p99 of 50",
      ours: "reclaimed",
      against: [],
      goal: 4_000,
      judged: "value-at-most",
    },
  ],
};

const STREAM = "TROUPE_troupe_TASKS";
const PAUSE_MS = 20;

/** Kills the leader of the task stream while tasks flow; how long until one that came later is done. */
async function leaderKilled(): Promise<FigureVariant> {
  const { path } = await locateNatsServer({ env: process.env });
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  const servers = await launchNatsCluster({ binary: path, storeDir, storeLife: "temporary" });
  const node = await startNode({ name: "n1", nats: servers.url, log: silentLog });
  const { tasks } = node.system.ports;
  const worker = tasks.work("flow@1", async ({ input }) => input, { concurrency: 4 });
  const connection = await connect({ servers: servers.url.split(","), maxReconnectAttempts: -1 });
  const manager = await jetstreamManager(connection, { timeout: 2_000, checkAPI: false });
  const clusterOf = async () =>
    (await manager.streams.info(STREAM).catch(() => undefined))?.cluster;
  // One server is killed at a time: a second one, while the first is catching up, leaves a stream without a majority.
  const isWhole = async () => {
    const streams = await manager.streams
      .list()
      .next()
      .catch(() => []);
    return (
      streams.length > 0 &&
      streams.every(({ cluster }) => {
        const replicas = cluster?.replicas ?? [];
        return (
          cluster?.leader !== undefined &&
          replicas.length === 2 &&
          replicas.every(({ current, offline }) => current && offline !== true)
        );
      })
    );
  };
  let rounds = 0;

  const measure = async (): Promise<number> => {
    const job = `flow${rounds++}`;
    const done = new Set<string>();
    const cancel = await tasks.follow(job, (id, { phase }) => {
      if (phase === "done") done.add(id);
    });
    const accepted = new Map<string, number>();
    let flowing: boolean = true;
    const flow = (async () => {
      for (let n = 0; flowing; n++) {
        const id = `${job}.${n}`;
        const startedMs = performance.now();
        const said = await tasks
          .submit({ id, capability: "flow@1", input: n })
          .catch(() => "unknown");
        if (said === "accepted" || said === "duplicate") accepted.set(id, startedMs);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    })();
    await eventually("tasks flow", () => done.size > 10);
    await eventually("all three servers have all that there is", isWhole);
    const leader = Number((await clusterOf())?.leader?.slice(1)) - 1;
    const server = servers.servers[leader];
    if (server === undefined) throw new Error("the stream has no leader");
    const killedAtMs = performance.now();
    process.kill(server.pid, "SIGKILL");
    await eventually("a task that came later is done", () =>
      [...accepted].some(([id, atMs]) => atMs > killedAtMs && done.has(id)),
    );
    const resumedMs = performance.now() - killedAtMs;
    flowing = false;
    await flow;
    await eventually("nothing accepted is lost", () =>
      [...accepted.keys()].every((id) => done.has(id)),
    );
    cancel();
    await server.ended;
    await servers.relaunch(leader);
    return resumedMs;
  };
  return {
    kind: "figure",
    measure,
    end: async () => {
      await worker.stop();
      await node.stop();
      await connection.close();
      await servers.stop();
    },
  };
}

/** From the loss of a leader to the next durable task that is done. */
export const serverKilled: Benchmark = {
  name: "failover of a server",
  about:
    "Of three servers the one that leads the tasks is killed: the median time until they go on.",
  unit: "ms",
  better: "less",
  launches: 1,
  variants: { troupe: { make: leaderKilled } },
  rows: [
    {
      name: "three servers, leader killed → durable tasks go on",
      against: [],
      goal: 12_000,
      judged: "value-at-most",
    },
  ],
};

/** Starts a node in this process, and asks an actor on another one. */
async function firstAnswer(): Promise<FigureVariant> {
  const server = await startLocalServer();
  const peer = await Peer.start({ kind: "troupe", url: server.url });
  let starts = 0;
  return {
    kind: "figure",
    measure: async () => {
      const startedMs = performance.now();
      const node = await startBenchNode(`n${starts++}`, server.url);
      await node.refOf(Echo, ECHO_ADDRESS).ask("echo", new Uint8Array(1));
      const tookMs = performance.now() - startedMs;
      await node.stop();
      return tookMs;
    },
    end: async () => {
      await peer.stop();
      await server.stop();
    },
  };
}

/** From the start of a node to its first answer. */
export const nodeStart: Benchmark = {
  name: "start of a node",
  about: "A node is started on a server that is there, and asks an actor on another one.",
  unit: "ms",
  better: "less",
  variants: { troupe: { make: firstAnswer } },
  rows: [
    {
      name: "node start → first remote answer",
      against: [],
      goal: 400,
      judged: "value-at-most",
    },
  ],
};
