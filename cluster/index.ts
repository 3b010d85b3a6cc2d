/** Nodes and clients over NATS. */
export { type Client, type ConnectOptions, connect } from "./client.ts";
export { LEASE_TTL_MS } from "./lease.ts";
export {
  type LaunchOptions,
  launchNatsServer,
  type NatsServerProcess,
} from "./nats-server/launch.ts";
export {
  type LocateEnvironment,
  type LocateOptions,
  locateNatsServer,
} from "./nats-server/locate.ts";
export type { ServerBinary } from "./nats-server/server-binary.ts";
export { type Node, type NodeEnd, startNode } from "./node.ts";
export { type Children, loadNodeModule } from "./node-module.ts";
export { GATEWAY_ROLE, type NodeEnvironment, type NodeOptions } from "./node-options.ts";
