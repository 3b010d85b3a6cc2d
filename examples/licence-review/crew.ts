/**
 * The cluster that a review runs on: this program's node and a number of node processes.
 *
 * Owns: starting, killing and ending them, and the record of what happens on all of them.
 *
 * C1: whatever was started is ended, also when a later start fails.
 */
import { fileURLToPath } from "node:url";
import { EventRecorder, EventRelay, eventRecorder, isOwn } from "../../actors/index.ts";
import { type NodeProcess, startNodeProcess } from "../../cli/node-process.ts";
import { type Node, startNode } from "../../cluster/index.ts";
import {
  addressOf,
  type Clock,
  type Log,
  type ModelClients,
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
}

/** A node process of the crew. */
export interface CrewMember {
  readonly name: string;
  readonly pid: number;
  readonly killed: boolean;
}

const MODULE = fileURLToPath(new URL("./node.js", import.meta.url));
const FLUSH_MS = 5_000;

/** A running crew. */
export class Crew {
  /** This program's node. */
  readonly node: Node;
  readonly #processes: readonly NodeProcess[];
  readonly #killed = new Set<string>();

  constructor(node: Node, processes: readonly NodeProcess[]) {
    this.node = node;
    this.#processes = processes;
  }

  /** All node processes, in the order of their names. */
  get members(): readonly CrewMember[] {
    return this.#processes.map(({ name, pid }) => ({ name, pid, killed: this.#killed.has(name) }));
  }

  /** The names of those that were not killed. */
  get alive(): readonly string[] {
    return this.members.filter(({ killed }) => !killed).map(({ name }) => name);
  }

  /** Ends a node process as a power cut would. */
  kill(name: string): void {
    const victim = this.#processes.find((process) => process.name === name);
    if (victim === undefined) throw new RangeError(`name: no node of the crew is called ${name}`);
    this.#killed.add(name);
    victim.kill();
  }

  /** Resolves when all events so far have been recorded. */
  async flush(): Promise<void> {
    await Promise.all(
      this.alive.map((name) =>
        this.node
          .refOf(EventRelay, addressOf(name, "events"))
          .ask("flush", undefined, { timeout: FLUSH_MS }),
      ),
    );
    await this.node.refOf(EventRecorder, addressOf(this.node.name, "recorder")).ask("settle");
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.node.stop();
  }
}

/**
 * Starts a crew.
 *
 * @throws {TroupeError} when the server or a node does not start
 */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const { id, models, clock, log, record, storeDir, natsUrl } = options;
  const node = await startNode({
    name: "desk",
    cluster: `review-${id}`,
    models,
    log,
    storeDir,
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
    const starts = Array.from({ length: options.nodes }, (_, index) =>
      startNodeProcess({
        module: MODULE,
        name: `n${index + 1}`,
        natsUrl: node.natsUrl,
        cluster: node.cluster,
        flags: ["--model", options.model, "--log", "error"],
        clock,
      }).then((process) => {
        started.push(process);
        return process;
      }),
    );
    const outcomes = await Promise.allSettled(starts);
    const processes = outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    });
    return new Crew(node, processes);
  } catch (error) {
    await Promise.all(started.map((process) => process.stop()));
    await node.stop();
    throw error;
  }
}
