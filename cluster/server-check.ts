/**
 * Whether a server can do what Troupe needs, asked before anything is stored.
 *
 * An old server accepts atomic batches, times to live and delete markers, does nothing, and says nothing:
 * leases would never expire and heads would move without their entries. So it is refused, by its version
 * and by the level of its JetStream API; the stores check besides that each stream they make came out as
 * they asked (`nats-key-values.ts`, `nats-durable-queue.ts`).
 */
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { awaitedClock } from "../runtime/ports/clock.ts";
import { messageOf, TroupeError } from "../runtime/troupe-error.ts";
import {
  compareServerVersions,
  OLDEST_SERVER,
  parseServerVersion,
  serverVersionText,
} from "./nats-server/server-version.ts";
import { refusalIn, refusedError } from "./security/refusal-log.ts";
import { afterElection } from "./stores/election.ts";

/** A server that will do. */
export interface ServerFacts {
  /** `1.2.3`. */
  readonly version: string;
  /** Of the JetStream API: 2 came with 2.12. */
  readonly apiLevel: number;
  /** How many servers can keep a copy: 3 where it is one of a cluster, else 1. */
  readonly replicas: 1 | 3;
}

/** What a frame, or a value of a store, may need. */
export const LEAST_PAYLOAD_BYTES = 300_000;
const OLDEST_LEVEL = 2;
const ANSWER_MS = 3_000;

/**
 * Checks the server behind a connection; where servers are electing a leader, waits for them up to 12 s.
 *
 * @throws {TroupeError} `nats.too-old` when it lacks a feature, `nats.unavailable` when its JetStream is
 *   off or silent, or its messages are too small, `nats.refused` when this program may not ask it
 */
export async function checkServer(connection: NatsConnection): Promise<ServerFacts> {
  const said = connection.info?.version ?? "";
  const version = parseServerVersion(said);
  const where = connection.getServer();
  if (version === undefined || compareServerVersions(version, OLDEST_SERVER) < 0) {
    const oldest = serverVersionText(OLDEST_SERVER);
    throw new TroupeError(
      "nats.too-old",
      `nats-server ${said || "of no version"} at ${where} is too old: ${oldest} or newer is needed`,
      { data: { version: said, oldest } },
    );
  }
  const mostBytes = connection.info?.max_payload ?? 0;
  if (mostBytes < LEAST_PAYLOAD_BYTES)
    throw new TroupeError(
      "nats.unavailable",
      `the nats-server at ${where} takes messages of ${mostBytes} bytes only: set its max_payload to 1MB`,
      { data: { mostBytes } },
    );
  const apiLevel = await levelOf(connection, where);
  if (apiLevel < OLDEST_LEVEL)
    throw new TroupeError(
      "nats.too-old",
      `JetStream at ${where} has API level ${apiLevel}: ${OLDEST_LEVEL} or higher is needed`,
      { data: { version: said, apiLevel } },
    );
  // Not the servers that it knows now: one of the three may be down at this moment.
  const replicas = connection.info?.cluster === undefined ? 1 : 3;
  return { version: serverVersionText(version), apiLevel, replicas };
}

async function levelOf(connection: NatsConnection, where: string): Promise<number> {
  try {
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS, checkAPI: false });
    // A server without JetStream answers nobody: only those of a cluster may be electing.
    const isOne = connection.info?.cluster === undefined;
    const asked = () => manager.getAccountInfo();
    return (await (isOne ? asked() : afterElection(awaitedClock, asked))).api.level ?? 0;
  } catch (cause) {
    const refusal = refusalIn(cause);
    if (refusal !== undefined) throw refusedError(`JetStream at ${where} cannot be used`, refusal);
    throw new TroupeError(
      "nats.unavailable",
      `JetStream at ${where} does not answer (${messageOf(cause)}): is it switched on?`,
      { cause },
    );
  }
}
