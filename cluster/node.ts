/**
 * A node: a process with an incarnation, its actors, and everything that ties it to the cluster.
 *
 * Owns: the order in which the parts start and end. Each part is in its own file.
 *
 * N1: a node acts only while its lease stands: frames, heartbeats of others and dispatch turns are
 *     each preceded by that question. A node that lost its lease ends as `fenced` and says nothing more.
 * N2: what was started is ended in reverse order, also when a later part fails to start.
 * N3: `stop` resolves within its deadline: new work is refused, tasks in hand are finished or put
 *     back, the lease is given up, others are told, connections and the embedded server end.
 */
import type { ActorDefinition, SpawnArgs } from "../runtime/actor.ts";
import type { ActorRef } from "../runtime/actor-ref.ts";
import type { Address } from "../runtime/address.ts";
import { systemClock } from "../runtime/clock.ts";
import { createSystem } from "../runtime/create-system.ts";
import { createTasks } from "../runtime/durable/create-tasks.ts";
import type { Tasks, TaskWorker } from "../runtime/durable/tasks.ts";
import type { Duration } from "../runtime/duration.ts";
import { durationMs } from "../runtime/duration.ts";
import { EventFeed } from "../runtime/event-feed.ts";
import type { Log } from "../runtime/log.ts";
import type { Membership } from "../runtime/membership.ts";
import type { Ports } from "../runtime/ports.ts";
import type { Operations, Protocol } from "../runtime/protocol.ts";
import { systemRandom } from "../runtime/random.ts";
import { systemScheduler } from "../runtime/scheduler.ts";
import type { System } from "../runtime/system.ts";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";
import { followConnection, openConnections } from "./connections.ts";
import { fencedScheduler } from "./fenced-scheduler.ts";
import { Ingress } from "./ingress.ts";
import { acquireLease, LEASE_BUCKET } from "./lease.ts";
import { NatsMembership } from "./membership.ts";
import { natsDurableQueue } from "./nats-durable-queue.ts";
import { natsKeyValues } from "./nats-key-values.ts";
import { launchNatsServer } from "./nats-server/launch.ts";
import { locateNatsServer } from "./nats-server/locate.ts";
import { NatsTransport } from "./nats-transport.ts";
import type { NodeOptions, NodeSettings } from "./node-options.ts";
import { GATEWAY_ROLE, nodeSettings } from "./node-options.ts";
import { startPulse } from "./pulse.ts";
import { checkServer } from "./server-check.ts";
import { Teardown } from "./teardown.ts";

const STOP_MS = 10_000;
const SETTLE_MS = 1_000;

/** How a node ended. */
export type NodeEnd =
  | { readonly kind: "stopped" }
  /** It lost its lease; the error's code is `node.fenced`. */
  | { readonly kind: "fenced"; readonly error: TroupeError };

/** A running node. */
export interface Node {
  readonly name: string;
  /** Grows with every start of a node of that name. */
  readonly incarnation: string;
  readonly roles: readonly string[];
  readonly cluster: string;
  /** The server that it is connected to. */
  readonly natsUrl: string;
  readonly system: System;
  readonly membership: Membership;
  /** What happens on this node, as it happens. */
  readonly events: EventFeed;
  /** Resolves when the node has ended, whatever ended it. */
  readonly ended: Promise<NodeEnd>;
  /** Starts a top-level actor; see {@link System.spawn}. */
  spawn<O extends Operations, I>(
    definition: ActorDefinition<O, I>,
    ...options: SpawnArgs<I>
  ): ActorRef<O>;
  /** A reference to whoever lives at `address`, on any node. */
  refOf<O extends Operations>(protocol: Protocol<O>, address: Address): ActorRef<O>;
  /** Drains and ends the node within `deadline` (default 10 s). May be repeated. */
  stop(options?: { readonly deadline?: Duration }): Promise<void>;
}

/**
 * Starts a node, with a nats-server of its own when no `nats` is given.
 *
 * @throws {TroupeError} `nats.unavailable`, `nats.too-old`, `node.name-taken` or `store.unavailable`
 *
 * @example
 * const node = await startNode({ name: "n1", roles: ["text"] });
 * const ref = node.spawn(summariser, { name: "s1" });
 * await node.stop();
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const settings = nodeSettings(options);
  const teardown = new Teardown(systemClock, settings.log);
  try {
    return await start(settings, teardown);
  } catch (error) {
    await teardown.run(STOP_MS);
    throw error;
  }
}
