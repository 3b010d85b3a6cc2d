/**
 * A cluster of node processes that run sessions, and a node that only sends to them.
 *
 * Owns: its processes and their end. What happens to them is the benchmarks' business.
 */
import { fileURLToPath } from "node:url";
import { type NodeProcess, startNodeProcess } from "../../cli/node-process.ts";
import { type ActorRef, type Node, systemClock } from "../../index.ts";
import { startLocalServer } from "./local-server.ts";
import { Session } from "./session-node.ts";
import { startBenchNode } from "./troupe-peer.ts";

const MODULE = fileURLToPath(new URL("./session-node.js", import.meta.url));

/** The cluster. */
export interface SessionCluster {
  readonly sender: Node;
  /** Starts another process; resolves when the sender sees it as a member. */
  start(): Promise<NodeProcess>;
  session(key: string): ActorRef<(typeof Session)["operations"]>;
  end(): Promise<void>;
}

/** Starts a server and the sending node. */
export async function startSessionCluster(): Promise<SessionCluster> {
  const server = await startLocalServer();
  const sender = await startBenchNode("sender", server.url);
  const processes = new Set<NodeProcess>();
  let started = 0;
  return {
    sender,
    start: async () => {
      const name = `host-${++started}`;
      const member = joined(sender, name);
      const process = await startNodeProcess({
        module: MODULE,
        name,
        natsUrl: server.url,
        cluster: sender.cluster,
        flags: ["--log", "silent", "--model", "builtin"],
        clock: systemClock,
      });
      processes.add(process);
      void process.ended.then(() => processes.delete(process));
      await member;
      return process;
    },
    session: (key) => sender.actorOf(Session, key),
    end: async () => {
      for (const process of processes) process.kill();
      await Promise.all([...processes].map(({ ended }) => ended));
      await sender.stop();
      await server.stop();
    },
  };
}

function joined(node: Node, name: string): Promise<void> {
  return new Promise((resolve) => {
    const cancel = node.membership.subscribe(({ member }) => {
      if (member.name !== name || member.phase !== "up") return;
      cancel();
      resolve();
    });
  });
}
