/**
 * An operator at the command line: connected to a cluster, asking its nodes about themselves.
 *
 * Owns: finding the nodes and putting the same question to all. What they answer is `node@1`.
 *
 * O1: every question has a deadline, and a node that does not answer is one line, not the end.
 * O2: the list of nodes is the gateway's: it knows of those that are down, too.
 */
import type { Command } from "commander";
import {
  type Client,
  connect,
  NODE_NAME,
  type NodeOperations,
  NodeProtocol,
  type NodeStatus,
} from "../../cluster/index.ts";
import {
  type ActorRef,
  addressOf,
  type Member,
  pinoLog,
  TroupeError,
} from "../../runtime/index.ts";
import { addSettings, configurationOf, type TypedFlags } from "../configuration/configuration.ts";
import { credentialsOf } from "../credential-flags.ts";
import { CommandError, ExitCode } from "../exit-code.ts";

/** How long a node may take to answer. */
export const ANSWER_MS = 5_000;

/** A command that asks a cluster, with the flags that say which. */
export function askingCommand(command: Command): Command {
  const where = "TROUPE_NATS_URL or nats in troupe.config.ts by default";
  return addSettings(command.option("--nats <url>", `the nats-server of the cluster; ${where}`), [
    "cluster",
    "nkey",
    "ca",
  ]);
}

/** Connects, does something, and closes, whatever comes of it. */
export async function asOperator<T>(
  flags: TypedFlags,
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  const { values } = await configurationOf(flags);
  const { nats, cluster } = values;
  if (nats === undefined) {
    throw new CommandError(
      ExitCode.usage,
      "no server: give --nats, or set TROUPE_NATS_URL or nats in troupe.config.ts",
    );
  }
  const client = await connect({
    nats,
    as: "operator",
    log: pinoLog("error"),
    ...credentialsOf(values),
    ...(cluster === undefined ? {} : { cluster }),
  });
  try {
    return await work(new Operator(client));
  } finally {
    await client.close();
  }
}

/** What a node said of itself, or why it said nothing. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: TroupeError };

/** A connection to a cluster, to ask its nodes. */
export class Operator {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The `node@1` actor of a node. */
  node(name: string): ActorRef<NodeOperations> {
    return this.#client.refOf(NodeProtocol, addressOf(name, NODE_NAME));
  }

  /** A node's own account of itself. */
  status(name: string): Promise<NodeStatus> {
    return this.node(name).ask("status", undefined, { timeout: ANSWER_MS });
  }

  /** All nodes that the gateway has heard of. */
  async members(): Promise<readonly Member[]> {
    const { gateway } = this.#client;
    if (gateway === undefined) {
      throw new TroupeError("node.down", "the gateway is gone", { outcome: "never-ran" });
    }
    return (await this.status(gateway)).members;
  }

  /**
   * The node of that name.
   *
   * @throws {CommandError} when there is none, or it is down
   */
  async member(name: string): Promise<Member> {
    const members = await this.members();
    const member = members.find((one) => one.name === name);
    if (member === undefined) {
      const known = members
        .map((one) => one.name)
        .toSorted()
        .join(", ");
      throw new CommandError(ExitCode.notFound, `no node ${name}: the cluster has ${known}`);
    }
    if (member.phase === "down") {
      throw new CommandError(ExitCode.unavailable, `node ${name} is down`);
    }
    return member;
  }
}

/** An answer, or why there is none (O1). */
export async function answerOf<T>(asked: Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await asked };
  } catch (error) {
    if (error instanceof TroupeError) return { ok: false, error };
    throw error;
  }
}
