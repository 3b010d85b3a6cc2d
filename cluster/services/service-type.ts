/**
 * An actor type that a node offers as a service, and who answers for it there.
 *
 * Owns: which actor gets a request: of several on this node each in its turn; of a virtual type the one
 * whose key the request names. Serving requests is `services.ts`.
 *
 * T1: operations whose names begin with `$` are the runtime's own, and no endpoints: whoever could ask
 *     `$remind` could have an actor told anything, signed operations included.
 * T2: signed operations are no endpoints: a request is from anybody, and this node would vouch for it (S24).
 */
import type { ActorRef } from "../../runtime/actor-ref.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Operation, Operations, Protocol } from "../../runtime/protocol.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { serviceSubject } from "../wire/node-subject.ts";
import { Endpoint } from "./endpoint.ts";

/** Names the key of the virtual actor that is to answer. */
export const KEY_HEADER = "Troupe-Key";

/** Any operations: what is asked is checked where the actor lives. */
export type Untyped = Operations & Record<string, Operation>;

/** Gives the actor that answers; `undefined` when there is none. */
export type Chooser = (key: string | undefined) => ActorRef<Untyped> | undefined;

/** An actor type as a service. */
export class ServiceType {
  readonly protocol: Protocol;
  /** By the operation's name. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly #refs: ActorRef<Untyped>[] = [];
  readonly #places = new Map<ActorRef<Untyped>, number>();
  #chooser: Chooser | undefined;
  #isListed: boolean = false;
  #turn = 0;

  constructor(protocol: Protocol, cluster: string, clock: Clock) {
    this.protocol = protocol;
    const asks = Object.entries(protocol.operations).filter(
      ([name, { kind, signed }]) => kind === "ask" && signed !== true && !name.startsWith("$"),
    );
    this.endpoints = new Map(
      asks.map(([operation]) => {
        const subject = serviceSubject(cluster, protocol.name, operation);
        return [operation, new Endpoint(operation, subject, clock)];
      }),
    );
  }

  /** Whether somebody answers. */
  get isServed(): boolean {
    return this.#chooser !== undefined || this.#refs.length > 0;
  }

  /** Whether tools see it although nobody answers. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Tools see it whether anybody answers or not. */
  list(): void {
    this.#isListed = true;
  }

  /** How many actors of this node answer; 0 where the cluster knows who does. */
  get actors(): number {
    return this.#refs.length;
  }

  /** An actor of this node answers too. */
  add(ref: ActorRef<Untyped>): void {
    this.#places.set(ref, this.#refs.length);
    this.#refs.push(ref);
  }

  /** It has ended; the last one takes its place, so that this costs the same however many there are. */
  remove(ref: ActorRef<Untyped>): void {
    const at = this.#places.get(ref);
    if (at === undefined) return;
    this.#places.delete(ref);
    const last = this.#refs.pop();
    if (last === undefined || last === ref) return;
    this.#refs[at] = last;
    this.#places.set(last, at);
  }

  /** Whoever is registered answers, wherever that is. */
  answeredBy(chooser: Chooser): void {
    this.#chooser = chooser;
  }

  /**
   * Who answers a request.
   *
   * @throws {TroupeError} `actor.not-found`, or `ask.invalid` when the request names no key
   */
  chosen(key: string | undefined): ActorRef<Untyped> {
    const ref = this.#chooser?.(key) ?? this.#refs[this.#turn++ % this.#refs.length];
    if (ref !== undefined) return ref;
    const why =
      this.#chooser === undefined
        ? `no actor of ${this.protocol.name} lives here any more`
        : `${this.protocol.name} is one actor per key: name it in the header ${KEY_HEADER}`;
    const code = this.#chooser === undefined ? "actor.not-found" : "ask.invalid";
    throw new TroupeError(code, why, { outcome: "never-ran" });
  }
}
