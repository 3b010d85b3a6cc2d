/**
 * A node: a process with an incarnation, its actors, and everything that ties it to the cluster.
 *
 * Owns: the order in which the parts start and end. Each part is in its own file.
 *
 * N1: a node acts only while its lease stands: frames, heartbeats of others and dispatch turns are
 *     each preceded by that question. A node that lost its lease ends as `fenced` and says nothing more.
 * N2: what was started is ended in reverse order, also when a later part fails to start.
 * N3: `stop` resolves within its deadline: new work is refused, tasks in hand are finished or put
 *     back, streams that others read may end, the lease is given up, others are told, connections and the embedded server end.
 */
import type { ActorDefinition, SpawnArgs } from "../runtime/actor.ts";
import type { ActorRef } from "../runtime/actor-ref.ts";
import type { Address } from "../runtime/address.ts";
import { createSystem } from "../runtime/create-system.ts";
import { createTasks } from "../runtime/durable/create-tasks.ts";
import type { Duration } from "../runtime/duration.ts";
import { durationMs } from "../runtime/duration.ts";
import type { EventSink } from "../runtime/event.ts";
import { EventFeed } from "../runtime/event-feed.ts";
import type { Log } from "../runtime/log.ts";
import { awaitedClock, type Clock, systemClock } from "../runtime/ports/clock.ts";
import {
  blobsOf,
  eventLogsOf,
  keyValuesOf,
  queueOf,
  remindersOf,
} from "../runtime/ports/node-stores.ts";
import type { Ports } from "../runtime/ports/ports.ts";
import { systemRandom } from "../runtime/ports/random.ts";
import { systemScheduler } from "../runtime/ports/scheduler.ts";
import type { Operations, Protocol } from "../runtime/protocol.ts";
import { type RootControl, rootControl } from "../runtime/spawning/root-control.ts";
import { ROOT_TYPE } from "../runtime/spawning/root-protocol.ts";
import type { System } from "../runtime/system.ts";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";
import type { Connections } from "./connections.ts";
import { followConnection, inboxPrefixOf, openConnections } from "./connections.ts";
import { startHealthServer } from "./health/health-server.ts";
import { NodeCondition } from "./health/node-condition.ts";
import { greetsClients } from "./ingress/greeting.ts";
import { Ingress } from "./ingress/ingress.ts";
import { endableClock } from "./membership/endable-clock.ts";
import { fencedConnection } from "./membership/fenced-connection.ts";
import { fencedLine } from "./membership/fenced-line.ts";
import { fencedScheduler } from "./membership/fenced-scheduler.ts";
import { acquireLease, LEASE_TTL_MS, REPLICATED_LEASE_TTL_MS } from "./membership/lease.ts";
import { openLeaseBucket } from "./membership/lease-bucket.ts";
import type { SelectableMembership } from "./membership/members-selection.ts";
import { NatsMembership } from "./membership/membership.ts";
import type { Pulse } from "./membership/pulse.ts";
import { startPulse } from "./membership/pulse.ts";
import { launchNatsServer } from "./nats-server/launch.ts";
import { locateNatsServer } from "./nats-server/locate.ts";
import { childrenFor } from "./node-module.ts";
import type { NodeOptions, NodeSettings } from "./node-options.ts";
import { GATEWAY_ROLE, nodeSettings } from "./node-options.ts";
import { pooled } from "./node-pools.ts";
import { nodeActor } from "./operations/node-actor.ts";
import { NODE_NAME } from "./operations/node-protocol.ts";
import type { LoadedCredentials } from "./security/credentials.ts";
import { NodeSignatures, newSigningKey } from "./security/node-signatures.ts";
import { RefusalLog } from "./security/refusal-log.ts";
import { checkServer } from "./server-check.ts";
import { type ServiceReport, Services } from "./services/services.ts";
import { natsBlobStore } from "./stores/nats-blob-store.ts";
import { claimStore } from "./stores/nats-claims.ts";
import { natsDurableQueue } from "./stores/nats-durable-queue.ts";
import { natsEventLogs } from "./stores/nats-event-logs.ts";
import { natsKeyValues } from "./stores/nats-key-values.ts";
import { natsReminders } from "./stores/nats-reminders.ts";
import { Teardown } from "./teardown.ts";
import { trackedTasks } from "./tracked-tasks.ts";
import { NatsTransport } from "./wire/nats-transport.ts";

const STOP_MS = 10_000;
const FENCED_STOP_MS = 1_000;
const SETTLE_MS = 1_000;
/** Of the time that is left, how much tasks in hand may take, and then the streams that others read. */
const DRAIN_SHARE = 0.5;
/** How often a drain looks whether those streams have ended. */
const LOOK_MS = 20;

/** How a node ended. */
export type NodeEnd =
  | { readonly kind: "stopped" }
  /** It lost its lease, and the error's code is `node.fenced`, or its own server: `nats.unavailable`. */
  | { readonly kind: "fenced"; readonly error: TroupeError };

/** A running node. */
export interface Node {
  readonly name: string;
  /** Grows with every start of a node of that name. */
  readonly incarnation: string;
  readonly roles: readonly string[];
  readonly capacity: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly cluster: string;
  /** The server that it is connected to. */
  readonly natsUrl: string;
  /** The server's, like `2.12.1`. */
  readonly natsVersion: string;
  readonly system: System;
  readonly membership: SelectableMembership;
  /** What happens on this node, as it happens. */
  readonly events: EventFeed;
  /** Resolves when the node has ended, whatever ended it. */
  readonly ended: Promise<NodeEnd>;
  /** Starts a top-level actor; see {@link System.spawn}. */
  spawn<O extends Operations, I>(
    definition: ActorDefinition<O, I>,
    ...options: SpawnArgs<I>
  ): ActorRef<O>;
  /** What its actor types did so far as services, for programs that ask in JSON; none when closed. */
  services(): readonly ServiceReport[];
  /** A reference to whoever lives at `address`, on any node. */
  refOf<O extends Operations>(protocol: Protocol<O>, address: Address): ActorRef<O>;
  /**
   * A reference to the virtual actor of that key, wherever it is active or not yet.
   *
   * @param type - what it is registered as; default the protocol's name without its version
   * @throws {TypeError | RangeError} when the key is no text of 1 to 256 bytes
   *
   * @example
   * node.actorOf(Session, "user-42").tell("said", "hello");
   */
  actorOf<O extends Operations>(protocol: Protocol<O>, key: string, type?: string): ActorRef<O>;
  /** A reference to the cluster's one; `name` is what it is registered as, default as for `actorOf`. */
  singletonOf<O extends Operations>(protocol: Protocol<O>, name?: string): ActorRef<O>;
  /** The cluster's root supervisor: starts actors that outlive the node that asked, and every other one. */
  readonly root: RootControl;
  /** Drains and ends the node within `deadline` (default 10 s). May be repeated. */
  stop(options?: { readonly deadline?: Duration }): Promise<void>;
}

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
  const { name, traits, cluster, log, models } = settings;
  const condition = new NodeCondition(name);
  if (settings.health !== undefined) {
    const health = await startHealthServer(settings.health, name, () => condition.facts());
    teardown.add("health", () => health.close());
  }
  const { clock, end: letGo } = endableClock(systemClock);
  teardown.add("clock", letGo);
  const random = systemRandom();
  const { url, credentials, serverLost } = await serverOf(settings, teardown);

  const target = { url, cluster, name, credentials };
  const connections = await openConnections(target, { clock, random: random.fork("servers"), log });
  teardown.add("connections", () => connections.close());
  condition.control = true;
  condition.data = true;
  const { version: natsVersion, ...server } = await checkServer(connections.control);
  const replicas = settings.replicas ?? server.replicas;

  const { control, data } = connections;
  const leases = await openLeaseBucket(control, {
    cluster,
    ttlMs: settings.leaseTtlMs ?? (replicas > 1 ? REPLICATED_LEASE_TTL_MS : LEASE_TTL_MS),
    replicas,
    random: random.fork("lease"),
    log,
  });
  // Ends after the lease is released: the goodbye says "look now", and the lease must be gone by then.
  let pulse: Pulse | undefined;
  let fenced: TroupeError | undefined;
  teardown.add("pulse", () => pulse?.stop(fenced === undefined ? "farewell" : "silent"));
  const key = newSigningKey();
  const lease = await acquireLease({
    bucket: leases.bucket,
    name,
    traits,
    pid: process.pid,
    publicKey: key.publicKey,
    ttlMs: leases.ttlMs,
    clock,
    random,
    log,
  });
  teardown.add("lease", () => lease.release());

  const self = { name, incarnation: lease.incarnation };
  const standing = (): boolean => lease.standing();
  const events = new EventFeed(name, clock);
  const membership = new NatsMembership({
    connection: control,
    leases: leases.bucket,
    cluster,
    self,
    traits,
    clock,
    random: random.fork("membership"),
    log,
    events,
    standing,
  });
  teardown.add("membership", () => membership.close());
  condition.joined(lease, membership);
  const scheduler = fencedScheduler(systemScheduler, () => lease.standing() || lease.isReleased);
  const mostBytes = settings.mostBodyBytes;
  const transport = new NatsTransport({
    connection: data,
    cluster,
    self,
    clock,
    scheduler,
    log,
    standing,
    reads: traits.reads ?? [],
    claims: claimStore(data, self, { cluster, replicas, mostBytes }),
  });
  membership.subscribe((event) => transport.memberChanged(event));
  teardown.add("transport", async (leftMs) => {
    if (fenced === undefined) await transport.settle(Math.min(SETTLE_MS, leftMs));
    transport.close();
  });
  await membership.load();

  const line = fencedLine(name, standing);
  const fencedControl = fencedConnection(control, name, standing);
  const buckets = natsKeyValues(fencedControl, { cluster, replicas, random: random.fork("store") });
  const keyValues = keyValuesOf(line, buckets);
  const inboxPrefix = inboxPrefixOf(target, "control");
  const queue = queueOf(
    line,
    natsDurableQueue(fencedControl, { cluster, replicas, clock, log, inboxPrefix }),
  );
  const { tasks, ...workers } = trackedTasks(
    createTasks({ queue, keyValues, membership, clock, random, events, log }),
    awaitedClock,
  );
  const signatures = new NodeSignatures({
    self,
    key,
    membership,
    leases: leases.bucket,
    clock,
    log,
  });
  const ports: Ports = {
    clock,
    scheduler,
    random,
    log,
    events,
    transport,
    membership,
    keyValues,
    queue,
    tasks,
    models,
    signatures,
    blobs: blobsOf(
      line,
      natsBlobStore(fencedConnection(data, name, standing), { cluster, replicas, clock }),
    ),
    eventLogs: eventLogsOf(
      line,
      natsEventLogs(fencedControl, { cluster, replicas, clock, random: random.fork("logs") }),
    ),
    reminders: remindersOf(line, natsReminders(control, { cluster, replicas, clock, log })),
  };
  const system = createSystem({ ...ports, node: name, actors: settings.actors });
  teardown.add("system", (leftMs) => system.shutdown({ deadline: leftMs }));

  const ingress = traits.roles.includes(GATEWAY_ROLE)
    ? new Ingress({
        connection: data,
        cluster,
        self,
        system,
        clock,
        scheduler,
        log,
        standing,
        reads: settings.ingressReads,
        mostBytes,
      })
    : undefined;
  teardown.add("ingress", () => ingress?.close());
  const services =
    settings.services === "open"
      ? new Services({
          connection: data,
          cluster,
          self,
          system,
          clock,
          log,
          standing,
        })
      : undefined;
  // The root supervisor is for programs that speak Troupe.
  services?.register(settings.actors.filter(({ name }) => name !== ROOT_TYPE));
  membership
    .select((members) => greetsClients(members, self))
    .subscribe((greets) => (greets ? ingress?.open() : ingress?.drain()));
  follow(connections, { membership, transport, ingress, condition }, { events, log });
  await Promise.all([control.flush(), data.flush()]);
  pulse = await startPulse({ target, incarnation: self.incarnation, traits }, { clock, log });
  teardown.add("streams", async (leftMs) => {
    const isRead = (): boolean =>
      system.streamsOut + (ingress?.streams ?? 0) + (services?.inHand ?? 0) > 0;
    if (fenced === undefined) await whileHolds(isRead, awaitedClock, leftMs * DRAIN_SHARE);
  });
  teardown.add("workers", async (leftMs) => {
    if (fenced === undefined) pulse?.announce("draining");
    ingress?.drain();
    services?.drain();
    await workers.end(fenced === undefined ? leftMs * DRAIN_SHARE : 0);
  });

  let end: (how: NodeEnd) => void = () => {};
  const ended = new Promise<NodeEnd>((resolve) => {
    end = resolve;
  });
  const node: Node = {
    name,
    incarnation: self.incarnation,
    ...traits,
    cluster,
    natsUrl: url,
    natsVersion,
    system,
    membership,
    events,
    ended,
    spawn: (definition, ...options) => {
      const ref = system.spawn(definition, ...options);
      services?.add(ref);
      return ref;
    },
    services: () => services?.report() ?? [],
    refOf: (protocol, address) => system.refOf(protocol, address),
    actorOf: (protocol, key, type) => system.actorOf(protocol, key, type),
    singletonOf: (protocol, name) => system.singletonOf(protocol, name),
    root: rootControl(system),
    stop: async ({ deadline = STOP_MS } = {}) => {
      if (condition.phase !== "ended") condition.phase = "draining";
      await teardown.run(durationMs(deadline));
      condition.phase = "ended";
      end(fenced === undefined ? { kind: "stopped" } : { kind: "fenced", error: fenced });
      await ended;
    },
  };
  const fence = (error: TroupeError): void => {
    if (fenced !== undefined) return;
    fenced = error;
    log.error({ code: error.code, error: error.message }, "this node is fenced and ends");
    // Its links first: whatever still waits in this process reaches nobody.
    transport.close();
    void node.stop({ deadline: FENCED_STOP_MS });
  };
  lease.onLost(fence);
  // Its port is gone with it: whoever waited would wait for the lease to run out, and for nothing.
  void serverLost.then(fence);
  if (!lease.standing())
    throw new TroupeError("node.fenced", `node ${name} lost its lease at once`);
  const operators = nodeActor({
    system,
    events,
    outlook: () => ({
      name,
      incarnation: self.incarnation,
      cluster,
      ...traits,
      phase: condition.phase,
      lagMs: condition.facts().lagMs,
      lease: { standing: lease.standing(), ttlMs: leases.ttlMs },
      server: {
        url: control.getServer(),
        version: natsVersion,
        control: condition.control,
        data: condition.data,
      },
      links: transport.reports(),
      clients: ingress?.clients ?? 0,
      members: membership.members(),
    }),
  });
  system.spawn(operators, { name: NODE_NAME });
  const children = pooled(childrenFor(node, settings.children), settings.pools);
  for (const spec of children) spec.start(node);
  // Whoever asks a service now is heard.
  if (services !== undefined) await data.flush();
  condition.phase = "running";
  return node;
}

interface Server {
  readonly url: string;
  readonly credentials: LoadedCredentials;
  /** Resolves when a server of our own ends by itself; never for one of somebody else's. */
  readonly serverLost: Promise<TroupeError>;
}

/** Resolves once `condition` no longer holds, or after `withinMs`. */
async function whileHolds(condition: () => boolean, clock: Clock, withinMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + withinMs;
  while (condition() && clock.monotonicMs() < untilMs)
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
}

/** The server that was given, or one of our own. */
async function serverOf({ server, log }: NodeSettings, teardown: Teardown): Promise<Server> {
  if (server.kind === "external") {
    const { url, credentials } = server;
    return { url, credentials, serverLost: new Promise(() => {}) };
  }
  const { env, storeDir, storeLife, port } = server;
  const note = (line: string): void => log.info({ line }, "looking for a nats-server");
  const binary = await locateNatsServer({ env, note });
  const launched = await launchNatsServer({
    binary: binary.path,
    storeDir,
    storeLife,
    ...(port === undefined ? {} : { port }),
  });
  let stopping = false;
  teardown.add("server", () => {
    stopping = true;
    return launched.stop();
  });
  const serverLost = new Promise<TroupeError>((resolve) => {
    void launched.ended.then(() => {
      if (stopping) return;
      const lost = `the nats-server that this node had started (process ${launched.pid}) has ended`;
      resolve(new TroupeError("nats.unavailable", lost));
    });
  });
  return { url: launched.url, credentials: {}, serverLost };
}

/** Tells the parts what becomes of their connection. */
function follow(
  { control, data }: Connections,
  parts: {
    readonly membership: NatsMembership;
    readonly transport: NatsTransport;
    readonly ingress: Ingress | undefined;
    readonly condition: NodeCondition;
  },
  { events, log }: { readonly events: EventSink; readonly log: Log },
): void {
  const { membership, transport, ingress, condition } = parts;
  const failed = (error: unknown): void =>
    log.error({ error: messageOf(error) }, "the state of a connection is not known any more");
  const refusals = new RefusalLog(log);
  const refused = (error: Error): void => refusals.refused(error);
  followConnection(control, {
    refused,
    disconnected: () => {
      condition.control = false;
      events.emit({ type: "server.lost", connection: "control" });
      membership.disconnected();
    },
    reconnected: () => {
      condition.control = true;
      const server = control.getServer();
      events.emit({ type: "server.returned", connection: "control", server });
      membership.reconnected();
    },
  }).catch(failed);
  followConnection(data, {
    refused,
    disconnected: () => {
      condition.data = false;
      events.emit({ type: "server.lost", connection: "data" });
      log.warn({}, "disconnected from the server; messages wait");
      transport.disconnected();
      ingress?.disconnected();
    },
    reconnected: () => {
      condition.data = true;
      events.emit({ type: "server.returned", connection: "data", server: data.getServer() });
      log.info({}, "connected to the server again");
      transport.reconnected();
      ingress?.reconnected();
    },
  }).catch(failed);
}
