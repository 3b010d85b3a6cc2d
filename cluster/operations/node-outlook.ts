/**
 * What a node's parts, other than its system, tell operators.
 *
 * Owns: where each fact comes from. They are read at the moment somebody asks (`node-actor.ts`).
 */
import type { NatsConnection } from "nats";
import type { Membership, MemberTraits } from "../../runtime/ports/membership.ts";
import type { NodeCondition } from "../health/node-condition.ts";
import type { NatsTransport } from "../wire/nats-transport.ts";
import type { NodeStatus } from "./node-protocol.ts";

/** What is told of a node by others than its system. */
export type NodeOutlook = Omit<
  NodeStatus,
  | "v"
  | "pid"
  | "actors"
  | "rssBytes"
  | "heapBytes"
  | "cpuShare"
  | "uptimeMs"
  | "pendingReplies"
  | "streamsOut"
  | "deadLetters"
  | "fenced"
  | "registered"
>;

/** Who tells. */
export interface OutlookParts {
  readonly cluster: string;
  readonly traits: MemberTraits;
  readonly condition: NodeCondition;
  readonly lease: { standing(): boolean };
  readonly leaseTtlMs: number;
  /** The control connection. */
  readonly control: Pick<NatsConnection, "getServer">;
  /** The server's version. */
  readonly version: string;
  readonly membership: Pick<Membership, "self" | "members">;
  readonly transport: Pick<NatsTransport, "reports">;
  readonly entrances: { readonly clients: number };
}

/** The facts as they are now. */
export function nodeOutlook(parts: OutlookParts): NodeOutlook {
  const { cluster, traits, condition, lease, membership } = parts;
  const { phase, lagMs, control, data } = condition.facts();
  return {
    ...membership.self,
    cluster,
    ...traits,
    phase,
    lagMs,
    lease: { standing: lease.standing(), ttlMs: parts.leaseTtlMs },
    server: { url: parts.control.getServer(), version: parts.version, control, data },
    links: parts.transport.reports(),
    clients: parts.entrances.clients,
    members: membership.members(),
  };
}
