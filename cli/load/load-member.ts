/**
 * The nodes that a run adds to a cluster: their names, and with what they connect.
 *
 * Owns: both. On a server whose users `troupe nats init` made, a node's name is its user's: then the names
 * are fixed, and each has a seed of its own.
 *
 * M1: in a cluster that is there already, names must be free: the run's id is part of them, unless they
 *     are fixed; a second run with the same seeds is refused by the first one's leases.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CredentialFlags } from "../credential-flags.ts";
import { CommandError, ExitCode } from "../exit-code.ts";

/** A node that a run adds. */
export interface LoadMember {
  readonly name: string;
  readonly credentials: CredentialFlags;
}

/** What the members of a run have in common. */
export interface LoadMembership {
  readonly run: string;
  /** The cluster bears a name that was given, and perhaps other nodes. */
  readonly isJoined: boolean;
  readonly credentials: CredentialFlags;
  /** The folder with a seed for each, `node-load-watcher.nk` and so on. */
  readonly seeds: string | undefined;
}

/** What a member is for: to watch, to send, or to bear the load. */
export type LoadDuty = "watcher" | "generator" | "node";

/**
 * A member.
 *
 * @param number - from 1; of the watcher there is one
 */
export function loadMember(duty: LoadDuty, number: number, of: LoadMembership): LoadMember {
  const { run, isJoined, credentials, seeds } = of;
  if (seeds !== undefined) {
    const name = duty === "watcher" ? "load-watcher" : `load-${duty}-${number}`;
    return { name, credentials: { ...credentials, nkey: seedOf(seeds, name) } };
  }
  const plain = { watcher: "load", generator: `generator-${number}`, node: `n${number}` }[duty];
  return { name: isJoined || duty === "watcher" ? `${plain}-${run}` : plain, credentials };
}

/**
 * Whether every member of a run has its seed.
 *
 * @throws {CommandError} `notFound`, naming the first that has none and what makes it
 */
export function checkSeeds(seeds: string, generators: number, nodes: number): void {
  const names = [
    "load-watcher",
    ...Array.from({ length: generators }, (_, at) => `load-generator-${at + 1}`),
    ...Array.from({ length: nodes }, (_, at) => `load-node-${at + 1}`),
  ];
  const missing = names.find((name) => !existsSync(seedOf(seeds, name)));
  if (missing === undefined) return;
  throw new CommandError(
    ExitCode.notFound,
    `--seeds ${seeds} has no node-${missing}.nk: troupe nats user add node ${missing}, and reload the server`,
  );
}

function seedOf(seeds: string, name: string): string {
  return join(seeds, `node-${name}.nk`);
}
