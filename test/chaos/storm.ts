/**
 * What befalls a cluster in one round of a chaos run, drawn from a seed.
 *
 * Owns: the faults as data. Bringing them about is `nemesis.ts`.
 *
 * B1: a storm follows from its random stream and its setting alone; how processes meet it does not, so that the
 *     same seed brings the same faults at the same times, not the same history.
 */
import type { Random } from "../../runtime/ports/random.ts";
import { failPoints } from "./fail-points.ts";

/** Something that befalls a node, or one of the servers. */
export type StormFault =
  | { readonly type: "kill" | "drain" | "reset"; readonly node: string }
  | {
      readonly type: "pause" | "cut" | "stall" | "delay";
      readonly node: string;
      readonly forMs: number;
    }
  | {
      readonly type: "server-kill" | "server-stop";
      /** One that leads, where there are several. */
      readonly leader: boolean;
      readonly forMs: number;
    };

/** A fault and when it begins, from the beginning of the storm. */
export type PlannedFault = StormFault & { readonly atMs: number };

/** What a storm may touch. */
export interface StormSetting {
  readonly nodes: readonly string[];
  readonly servers: 1 | 3;
  readonly forMs: number;
  /** About how far faults are apart. */
  readonly everyMs: number;
}

/** How often each kind comes, relative to the others. */
const WEIGHTS: readonly (readonly [StormFault["type"], number])[] = [
  ["kill", 12],
  ["drain", 2],
  ["pause", 3],
  ["cut", 1],
  ["stall", 1],
  ["delay", 1],
  ["reset", 1],
  ["server-kill", 2],
  ["server-stop", 1],
];

/** The same for a fault that comes alone. */
const LONE_WEIGHTS: readonly (readonly [StormFault["type"], number])[] = [
  ["kill", 7],
  ["server-kill", 3],
];

/** The longest of each kind; leases of one server stand 5 s, so that some pauses and cuts outlast them. */
const LONGEST_MS = {
  pause: 8_000,
  cut: 6_000,
  stall: 6_000,
  delay: 4_000,
  "server-kill": 1_500,
  "server-stop": 2_500,
} as const;
const SHORTEST_MS = 200;
/** Between two faults of servers: a majority must have come back before. */
const SERVER_REST_MS = { 1: 4_000, 3: 12_000 } as const;
/** Of three servers traffic goes by no proxy. */
const PROXIED: readonly StormFault["type"][] = ["cut", "stall", "delay", "reset"];

/** Draws a storm; its faults are in the order in which they begin. */
export function drawnStorm(random: Random, setting: StormSetting): readonly PlannedFault[] {
  const { forMs, everyMs, servers } = setting;
  const weights = WEIGHTS.filter(([type]) => servers === 1 || !PROXIED.includes(type));
  const faults: PlannedFault[] = [];
  let serverRestsUntilMs = 0;
  for (let atMs = gap(random, everyMs); atMs < forMs; atMs += gap(random, everyMs)) {
    const type = drawnType(random, weights);
    const isOfServer = type === "server-kill" || type === "server-stop";
    const fault = drawnFault(
      random,
      isOfServer && atMs < serverRestsUntilMs ? "kill" : type,
      setting,
    );
    if ("leader" in fault) serverRestsUntilMs = atMs + fault.forMs + SERVER_REST_MS[servers];
    faults.push({ ...fault, atMs });
  }
  return faults;
}

/** Draws a single fault, from which the time to recover can be told. */
export function drawnLoneFault(random: Random, setting: StormSetting): readonly PlannedFault[] {
  const type = drawnType(random, LONE_WEIGHTS);
  return [{ ...drawnFault(random, type, setting), atMs: 0 }];
}

/** Steps of a node that leaves: whoever is to be killed there must be told to. */
const LEAVING: ReadonlySet<string> = new Set([
  "node.draining",
  "node.leaving",
  "lease.releasing",
  "lease.released",
  "hand-over.begun",
  "hand-over.emptied",
  "hand-over.given",
  "hand-over.told",
]);
const CRASHES = 0.8;
const MOST_TIMES = 3;

/** Where processes that are started are to be killed, so that each fail point has its turn. */
export class Crashes {
  readonly #random: Random;
  #labels: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** As `TROUPE_CRASH_AT` has it; `undefined` = nowhere. */
  next(): string | undefined {
    const random = this.#random;
    if (random.next() >= CRASHES) return undefined;
    if (this.#labels.length === 0) this.#labels = failPoints.map(({ label }) => label);
    const [label = ""] = this.#labels.splice(random.int(this.#labels.length), 1);
    return `${label}:${isLeaving(label) ? 1 : 1 + random.int(MOST_TIMES)}`;
  }
}

/** Whether that is a step of a node that leaves; `crashAt` as `TROUPE_CRASH_AT` has it. */
export function isLeaving(crashAt: string): boolean {
  return LEAVING.has(crashAt.split(":")[0] ?? "");
}

function drawnFault(random: Random, type: StormFault["type"], { nodes }: StormSetting): StormFault {
  const node = nodes[random.int(nodes.length)] ?? "";
  switch (type) {
    case "kill":
    case "drain":
    case "reset":
      return { type, node };
    case "pause":
    case "cut":
    case "stall":
    case "delay":
      return { type, node, forMs: lasting(random, LONGEST_MS[type]) };
    case "server-kill":
    case "server-stop":
      return { type, leader: random.next() < 0.7, forMs: lasting(random, LONGEST_MS[type]) };
  }
}

function drawnType(
  random: Random,
  weights: readonly (readonly [StormFault["type"], number])[],
): StormFault["type"] {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [type, weight] of weights) {
    left -= weight;
    if (left < 0) return type;
  }
  return "kill";
}

function gap(random: Random, everyMs: number): number {
  return Math.round((0.5 + random.next()) * everyMs);
}

function lasting(random: Random, longestMs: number): number {
  return SHORTEST_MS + random.int(longestMs - SHORTEST_MS);
}
