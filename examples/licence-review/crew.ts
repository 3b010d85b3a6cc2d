/**
 * The cluster that a review runs on: this program's node and a number of node processes.
 *
 * Owns: starting, killing and ending them, and the record of what happens on all of them.
 *
 * C1: whatever was started is ended, also when a later start fails.
 * C2: a node process may end or hang at any time: what goes on asks who is there, and does not wait for
 *     who is not.
 */
import { fileURLToPath } from "node:url";
import { EventRecorder, EventRelay, eventRecorder, isOwn } from "../../actors/index.ts";
import { type NodeProcess, startNodeProcess } from "../../cli/node-process.ts";
import { type Node, removeStores, startNode } from "../../cluster/index.ts";
import {
  addressOf,
  type Clock,
  type Log,
  type ModelClients,
  messageOf,
  TroupeError,
  type TroupeEvent,
} from "../../runtime/index.ts";

/** What a crew is started with. */
export interface CrewOptions {
  /** Node processes beside this program's own node. */
  readonly nodes: number;
  /** Names the cluster; unique among those that share a server. */
  readonly id: string;
  /** A nats-server; an embedded one when absent. */
  readonly natsUrl?: string;
  /** Where an embedded server keeps its streams. */
  readonly storeDir: string;
  /** Given to every node process. */
  readonly model: string;
  readonly models: ModelClients;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every event of every node. */
  readonly record: (event: TroupeEvent) => void;
  /** Aborted, no further node is started. */
  readonly signal: AbortSignal;
}

/** A node process of the crew. */
export interface CrewMember {
  readonly name: string;
  readonly pid: number;
  readonly killed: boolean;
}

const MODULE = fileURLToPath(new URL("./node.js", import.meta.url));
const FLUSH_MS = 5_000;
/** Each start costs a second of a core: all at once, the last would miss their deadline. */
const STARTS_AT_A_TIME = 4;

/** A running crew. */
export class Crew {
  /** This program's node. */
  readonly node: Node;
  readonly #processes: readonly NodeProcess[];
  readonly #log: Log;
  readonly #natsUrl: string | undefined;
  readonly #killed = new Set<string>();
  readonly #ended = new Set<string>();

  constructor(
    node: Node,
    processes: readonly NodeProcess[],
    { log, natsUrl }: Pick<CrewOptions, "log" | "natsUrl">,
  ) {
    this.node = node;
    this.#processes = processes;
    this.#log = log;
    this.#natsUrl = natsUrl;
    for (const { name, ended } of processes) void ended.then(() => this.#ended.add(name));
  }

  /** All node processes, in the order of their names. */
  get members(): readonly CrewMember[] {
    return this.#processes.map(({ name, pid }) => ({ name, pid, killed: this.#killed.has(name) }));
  }

  /**
   * The names of those that can be asked: neither killed nor ended, nor silent for so long that the
   * cluster suspects them.
   *
   * @throws {TroupeError} `node.down` when nobody is left
   */
  get alive(): readonly string[] {
    const names = this.#processes
      .map(({ name }) => name)
      .filter((name) => !this.#killed.has(name) && !this.#ended.has(name) && !this.#isSilent(name));
    if (names.length > 0) return names;
    throw new TroupeError("node.down", "no node of the review is left");
  }

  /**
   * Stops a node process where it stands if it has tasks of `job` in hand, so that it can be killed with
   * work undone. Frozen, it cannot finish them while one looks.
   */
  async freezeAtWork(name: string, job: string): Promise<boolean> {
    const victim = this.#processOf(name);
    victim.freeze();
    try {
      const claimed = await this.node.system.ports.tasks.claimedBy(name, job);
      if (claimed.length > 0) return true;
    } catch (error) {
      this.#log.warn({ node: name, error: messageOf(error) }, "what it has in hand is not known");
    }
    victim.thaw();
    return false;
  }

  /** Ends a node process as a power cut would. */
  kill(name: string): void {
    const victim = this.#processOf(name);
    this.#killed.add(name);
    victim.kill();
  }

  /** Resolves when all events so far have been recorded; those of a lost node go with it. */
  async flush(): Promise<void> {
    await Promise.all(
      this.alive.map(async (name) => {
        try {
          await this.node
            .refOf(EventRelay, addressOf(name, "events"))
            .ask("flush", undefined, { timeout: FLUSH_MS });
        } catch (error) {
          this.#log.warn(
            { node: name, error: messageOf(error) },
            "the node's last events are lost",
          );
        }
      }),
    );
    await this.node.refOf(EventRecorder, addressOf(this.node.name, "recorder")).ask("settle");
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const { name, kill } of this.#processes) {
      // It would not hear that it should drain.
      if (this.#isSilent(name)) kill();
    }
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.node.stop();
    await this.#clearServer();
  }

  /** A server of somebody else's keeps nothing of a review; one of our own has gone with its store. */
  async #clearServer(): Promise<void> {
    if (this.#natsUrl === undefined) return;
    try {
      await removeStores({ nats: this.#natsUrl, cluster: this.node.cluster });
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, "the review's streams stay on the server");
    }
  }

  #processOf(name: string): NodeProcess {
    const found = this.#processes.find((process) => process.name === name);
    if (found === undefined) throw new RangeError(`name: no node of the crew is called ${name}`);
    return found;
  }

  #isSilent(name: string): boolean {
    const incarnations = this.node.membership.members().filter((member) => member.name === name);
    return (
      incarnations.length > 0 &&
      incarnations.every(({ phase }) => phase === "suspected" || phase === "down")
    );
  }
}

/**
 * Starts a crew.
 *
 * @throws {TroupeError} when the server or a node does not start
 */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const { id, models, clock, log, record, storeDir, natsUrl, signal } = options;
  const node = await startNode({
    name: "desk",
    cluster: `review-${id}`,
    models,
    log,
    storeDir,
    storeLife: "temporary",
    ingress: "closed",
    ...(natsUrl === undefined ? {} : { nats: natsUrl }),
  });
  const started: NodeProcess[] = [];
  try {
    node.events.subscribe((event) => {
      if (!isOwn(event)) record(event);
    });
    const recorder = node.spawn(eventRecorder(record), {
      name: "recorder",
      mailbox: { capacity: 100_000 },
    });
    await recorder.ready;
    const names = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`);
    const waiting = [...names];
    const startNext = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        signal.throwIfAborted();
        started.push(
          await startNodeProcess({
            module: MODULE,
            name,
            natsUrl: node.natsUrl,
            cluster: node.cluster,
            flags: ["--model", options.model, "--log", "error"],
            clock,
          }),
        );
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: STARTS_AT_A_TIME }, startNext));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    const order = (one: NodeProcess): number => names.indexOf(one.name);
    started.sort((one, other) => order(one) - order(other));
    return new Crew(node, started, options);
  } catch (error) {
    await Promise.all(started.map((process) => process.stop()));
    await node.stop();
    throw error;
  }
}
