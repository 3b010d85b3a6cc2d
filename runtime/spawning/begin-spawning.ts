/**
 * Makes a system part of supervision between nodes.
 *
 * Owns: putting the two ends together: the `$spawn` actor, which runs children for others, and the
 * placement of children elsewhere.
 */
import type { Cell } from "../kernel/cell.ts";
import type { Registration } from "../registration.ts";
import { ChildrenElsewhere } from "./elsewhere.ts";
import type { Hosting } from "./hosting.ts";
import { spawnActor } from "./spawn-actor.ts";
import { SPAWN_NAME } from "./spawn-protocol.ts";
import { SupervisedElsewhere } from "./supervised-elsewhere.ts";

/** A system's part in supervision between nodes. */
export interface Spawning {
  /** The system is about to stop: children of others are to live elsewhere, within `limitMs`. */
  handOver(limitMs: number): Promise<void>;
  /** Ends what would outlive the system. */
  end(): void;
}

/** Begins it, below the guardian `root`. */
export function beginSpawning(
  root: Cell,
  registrations: ReadonlyMap<string, Registration>,
): Spawning {
  const { kernel } = root;
  const held = new SupervisedElsewhere();
  kernel.elsewhere = new ChildrenElsewhere(kernel, registrations, held);
  let hosting: Hosting | undefined;
  const actor = spawnActor(registrations, held, (begun) => {
    hosting = begun;
  });
  root.spawn(actor, { name: SPAWN_NAME });
  // After the listener that ends what waits for an answer of a node that is down.
  const forget = kernel.ports.membership.subscribe((event) => held.memberChanged(event));
  return {
    handOver: async (limitMs) => {
      if (hosting !== undefined && hosting.size > 0) await hosting.handOver(limitMs);
    },
    end: forget,
  };
}
