/**
 * The cluster that bears a load: this command's own node, which watches, and node processes started for
 * the run; or a cluster that is there already.
 *
 * Owns: starting and ending them. What load is put on is `load-target.ts`.
 *
 * C1: whatever was started is ended, also when a later start fails, and what a run keeps on somebody
 *     else's server under a name of its own is removed.
 * C2: nodes lead process groups of their own: Ctrl-C ends the run, not the nodes under it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelClients } from "../../actors/index.ts";
import { type Node, removeStores, startNode } from "../../cluster/index.ts";
import { messageOf, pinoLog, systemClock } from "../../runtime/index.ts";
import { type CredentialFlags, credentialsOf } from "../credential-flags.ts";
import { type NodeProcess, startNodeProcess } from "../node-process.ts";
import { GENERATOR_ROLE } from "./generator-plan.ts";
import { type LoadMember, type LoadMembership, loadMember } from "./load-member.ts";
import { type LoadNodeOptions, wrapperOf } from "./load-node.ts";

/** What a cluster is started with. */
export interface LoadClusterOptions {
  /** A nats-server; an embedded one, or `TROUPE_NATS_URL`, when absent. */
  readonly nats?: string;
  /** The cluster to join; one of its own when absent. */
  readonly cluster?: string;
  readonly model: string;
  /** How loud the nodes of the run are. */
  readonly log: "error" | "silent";
  readonly members: LoadMembership;
  readonly say: (line: string) => void;
  /** Aborted, no further node is started. */
  readonly signal: AbortSignal;
}

const WATCHER = "load-watcher";
/** Roles of nodes that bear no load. */
const OURS: ReadonlySet<string> = new Set([WATCHER, GENERATOR_ROLE]);
const STARTS_AT_A_TIME = 4;
const STOP_MS = 15_000;

/** A cluster under load. */
export class LoadCluster {
  /** The command's own: it watches and bears nothing. */
  readonly node: Node;
  readonly #options: LoadClusterOptions;
  readonly #folder: string;
  readonly #processes: NodeProcess[] = [];
  #ending: boolean = false;

  private constructor(node: Node, options: LoadClusterOptions, folder: string) {
    this.node = node;
    this.#options = options;
    this.#folder = folder;
  }

  /**
   * Starts the command's own node, and a server with it where none is given.
   *
   * @throws {TroupeError} when the server does not start or answer
   */
  static async start(options: LoadClusterOptions): Promise<LoadCluster> {
    const { nats, cluster, model, members } = options;
    const self = loadMember("watcher", 1, members);
    const folder = await mkdtemp(join(tmpdir(), "troupe-load-"));
    try {
      const log = pinoLog("error");
      const models = await modelClients({
        model,
        ollamaHost: process.env["OLLAMA_HOST"],
        log,
        clock: systemClock,
      });
      const node = await startNode({
        name: self.name,
        roles: [WATCHER],
        ingress: "closed",
        cluster: cluster ?? `load-${members.run}`,
        log,
        models,
        storeDir: join(folder, "nats"),
        storeLife: "temporary",
        ...credentialsOf(self.credentials),
        ...(nats === undefined ? {} : { nats }),
      });
      return new LoadCluster(node, options, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Of the nodes: an empty one, because a port in the user's own could be had by one of them only. */
  get #configuration(): string {
    return join(this.#folder, "troupe.config.mjs");
  }

  /** The names of the nodes that were started for the run. */
  get nodes(): readonly string[] {
    return this.#processes.map(({ name }) => name);
  }

  /** The nodes of a cluster that was there before; those that make or watch load are left out. */
  get others(): readonly string[] {
    return this.node.membership
      .members()
      .filter(({ phase, roles }) => phase !== "down" && !roles.some((role) => OURS.has(role)))
      .map(({ name }) => name);
  }

  /**
   * Starts node processes that run the module and say how they are.
   *
   * @throws {TroupeError} `node.down` when one does not start, with its last words
   */
  async startNodes(count: number, runs: LoadNodeOptions): Promise<void> {
    const module = join(this.#folder, "load-node.mjs");
    await writeFile(module, wrapperOf(runs));
    await writeFile(this.#configuration, "export default {};\n");
    const waiting = Array.from({ length: count }, (_, at) =>
      loadMember("node", at + 1, this.#options.members),
    );
    const startNext = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        this.#options.signal.throwIfAborted();
        await this.#startNode(one, module);
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: STARTS_AT_A_TIME }, startNext));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    const inOrder = new Intl.Collator("en", { numeric: true });
    this.#processes.sort((one, other) => inOrder.compare(one.name, other.name));
  }

  async #startNode({ name, credentials }: LoadMember, module: string): Promise<void> {
    const process = await startNodeProcess({
      module,
      name,
      natsUrl: this.node.natsUrl,
      cluster: this.node.cluster,
      flags: [
        ...[
          "--config",
          this.#configuration,
          "--log",
          this.#options.log,
          "--model",
          this.#options.model,
        ],
        ...flagsOf(credentials),
      ],
      group: "own",
      clock: systemClock,
    });
    this.#processes.push(process);
    void process.ended.then(() => {
      if (!this.#ending) this.#options.say(`node ${name} has ended by itself`);
    });
  }

  /** Ends everything (C1). */
  async stop(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#processes.map((process) => process.stop()));
    const { natsUrl, cluster } = this.node;
    await this.node.stop({ deadline: STOP_MS });
    await this.#clearServer(natsUrl, cluster);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A server of our own has gone with its store; a cluster that was joined is left as it is. */
  async #clearServer(nats: string, cluster: string): Promise<void> {
    const isForeign =
      this.#options.nats !== undefined || (process.env["TROUPE_NATS_URL"] ?? "") !== "";
    if (!isForeign || this.#options.cluster !== undefined) return;
    try {
      await removeStores({ nats, cluster });
    } catch (error) {
      this.#options.say(`what the run kept on the server stays there: ${messageOf(error)}`);
    }
  }
}

function flagsOf({ nkey, ca }: CredentialFlags): readonly string[] {
  return [
    ...(nkey === undefined ? [] : ["--nkey", nkey]),
    ...(ca === undefined ? [] : ["--ca", ca]),
  ];
}
