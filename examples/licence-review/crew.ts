/**
 * Who does the work of a review: this program's node and a number of node processes.
 *
 * Owns: starting, killing and ending them, who of them is there, and the record of what happens on all
 * of them.
 *
 * C1: whatever was started is ended, also when a later start fails.
 * C2: a node process counts as there until it was killed, its process has ended, or the cluster suspects
 *     it; a stage that asks again after a failure is not given the same dead node.
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
  type System,
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
  /** Hears in one line that a node process ended by itself. */
  readonly say: (line: string) => void;
  /** Aborted, no further node is started. */
  readonly signal: AbortSignal;
}

/** Those who do the work, as a stage sees them. */
export interface Crew {
  /** Where a stage spawns its own actors. */
  readonly system: System;
  /** The names of the nodes that are there now. Each has every actor of `node.ts`. */
  readonly alive: readonly string[];
  /** Resolves when all events so far have been recorded. */
  flush(): Promise<void>;
}

/** A node process of the crew. */
export interface CrewMember {
  readonly name: string;
  readonly pid: number;
  /** On purpose. */
  readonly killed: boolean;
  /** It ended by itself. */
  readonly died: boolean;
}

const MODULE = fileURLToPath(new URL("./node.js", import.meta.url));
const FLUSH_MS = 5_000;
/** Each start costs a second of a core: all at once, the last would miss their deadline. */
const STARTS_AT_A_TIME = 4;

/** A crew of processes. */
export class ProcessCrew implements Crew {
  /** This program's node. */
  readonly node: Node;
  readonly #processes: readonly NodeProcess[];
  readonly #log: Log;
  readonly #natsUrl: string | undefined;
  readonly #killed = new Set<string>();
  readonly #died = new Set<string>();
  #stopping: boolean = false;

  constructor(
    node: Node,
    processes: readonly NodeProcess[],
    { log, say, natsUrl }: Pick<CrewOptions, "log" | "say" | "natsUrl">,
  ) {
    this.node = node;
    this.#processes = processes;
    this.#log = log;
    this.#natsUrl = natsUrl;
    for (const { name, ended } of processes) {
      void ended.then(() => {
        if (this.#stopping || this.#killed.has(name)) return;
        this.#died.add(name);
        say(`${name} has ended by itself; the others go on`);
      });
    }
  }

  get system(): System {
    return this.node.system;
  }

  /** All node processes, in the order of their names. */
  get members(): readonly CrewMember[] {
    return this.#processes.map(({ name, pid }) => {
      return { name, pid, killed: this.#killed.has(name), died: this.#died.has(name) };
    });
  }

  /** @throws {TroupeError} `node.down` when nobody is left */
  get alive(): readonly string[] {
    const names = this.members
      .filter(({ name, killed, died }) => !killed && !died && !this.#isSilent(name))
      .map(({ name }) => name);
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

  async flush(): Promise<void> {
    const flushed = this.alive.map(async (name) => {
      const relay = this.node.refOf(EventRelay, addressOf(name, "events"));
      try {
        await relay.ask("flush", undefined, { timeout: FLUSH_MS });
      } catch (error) {
        // It may be dying just now: what it did is counted from what the others saw.
        this.#log.warn({ node: name, error: messageOf(error) }, "its last events may be missing");
      }
    });
    await Promise.all(flushed);
    await this.node.refOf(EventRecorder, addressOf(this.node.name, "recorder")).ask("settle");
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.#stopping = true;
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
export async function startCrew(options: CrewOptions): Promise<ProcessCrew> {
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
    return new ProcessCrew(node, started, options);
  } catch (error) {
    await Promise.all(started.map((process) => process.stop()));
    await node.stop();
    throw error;
  }
}
