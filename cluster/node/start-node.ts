/**
 * How a node starts and ends: a process with an incarnation, its actors, and everything that ties it to
 * the cluster.
 *
 * Owns: the order in which the parts start; what ends each stands beside it. Each part is in its own
 * file: `node-server.ts`, `incarnation.ts`, `fenced-stores.ts`, `entrances.ts`, `drain.ts`, and how it
 * came to end is `node-ending.ts`.
 *
 * N1: a node acts only while its lease stands: frames, heartbeats of others and dispatch turns are
 *     each preceded by that question. A node that lost its lease ends as `fenced` and says nothing more.
 * N2: what was started is ended in reverse order, also when a later part fails to start.
 * N3: `stop` resolves within its deadline: new work is refused, tasks in hand are finished or put
 *     back, streams that others read may end, the lease is given up, others are told, connections and the
 *     embedded server end.
 */
import { createSystem } from "../../runtime/create-system.ts";
import { createTasks } from "../../runtime/durable/create-tasks.ts";
import { durationMs } from "../../runtime/duration.ts";
import { EventFeed } from "../../runtime/event-feed.ts";
import { awaitedClock, systemClock } from "../../runtime/ports/clock.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { systemScheduler } from "../../runtime/ports/scheduler.ts";
import { rootControl } from "../../runtime/spawning/root-control.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { openConnections } from "../connections.ts";
import { startHealthServer } from "../health/health-server.ts";
import { NodeCondition } from "../health/node-condition.ts";
import { endableClock } from "../membership/endable-clock.ts";
import { fencedScheduler } from "../membership/fenced-scheduler.ts";
import { NatsMembership } from "../membership/membership.ts";
import { type Pulse, startPulse } from "../membership/pulse.ts";
import { nodeActor } from "../operations/node-actor.ts";
import { nodeOutlook } from "../operations/node-outlook.ts";
import { NODE_NAME } from "../operations/node-protocol.ts";
import { NodeSignatures } from "../security/node-signatures.ts";
import { checkServer } from "../server-check.ts";
import { claimStore } from "../stores/nats-claims.ts";
import { NatsTransport } from "../wire/nats-transport.ts";
import { followConnections } from "./connection-changes.ts";
import { Drain } from "./drain.ts";
import { Entrances } from "./entrances.ts";
import { fencedStores } from "./fenced-stores.ts";
import { beginIncarnation } from "./incarnation.ts";
import type { Node } from "./node.ts";
import { NodeEnding } from "./node-ending.ts";
import { childrenFor } from "./node-module.ts";
import { type NodeOptions, type NodeSettings, nodeSettings } from "./node-options.ts";
import { pooled } from "./node-pools.ts";
import { serverOf } from "./node-server.ts";
import { Teardown } from "./teardown.ts";
import { trackedTasks } from "./tracked-tasks.ts";

const STOP_MS = 10_000;
const SETTLE_MS = 1_000;

/**
 * Starts a node, with a nats-server of its own when no `nats` is given.
 *
 * @throws {TroupeError} `nats.unavailable`, `nats.refused`, `nats.too-old`, `credentials.unusable`,
 *   `node.name-taken` or `store.unavailable`
 *
 * @example
 * const node = await startNode({ name: "n1", roles: ["text"] });
 * const ref = node.spawn(summariser, { name: "s1" });
 * await node.stop();
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const settings = nodeSettings(options);
  const teardown = new Teardown(awaitedClock, settings.log);
  try {
    return await start(settings, teardown);
  } catch (error) {
    await teardown.run(STOP_MS);
    throw error;
  }
}

async function start(settings: NodeSettings, teardown: Teardown): Promise<Node> {
  const { name, traits, cluster, log, models, actors } = settings;
  const condition = new NodeCondition(name);
  const ending = new NodeEnding(teardown, condition, log);
  if (settings.health !== undefined) {
    const health = await startHealthServer(settings.health, name, () => condition.facts());
    teardown.add("health", () => health.close());
  }
  const { clock, end: letGo } = endableClock(systemClock);
  teardown.add("clock", letGo);
  const random = systemRandom();

  // The server and the connections to it.
  const { url, credentials, lost: serverLost } = await serverOf(settings, teardown);
  const target = { url, cluster, name, credentials };
  const connections = await openConnections(target, { clock, random: random.fork("servers"), log });
  teardown.add("connections", () => connections.close());
  const { control, data } = connections;
  condition.control = true;
  condition.data = true;
  const { version, ...server } = await checkServer(control);
  const replicas = settings.replicas ?? server.replicas;

  // Who this node is, and who else there is.
  // Ends after the lease is released: the goodbye says "look now", and the lease must be gone by then.
  let pulse: Pulse | undefined;
  teardown.add("pulse", () => pulse?.stop(ending.isFenced ? "silent" : "farewell"));
  const incarnation = await beginIncarnation(settings, control, replicas, { clock, random });
  const { self, lease, leases, leaseTtlMs, standing } = incarnation;
  teardown.add("lease", () => lease.release());
  const events = new EventFeed(name, clock);
  const shared = { cluster, self, clock, log, standing };
  const membership = new NatsMembership({
    ...shared,
    connection: control,
    leases,
    leaseTtlMs,
    traits,
    random: random.fork("membership"),
    events,
  });
  teardown.add("membership", () => membership.close());
  condition.joined(lease, membership);

  // How they speak with one another.
  const scheduler = fencedScheduler(systemScheduler, () => lease.standing() || lease.isReleased);
  const transport = new NatsTransport({
    ...shared,
    connection: data,
    scheduler,
    reads: traits.reads ?? [],
    claims: claimStore(data, self, { cluster, replicas, mostBytes: settings.mostBodyBytes }),
  });
  membership.subscribe((event) => transport.memberChanged(event));
  teardown.add("transport", async (leftMs) => {
    if (!ending.isFenced) await transport.settle(Math.min(SETTLE_MS, leftMs));
    transport.close();
  });
  await membership.load();

  // The actors' system, and what it stands on.
  const stores = fencedStores(connections, { ...shared, name, replicas, random });
  const { tasks, ...workers } = trackedTasks(
    createTasks({ ...stores, membership, clock, random, events, log }),
    awaitedClock,
  );
  const system = createSystem({
    ...stores,
    node: name,
    clock,
    scheduler,
    random,
    log,
    events,
    transport,
    membership,
    tasks,
    models,
    signatures: new NodeSignatures({ self, key: incarnation.key, membership, leases, clock, log }),
    actors,
  });
  const actorsEnd = new AbortController();
  teardown.add("system", (leftMs) => {
    actorsEnd.abort();
    return system.shutdown({ deadline: leftMs });
  });

  // The ways in for programs that are no nodes; then it beats, and others send to it.
  const entrances = new Entrances(settings, {
    ...shared,
    connection: data,
    system,
    scheduler,
    membership,
  });
  teardown.add("ingress", () => entrances.close());
  const dependents = { control: [membership], data: [transport, entrances], condition };
  followConnections(connections, dependents, { events, log });
  await Promise.all([control.flush(), data.flush()]);
  pulse = await startPulse({ target, incarnation: self.incarnation, traits }, { clock, log });
  const drain = new Drain({
    system,
    entrances,
    workers,
    announce: () => pulse?.announce("draining"),
    isFenced: () => ending.isFenced,
  });
  teardown.add("streams", (leftMs) => drain.streams(leftMs));
  teardown.add("workers", (leftMs) => drain.work(leftMs));

  const node: Node = {
    name,
    incarnation: self.incarnation,
    ...traits,
    cluster,
    natsUrl: url,
    natsVersion: version,
    system,
    membership,
    events,
    ended: ending.ended,
    spawn: (definition, ...options) => {
      const ref = system.spawn(definition, ...options);
      entrances.offer(ref);
      return ref;
    },
    services: () => entrances.report(),
    refOf: (protocol, address) => system.refOf(protocol, address),
    actorOf: (protocol, key, type) => system.actorOf(protocol, key, type),
    singletonOf: (protocol, name) => system.singletonOf(protocol, name),
    root: rootControl(system),
    stop: async ({ deadline = STOP_MS } = {}) => ending.stop(durationMs(deadline)),
  };
  lease.onLost((error) => ending.fence(error, transport));
  // Its port is gone with it: whoever waited would wait for the lease to run out, and for nothing.
  void serverLost.then((error) => ending.fence(error, transport));
  if (!lease.standing())
    throw new TroupeError("node.fenced", `node ${name} lost its lease at once`);

  // What operators ask, and the node's own actors.
  const facts = { cluster, traits, condition, lease, leaseTtlMs, control, version };
  const outlook = () => nodeOutlook({ ...facts, membership, transport, entrances });
  const ofNode = { system, events, outlook, ending: actorsEnd.signal };
  system.spawn(nodeActor(ofNode), { name: NODE_NAME });
  const children = pooled(childrenFor(node, settings.children), settings.pools);
  for (const spec of children) spec.start(node);
  await entrances.heard();
  condition.phase = "running";
  return node;
}
