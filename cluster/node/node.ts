/**
 * A running node, as programs hold it.
 *
 * Owns: the interface. How a node starts and ends is `start-node.ts`.
 */
import type { ActorDefinition, SpawnArgs } from "../../runtime/actor.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import type { Address } from "../../runtime/address.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { EventFeed } from "../../runtime/event-feed.ts";
import type { Operations, Protocol } from "../../runtime/protocol.ts";
import type { RootControl } from "../../runtime/spawning/root-control.ts";
import type { System } from "../../runtime/system.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import type { SelectableMembership } from "../membership/members-selection.ts";
import type { ServiceReport } from "../services/services.ts";

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
  /** As it was given, of several servers all; which of them it is connected to is told by `$node`. */
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
