/**
 * How the nodes under a load are, over its time.
 *
 * Owns: asking them now and then. What they say is `load-sampler.ts`; on a cluster that was there before,
 * nobody has a sampler: there the runtime's own actor on each node says what it knows, and what it does
 * not is shown as unknown.
 *
 * W1: a node that does not answer in time costs its sample and nothing else.
 * W2: as many samples are kept as a page can show: the pause between two is a sixtieth of the run, from a
 *     quarter of a second to ten.
 */
import { NODE_NAME, type Node, NodeProtocol } from "../../cluster/index.ts";
import {
  addressOf,
  type Cancel,
  type ProcessSample,
  type ProcessTimeline,
  type Receipt,
  systemClock,
} from "../../runtime/index.ts";
import { LoadSampler, type NodeReading, SAMPLER_NAME } from "./load-sampler.ts";

/** What is watched. */
export interface NodeWatchOptions {
  readonly node: Node;
  /** Nodes with a sampler. */
  readonly sampled: readonly string[];
  /** Nodes without. */
  readonly others: readonly string[];
  /** How long the run takes, warm-up included. */
  readonly runMs: number;
}

const SHARE = 60;
const SHORTEST_MS = 250;
const LONGEST_MS = 10_000;
const ANSWER_MS = 2_000;

interface Watched {
  readonly name: string;
  readonly readings: NodeReading[];
  isAsking: boolean;
}

interface Other {
  readonly name: string;
  readonly samples: ProcessSample[];
  pid?: number;
  isAsking: boolean;
}

/** Watches until it is stopped. */
export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #watched: readonly Watched[];
  readonly #others: readonly Other[];
  readonly #everyMs: number;
  #cancel: Cancel = () => {};

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    this.#watched = options.sampled.map((name) => ({ name, readings: [], isAsking: false }));
    this.#others = options.others.map((name) => ({ name, samples: [], isAsking: false }));
    this.#everyMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, options.runMs / SHARE));
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#cancel();
  }

  /** Asks every node now. */
  async look(): Promise<void> {
    await Promise.all(this.#watched.map((watched) => this.#ask(watched)));
  }

  /** Tells that the nodes have begun so far; `undefined` where one of them does not count. */
  get received(): number | undefined {
    return sumOf(this.#watched.map(({ readings }) => readings.at(-1)?.received));
  }

  /** Tells received a second between two instants, in epoch milliseconds; `undefined` where not counted. */
  receivedHz(fromMs: number, toMs: number): number | undefined {
    const counts = this.#watched.map(({ readings }) => {
      const [before, after] = [countAt(readings, fromMs), countAt(readings, toMs)];
      return before === undefined || after === undefined ? undefined : after - before;
    });
    const received = sumOf(counts);
    return received === undefined || toMs <= fromMs
      ? undefined
      : (received * 1_000) / (toMs - fromMs);
  }

  /** What became of tells. */
  receipt(sent: number): Receipt {
    const { received } = this;
    if (received !== undefined) return { sent, received };
    const unknown =
      this.#watched.length === 0
        ? "no node was started for this run"
        : "a node did not say, or the actor is a pool";
    return { sent, unknown };
  }

  /** Everything that was seen, relative to the window's begin in epoch milliseconds. */
  timelines(beginMs: number): readonly ProcessTimeline[] {
    const sampled = this.#watched.map(({ name, readings }): ProcessTimeline => {
      const pid = readings[0]?.pid;
      // The first share is of the time since the node started.
      const samples = readings.slice(1).map((reading) => sampleOf(reading, beginMs));
      return {
        name,
        role: "node",
        ...(pid === undefined ? {} : { pid }),
        samples,
        ...(samples.length === 0 ? { unknown: "it did not answer in time" } : {}),
      };
    });
    const others = this.#others.map(({ name, pid, samples }): ProcessTimeline => {
      const unknown =
        samples.length === 0
          ? "it was not started for this run, and did not answer in time"
          : "it was not started for this run: what waits in its mailboxes is not known";
      return {
        name,
        role: "node",
        ...(pid === undefined ? {} : { pid }),
        samples: samples.map((sample) => ({ ...sample, atMs: sample.atMs - beginMs })),
        unknown,
      };
    });
    return [...sampled, ...others];
  }

  #look(): void {
    this.#cancel = systemClock.after(this.#everyMs, () => this.#look());
    for (const watched of this.#watched) void this.#ask(watched);
    for (const other of this.#others) void this.#askOther(other);
  }

  /** A clock of another machine says nothing here: a sample is of when its answer came. */
  async #askOther(other: Other): Promise<void> {
    if (other.isAsking) return;
    other.isAsking = true;
    try {
      const ref = this.#options.node.refOf(NodeProtocol, addressOf(other.name, NODE_NAME));
      const status = await ref.ask("status", undefined, { timeout: ANSWER_MS });
      const { cpuShare, rssBytes, heapBytes, lagMs, pid } = status;
      other.pid = pid;
      other.samples.push({ atMs: systemClock.nowMs(), cpuShare, rssBytes, heapBytes, lagMs });
    } catch {
      // W1.
    }
    other.isAsking = false;
  }

  async #ask(watched: Watched): Promise<void> {
    if (watched.isAsking) return;
    watched.isAsking = true;
    const address = addressOf(watched.name, SAMPLER_NAME);
    try {
      const sampler = this.#options.node.refOf(LoadSampler, address);
      watched.readings.push(await sampler.ask("read", undefined, { timeout: ANSWER_MS }));
    } catch {
      // W1.
    }
    watched.isAsking = false;
  }
}

function sampleOf(reading: NodeReading, beginMs: number): ProcessSample {
  const { atMs, cpuShare, rssBytes, heapBytes, lagMs, queued, longestQueue } = reading;
  return { atMs: atMs - beginMs, cpuShare, rssBytes, heapBytes, lagMs, queued, longestQueue };
}

/** The count at an instant, between the two readings around it; beyond the last it is the last. */
function countAt(readings: readonly NodeReading[], atMs: number): number | undefined {
  let before: NodeReading | undefined;
  for (const reading of readings) {
    if (reading.received === undefined) return undefined;
    if (reading.atMs >= atMs) {
      if (before?.received === undefined) return reading.received;
      const share = (atMs - before.atMs) / Math.max(1, reading.atMs - before.atMs);
      return before.received + (reading.received - before.received) * share;
    }
    before = reading;
  }
  return before?.received;
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0) return undefined;
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
