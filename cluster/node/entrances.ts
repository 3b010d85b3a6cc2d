/**
 * The ways into a node for programs that are no nodes: the ingress, and services in JSON.
 *
 * Owns: which of them a node has, and what they do together. The ways themselves are
 * `ingress/ingress.ts` and `services/services.ts`.
 *
 * E1: the root supervisor is for programs that speak Troupe: it is no service.
 * E2: clients are greeted while this gateway should greet any: `ingress/greeting.ts`.
 */
import type { AnyActorRef } from "../../runtime/actor-ref.ts";
import { ROOT_TYPE } from "../../runtime/spawning/root-protocol.ts";
import { GATEWAY_ROLE, greetsClients } from "../ingress/greeting.ts";
import { Ingress, type IngressOptions } from "../ingress/ingress.ts";
import type { SelectableMembership } from "../membership/members-selection.ts";
import { type ServiceReport, Services } from "../services/services.ts";
import type { NodeSettings } from "./node-options.ts";

/** What {@link Entrances} are made of, beside the node's settings. */
export interface EntrancesParts
  extends Omit<IngressOptions, "cluster" | "log" | "reads" | "mostBytes"> {
  readonly membership: SelectableMembership;
}

/** The ways into a node; see the file's header. */
export class Entrances {
  readonly #ingress: Ingress | undefined;
  readonly #services: Services | undefined;
  readonly #parts: EntrancesParts;

  constructor(settings: NodeSettings, parts: EntrancesParts) {
    const { cluster, log, traits, ingressReads: reads, mostBodyBytes: mostBytes } = settings;
    const { membership, ...shared } = parts;
    this.#parts = parts;
    if (traits.roles.includes(GATEWAY_ROLE))
      this.#ingress = new Ingress({ ...shared, cluster, log, reads, mostBytes });
    if (settings.services === "open") this.#services = new Services({ ...shared, cluster, log });
    this.#services?.register(settings.actors.filter(({ name }) => name !== ROOT_TYPE));
    membership
      .select((members) => greetsClients(members, parts.self))
      .subscribe((greets) => (greets ? this.#ingress?.open() : this.#ingress?.drain()));
  }

  /** How many clients have a session here. */
  get clients(): number {
    return this.#ingress?.clients ?? 0;
  }

  /** Streams that clients read, and requests that wait for their answer. */
  get inHand(): number {
    return (this.#ingress?.streams ?? 0) + (this.#services?.inHand ?? 0);
  }

  /** What the services did so far; none when closed. */
  report(): readonly ServiceReport[] {
    return this.#services?.report() ?? [];
  }

  /** Offers the type of a top-level actor as a service, as long as it lives. */
  offer(ref: AnyActorRef): void {
    this.#services?.add(ref);
  }

  /** Resolves once whoever asks a service is heard. */
  async heard(): Promise<void> {
    if (this.#services !== undefined) await this.#parts.connection.flush();
  }

  disconnected(): void {
    this.#ingress?.disconnected();
  }

  reconnected(): void {
    this.#ingress?.reconnected();
  }

  /** Lets nobody else in; those who are in are served on. */
  drain(): void {
    this.#ingress?.drain();
    this.#services?.drain();
  }

  /** Ends the sessions of clients. */
  close(): void {
    this.#ingress?.close();
  }
}
