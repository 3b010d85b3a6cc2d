/**
 * A system: the actors of one process, under one guardian.
 */
import type { ActorDefinition, SpawnArgs } from "./actor.ts";
import type { ActorRef, AnyActorRef } from "./actor-ref.ts";
import type { Address } from "./address.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { Duration } from "./duration.ts";
import type { Terminated } from "./exit-reason.ts";
import type { QueueDepth } from "./kernel/queue-depth.ts";
import type { ActorFamily, ActorsPage, ActorsQuery } from "./kernel/survey.ts";
import type { Cancel } from "./ports/clock.ts";
import type { Ports } from "./ports/ports.ts";
import type { Operations, Protocol } from "./protocol.ts";
import type { Registration } from "./registration.ts";

/** The actors of one process. */
export interface System {
  /** This system's node name. */
  readonly node: string;
  readonly ports: Ports;
  /** What it can run when somebody asks for it by name. */
  readonly registrations: ReadonlyMap<string, Registration>;
  /** Starts a top-level actor, supervised one for one by the system. */
  spawn<O extends Operations, I>(
    definition: ActorDefinition<O, I>,
    ...options: SpawnArgs<I>
  ): ActorRef<O>;
  /** A reference to whoever lives at `address`, here or elsewhere. */
  refOf<O extends Operations>(protocol: Protocol<O>, address: Address): ActorRef<O>;
  /**
   * A reference to the virtual actor of that key, wherever it is active or not yet.
   *
   * @param type - what it is registered as; default the protocol's name without its version
   * @throws {TypeError | RangeError} when the key is no text of 1 to 256 bytes
   *
   * @example
   * system.actorOf(Session, "user-42").tell("said", "hello");
   */
  actorOf<O extends Operations>(protocol: Protocol<O>, key: string, type?: string): ActorRef<O>;
  /** A reference to the cluster's one; `name` is what it is registered as, default as for `actorOf`. */
  singletonOf<O extends Operations>(protocol: Protocol<O>, name?: string): ActorRef<O>;
  /**
   * Whether an actor that may live on this node takes that operation from others only signed: who passes on
   * what programs send that are no nodes must refuse it to them.
   */
  takesSigned(address: Address, operation: string): boolean;
  /** Stops an actor after its current message (`drain`: after what is queued; `kill`: at once). */
  stop(target: AnyActorRef, how?: "stop" | "drain" | "kill"): Promise<void>;
  /** Calls `ended` exactly once when that actor ends, at once when it already has. */
  watch(target: AnyActorRef | Address, ended: (terminated: Terminated) => void): Cancel;
  /**
   * Calls `listener` for every message that could not be delivered, except for what listeners send
   * meanwhile: that is only counted and logged.
   */
  onDeadLetter(listener: (letter: DeadLetter) => void): Cancel;
  /** Dead letters so far. */
  readonly deadLetters: number;
  /** Results and sends of generations that were no longer current, so far. */
  readonly fenced: number;
  /** Asks, streams and offers of this system that wait for their end. */
  readonly pendingReplies: number;
  /** How many actors there are now. Cost: walks them all, some 20 ns each. */
  readonly actorCount: number;
  /** A page of the actors, parents before their children. Cost: walks all before it. */
  actors(query?: ActorsQuery): ActorsPage;
  /** The actor at a path of this node with its children, when there is one. */
  actor(path: string): ActorFamily | undefined;
  /** Streams of actors here, the runtime's own apart, that other nodes read now. Cost: looks at every call of other nodes. */
  readonly streamsOut: number;
  /** What waits in the mailboxes of its actors now. Cost: a look at each actor. */
  queueDepth(): QueueDepth;
  /** Stops everything, children first, within `deadline` (default 10 s). */
  shutdown(options?: { readonly deadline?: Duration }): Promise<void>;
}
