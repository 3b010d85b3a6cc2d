/**
 * What operators can ask a node: the protocol of the actor at `$node`.
 *
 * Owns: the messages, version 1. Fields are only added; a reader ignores what it does not know.
 */
import type { TroupeEvent } from "../../runtime/event.ts";
import type { ActorFamily, ActorsPage, ActorsQuery } from "../../runtime/kernel/survey.ts";
import type { Member } from "../../runtime/ports/membership.ts";
import {
  type Ask,
  ask,
  type Protocol,
  protocol,
  type Stream,
  stream,
} from "../../runtime/protocol.ts";
import type { NodePhase } from "../health/node-condition.ts";
import type { LinkReport } from "../wire/nats-transport.ts";

/** The path at which every node has its `node@1` actor. */
export const NODE_NAME = "$node";

/** A node as it sees itself. */
export interface NodeStatus {
  readonly v: 1;
  readonly name: string;
  readonly incarnation: string;
  readonly cluster: string;
  readonly pid: number;
  readonly phase: NodePhase;
  readonly roles: readonly string[];
  readonly capacity: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lagMs: number;
  readonly uptimeMs: number;
  readonly actors: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Of one processor, since somebody asked before, at least a second ago, or since its start. */
  readonly cpuShare: number;
  readonly lease: { readonly standing: boolean; readonly ttlMs: number };
  readonly server: {
    readonly url: string;
    readonly version: string;
    readonly control: boolean;
    readonly data: boolean;
  };
  /** To each node that it spoke with lately. */
  readonly links: readonly LinkReport[];
  /** Clients that this gateway serves. */
  readonly clients: number;
  /** Asks, streams and offers of its actors that wait for their end. */
  readonly pendingReplies: number;
  /** Streams of its actors that others read. */
  readonly streamsOut: number;
  readonly deadLetters: number;
  readonly fenced: number;
  /** What it can run by name. */
  readonly registered: readonly string[];
  /** The cluster as it sees it. */
  readonly members: readonly Member[];
}

/** Which events are wanted. */
export interface EventsQuery {
  /** Types, or what they begin with, like `task.`; all but `message.handled` when absent. */
  readonly types?: readonly string[];
  /** Only what concerns this path, or those below it. */
  readonly path?: string;
}

/** Events, in their order. */
export interface EventsBatch {
  readonly events: readonly TroupeEvent[];
  /** How many were left out after these, because the reader was too slow. */
  readonly missed: number;
}

/** See the file's header. */
export type NodeOperations = {
  readonly status: Ask<undefined, NodeStatus>;
  readonly actors: Ask<ActorsQuery, ActorsPage>;
  /** `null` when there is none. */
  readonly actor: Ask<{ readonly path: string }, ActorFamily | null>;
  /** Until the reader leaves, its deadline passes or the node ends. */
  readonly events: Stream<EventsQuery, EventsBatch, undefined>;
};

/** The protocol. */
export const NodeProtocol: Protocol<NodeOperations> = protocol("node@1", {
  status: ask<undefined, NodeStatus>(),
  actors: ask<ActorsQuery, ActorsPage>(),
  actor: ask<{ readonly path: string }, ActorFamily | null>(),
  events: stream<EventsQuery, EventsBatch, undefined>(),
});
