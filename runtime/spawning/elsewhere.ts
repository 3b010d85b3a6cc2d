/**
 * Children on other nodes, as actors start them: with a placement.
 *
 * Owns: which registered name a definition has, and what of its options travels. What becomes of the child
 * is `seat.ts`.
 *
 * I1: a wrong placement, a definition that no node could know and an option that cannot travel are told
 *     where they are given.
 */
import type { ActorOptions, SpawnOptions } from "../actor.ts";
import type { AnyDefinition } from "../kernel/behavior.ts";
import type { Elsewhere, Kernel, PlacedChild } from "../kernel/kernel.ts";
import type { Registration, SpawnableRegistration } from "../registration.ts";
import { checkedPlacement } from "./child-placement.ts";
import { Hosts } from "./hosts.ts";
import { Seat } from "./seat.ts";
import type { SentOptions } from "./spawn-protocol.ts";
import { standInFor, standInOptions } from "./stand-in-actor.ts";
import type { SupervisedElsewhere } from "./supervised-elsewhere.ts";

/** Starts children on other nodes. */
export class ChildrenElsewhere implements Elsewhere {
  readonly #registrations: ReadonlyMap<string, Registration>;
  readonly #held: SupervisedElsewhere;
  readonly #hosts: Hosts;

  constructor(
    kernel: Kernel,
    registrations: ReadonlyMap<string, Registration>,
    held: SupervisedElsewhere,
  ) {
    this.#registrations = registrations;
    this.#held = held;
    this.#hosts = new Hosts(kernel);
  }

  /** What stands in for a child, and how that is to be started. */
  child(definition: object, options: SpawnOptions & { readonly input?: unknown }): PlacedChild {
    const placement = checkedPlacement(options.placement ?? "local");
    const registration = this.#registrationOf(definition as AnyDefinition, placement);
    const sent = sentOptions(options);
    const spec = { type: registration.name, definition: registration.definition, placement };
    const seat = new Seat({ ...spec, options: sent }, this.#held, this.#hosts);
    const all: ActorOptions = {
      ...registration.definition.options,
      ...registration.options,
      ...sent,
    };
    return {
      definition: standInFor(registration.definition, seat),
      options: { ...standInOptions(all, options), input: options.input },
    };
  }

  #registrationOf(definition: AnyDefinition, placement: string): SpawnableRegistration {
    for (const each of this.#registrations.values()) {
      if (each.kind === "spawnable" && each.definition === definition) return each;
    }
    throw new TypeError(
      `placement: ${placement}: the actor of ${definition.protocol.name} is not registered; ` +
        "give this node and the others actors: [spawnable(definition)]",
    );
  }
}

/** What of the options of a spawn goes to the child's node. */
function sentOptions(options: SpawnOptions & { readonly input?: unknown }): SentOptions {
  const { name: _n, significant: _s, input: _i, placement: _p, decide, ...sent } = options;
  if (decide !== undefined) {
    throw new TypeError("decide: a function cannot travel; give it to the definition instead");
  }
  return sent;
}
