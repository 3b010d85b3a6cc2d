/** Nodes and clients over NATS. */

export type { ConnectionTarget } from "./connections.ts";
export type {
  Examination,
  ExaminedNode,
  ExaminedStream,
  MonitoredServer,
  Trial,
} from "./doctor/examination.ts";
export { type ExamineOptions, examine } from "./doctor/examine.ts";
export { type Finding, findingsOf, type Verdict } from "./doctor/findings.ts";
export type { HealthOptions } from "./health/health-server.ts";
export type { NodePhase } from "./health/node-condition.ts";
export {
  type Client,
  type ClientSpawnOptions,
  type ConnectOptions,
  connect,
} from "./ingress/client.ts";
export { GATEWAY_ROLE } from "./ingress/greeting.ts";
export { LEASE_TTL_MS, REPLICATED_LEASE_TTL_MS } from "./membership/lease.ts";
export type { MembersSelection, SelectableMembership } from "./membership/members-selection.ts";
export {
  type ClusterMembership,
  type LaunchOptions,
  launchNatsServer,
  type NatsServerProcess,
  type StoreLife,
} from "./nats-server/launch.ts";
export {
  type LaunchClusterOptions,
  launchNatsCluster,
  type NatsClusterProcesses,
} from "./nats-server/launch-cluster.ts";
export {
  type LocateEnvironment,
  type LocateOptions,
  locateNatsServer,
} from "./nats-server/locate.ts";
export type { ServerBinary } from "./nats-server/server-binary.ts";
export type { ServerRelease } from "./nats-server/server-release.ts";
export type { Node, NodeEnd } from "./node/node.ts";
export { defineConfig, type NodeConfig } from "./node/node-config.ts";
export {
  type Children,
  childrenFor,
  loadNodeModule,
  type NodeModule,
  type NodeModuleOptions,
} from "./node/node-module.ts";
export type { NodeEnvironment, NodeOptions } from "./node/node-options.ts";
export { startNode } from "./node/start-node.ts";
export {
  type EventsBatch,
  type EventsQuery,
  NODE_NAME,
  type NodeOperations,
  NodeProtocol,
  type NodeStatus,
} from "./operations/node-protocol.ts";
export {
  type Credentials,
  type CredentialsEnvironment,
  type LoadedCredentials,
  loadCredentials,
  seedHolder,
} from "./security/credentials.ts";
export {
  type Permissions,
  permissionsOf,
  type ServerUser,
  type SubjectRules,
} from "./security/permissions.ts";
export { isLoopback } from "./security/server-config.ts";
export {
  addServerUser,
  describedServerFolder,
  readServerPlan,
  removeServerUser,
  type SeededUser,
  type ServerFolder,
  type ServerFolderOptions,
  writeServerFolder,
} from "./security/server-folder.ts";
export {
  type PlannedEnvironment,
  type PlannedServer,
  type PlannedUser,
  plannedServers,
  type ServerPlan,
} from "./security/server-plan.ts";
export type { Role } from "./security/server-role.ts";
export { checkServer, type ServerFacts } from "./server-check.ts";
export type { OperationReport, ServiceReport } from "./services/services.ts";
export { type NatsBlobStoreOptions, natsBlobStore } from "./stores/nats-blob-store.ts";
export { type NatsDurableQueueOptions, natsDurableQueue } from "./stores/nats-durable-queue.ts";
export { type NatsEventLogsOptions, natsEventLogs } from "./stores/nats-event-logs.ts";
export { type NatsKeyValuesOptions, natsKeyValues } from "./stores/nats-key-values.ts";
export { type NatsRemindersOptions, natsReminders } from "./stores/nats-reminders.ts";
export { type RemoveStoresOptions, removeStores } from "./stores/remove-stores.ts";
export { checkedMostBodyBytes } from "./wire/body-store.ts";
export type { LinkReport } from "./wire/nats-transport.ts";
export type { IngressRole } from "./wire/node-subject.ts";
export { checkedFeatures, type WireFeature } from "./wire/wire-features.ts";
