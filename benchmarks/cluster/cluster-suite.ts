/**
 * The cluster's suite: what messages between processes cost, against the bare client and a rival, and how
 * long it takes to recover.
 */
import type { Suite } from "../benchmark.ts";
import { nodeKilled, nodeStart, serverKilled } from "./failover.ts";
import { handOver, handOverLatency } from "./hand-over.ts";
import { idleCluster } from "./idle-cluster.ts";
import { remoteAsk64, remoteAsk512, remoteAskAlone, remoteAskLarge } from "./remote-ask.ts";
import { remoteFirstChunk, remoteStream, remoteStreams64 } from "./remote-stream.ts";
import { remoteTell, remoteTellAlone } from "./remote-tell.ts";
import { subscriptions } from "./subscriptions.ts";
import { virtualFailover } from "./virtual-failover.ts";

/** The cluster's benchmarks. */
export const clusterSuite: Suite = {
  name: "cluster",
  benchmarks: [
    remoteAskAlone,
    remoteAsk64,
    remoteAsk512,
    remoteAskLarge,
    remoteTell,
    remoteTellAlone,
    remoteStream,
    remoteStreams64,
    remoteFirstChunk,
    subscriptions,
    virtualFailover,
    handOver,
    handOverLatency,
    nodeStart,
    nodeKilled,
    serverKilled,
    idleCluster,
  ],
};
