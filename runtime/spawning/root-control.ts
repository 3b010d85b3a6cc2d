/**
 * The root supervisor as programs use it, on a node or not.
 *
 * Owns: the questions, and what it means that nobody answers.
 */
import type { ActorRef } from "../actor-ref.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { Operations, Protocol } from "../protocol.ts";
import type { RestartType } from "../supervision.ts";
import type { System } from "../system.ts";
import { TroupeError } from "../troupe-error.ts";
import type { ChildPlacement } from "./child-placement.ts";
import { ROOT_TYPE, Root, type RootChild, type RootOperations } from "./root-protocol.ts";

/** What {@link RootControl.start} starts. */
export interface RootStartOptions<O extends Operations> {
  /** The registered name. */
  readonly actor: string;
  /** What it speaks; a node whose registration speaks another version does not start it. */
  readonly protocol: Protocol<O>;
  /** Unique among the root supervisor's children; a generated one by default. */
  readonly name?: string;
  /** Plain data. */
  readonly input?: unknown;
  /** Default `spread`; it cannot be `local`. */
  readonly placement?: Exclude<ChildPlacement, "local">;
  /** Default as it is registered. */
  readonly restart?: RestartType;
  /** How long its start may take; default 30 s. */
  readonly timeout?: Duration;
}

/** The cluster's root supervisor, which some node with `spawnable` actors runs. */
export interface RootControl {
  /**
   * Starts an actor that nodes have registered with `spawnable`, and resolves once it runs. It is started
   * again when its node goes, and when the root supervisor's does; after the latter {@link RootControl.list}
   * has its new address.
   *
   * @throws {TroupeError} `placement.none` when no node takes it, or the root's node has no such
   *   registration; `actor.name-taken`, `ask.invalid`; `actor.start-failed` when its `init` threw
   *
   * @example
   * const ref = await node.root.start({ actor: "worker", protocol: Worker, name: "w1" });
   */
  start<O extends Operations>(options: RootStartOptions<O>): Promise<ActorRef<O>>;
  /** Stops a child for good; `false` when there is none of that name. */
  stop(name: string): Promise<boolean>;
  /** Its children. */
  list(): Promise<readonly RootChild[]>;
}

const START_MS = 30_000;
const NAME_LENGTH = 12;

/** The root supervisor as it is reached from `system`. */
export function rootControl(system: System): RootControl {
  const random = system.ports.random.fork("root");
  const asked = async <T>(ask: (root: ActorRef<RootOperations>) => Promise<T>): Promise<T> => {
    try {
      return await ask(system.singletonOf(Root, ROOT_TYPE));
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code !== "actor.not-found") throw error;
      const why = "no node of the cluster registers a spawnable(…), so none has a root supervisor";
      throw new TroupeError("placement.none", why, { outcome: "never-ran" });
    }
  };
  return {
    start: async (options) => {
      const { actor, protocol, input, placement, restart, timeout = START_MS } = options;
      const spec = {
        type: actor,
        protocol: protocol.name,
        name: options.name ?? `${actor}-${random.id().slice(0, NAME_LENGTH)}`,
        ...(input === undefined ? {} : { input }),
        ...(placement === undefined ? {} : { placement }),
        ...(restart === undefined ? {} : { restart }),
      };
      const { address } = await asked((root) =>
        root.ask("start", spec, { timeout: durationMs(timeout) }),
      );
      return system.refOf(protocol, address);
    },
    stop: (name) => asked((root) => root.ask("stop", { name })),
    list: () => asked((root) => root.ask("list")),
  };
}
