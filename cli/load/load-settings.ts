/**
 * What a load run is to be, with every option checked and every file read.
 *
 * Owns: the settings, and what each option leaves open. Reading the command line is `bench-load.ts`,
 * performing the run `load-benchmark.ts`.
 *
 * S1: what can be found wrong without starting anything is found here, so that it costs nobody a run.
 */
import { type Arrivals, type LoadLoop, type PlayedTrace, playTrace } from "../../runtime/index.ts";
import type { CredentialFlags } from "../credential-flags.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import type { GeneratorPace } from "./generator-plan.ts";
import { payloadsOf, traceIn } from "./load-files.ts";
import { checkSeeds } from "./load-member.ts";
import type { LoadPattern } from "./load-pattern.ts";

/** The options as they were typed, spans and counts parsed. */
export interface LoadOptionsGiven {
  readonly module?: string;
  readonly op?: string;
  readonly actor?: string;
  readonly keys: number;
  readonly capability?: string;
  readonly pattern?: LoadPattern;
  readonly payload?: string;
  readonly rate?: number;
  readonly concurrency?: number;
  readonly arrivals?: GivenArrivals;
  readonly speed?: number;
  readonly traceColumn?: string;
  readonly duration: number;
  readonly warmup: number;
  readonly timeout?: number;
  readonly drain: number;
  readonly maxInFlight: number;
  readonly generators: number;
  readonly seed?: number;
  readonly nodes?: number;
  readonly nats?: string;
  readonly cluster?: string;
  readonly model: string;
  readonly log: "error" | "silent";
  readonly nkey?: string;
  readonly ca?: string;
  readonly seeds?: string;
}

/** `constant`, `poisson`, `burst`, or a trace in a file. */
export type GivenArrivals =
  | { readonly kind: "schedule"; readonly arrivals: Arrivals }
  | { readonly kind: "trace"; readonly file: string };

/** What load is put on. */
export type WantedTarget =
  | { readonly kind: "operation"; readonly module: string; readonly isEcho: boolean }
  | { readonly kind: "capability"; readonly module: string | undefined; readonly name: string }
  | { readonly kind: "pattern"; readonly pattern: LoadPattern };

/** A run. */
export interface LoadSettings {
  readonly target: WantedTarget;
  readonly op: string | undefined;
  readonly actor: string | undefined;
  /** Of each type of virtual actors. */
  readonly keys: number;
  /** What to send; a pattern has its own. */
  readonly payloads: readonly unknown[] | undefined;
  readonly loop: LoadLoop;
  readonly trace: PlayedTrace | undefined;
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly timeoutMs: number;
  readonly drainMs: number;
  readonly maxInFlight: number;
  readonly generators: number;
  readonly seed: number;
  /** Node processes to start; 0 joins a cluster as it is. */
  readonly nodes: number;
  readonly nats: string | undefined;
  /** The cluster to join or to make; one of its own when absent. */
  readonly cluster: string | undefined;
  readonly model: string;
  readonly log: "error" | "silent";
  readonly credentials: CredentialFlags;
  /** The folder with a seed for each node of the run; see `load-member.ts`. */
  readonly seeds: string | undefined;
}

const DEFAULT_CONCURRENCY = 64;
const DEFAULT_NODES = 3;
const DEFAULT_CLUSTER = "troupe";
const ASK_MS = 5_000;
/** Durable tasks and patterns are work, which may take longer than an answer. */
const WORK_MS = 30_000;
const ECHO_PAYLOAD: unknown = { text: "0123456789".repeat(10) };

/**
 * The settings that the options stand for.
 *
 * @param echo - the module that load is put on when none is named
 * @param seed - of a run that is given none
 * @throws {CommandError} `usage` or `notFound`, in one line
 */
export function loadSettings(
  given: LoadOptionsGiven,
  { echo, seed }: { readonly echo: string; readonly seed: number },
): LoadSettings {
  const nodes = given.nodes ?? (given.nats === undefined ? DEFAULT_NODES : 0);
  const target = targetOf(given, echo, nodes);
  if (given.seeds !== undefined) checkSeeds(given.seeds, given.generators, nodes);
  const { loop, trace } = paceOf(given);
  return {
    target,
    op: given.op,
    actor: given.actor,
    keys: given.keys,
    payloads: payloadsFor(given, target),
    loop,
    trace,
    durationMs: given.duration,
    warmupMs: given.warmup,
    timeoutMs: given.timeout ?? (target.kind === "operation" ? ASK_MS : WORK_MS),
    drainMs: given.drain,
    maxInFlight: given.maxInFlight,
    generators: given.generators,
    seed: given.seed ?? seed,
    nodes,
    nats: given.nats,
    cluster: given.cluster ?? (nodes === 0 ? DEFAULT_CLUSTER : undefined),
    model: given.model,
    log: given.log,
    seeds: given.seeds,
    credentials: {
      ...(given.nkey === undefined ? {} : { nkey: given.nkey }),
      ...(given.ca === undefined ? {} : { ca: given.ca }),
    },
  };
}

/** The pace of one of the generators: its share of the whole. */
export function generatorPace(settings: LoadSettings, index: number): GeneratorPace {
  const { loop, trace, generators: of } = settings;
  if (loop.kind === "closed") {
    const rest = loop.concurrency % of;
    const concurrency = Math.floor(loop.concurrency / of) + (index < rest ? 1 : 0);
    return { kind: "concurrency", concurrency };
  }
  if (trace !== undefined) {
    return { kind: "instants", instants: trace.instantsMs.filter((_, at) => at % of === index) };
  }
  if (loop.arrivals === "trace") throw new RangeError("trace: missing");
  return { kind: "rate", rateHz: loop.rateHz, arrivals: loop.arrivals };
}

function targetOf(given: LoadOptionsGiven, echo: string, nodes: number): WantedTarget {
  const wanted = ["op", "capability", "pattern"] as const;
  const named = wanted.filter((name) => given[name] !== undefined);
  if (named.length > 1)
    throw usage(`give one of --op, --capability and --pattern, not ${named.length}`);
  const { module, capability, pattern } = given;
  if (pattern !== undefined) {
    if (nodes === 0) throw usage("--pattern brings its own actors: give --nodes to run them on");
    if (module !== undefined) throw usage("--pattern brings its own module: leave --module out");
    return { kind: "pattern", pattern };
  }
  if (capability !== undefined) {
    if (nodes > 0 && module === undefined) {
      throw usage("--capability needs --module, whose workers have it");
    }
    return { kind: "capability", module, name: capability };
  }
  return { kind: "operation", module: module ?? echo, isEcho: module === undefined };
}

function payloadsFor(
  given: LoadOptionsGiven,
  target: WantedTarget,
): readonly unknown[] | undefined {
  if (given.payload !== undefined) return payloadsOf(given.payload);
  if (target.kind === "pattern") return undefined;
  return target.kind === "operation" && target.isEcho ? [ECHO_PAYLOAD] : [undefined];
}

function paceOf(given: LoadOptionsGiven): Pick<LoadSettings, "loop" | "trace"> {
  const { rate, concurrency, arrivals, speed, generators } = given;
  if (rate !== undefined && concurrency !== undefined) {
    throw usage("give either --rate or --concurrency, not both");
  }
  if (concurrency !== undefined && arrivals !== undefined) {
    throw usage("--arrivals are of an open loop: give --rate instead of --concurrency");
  }
  if (arrivals?.kind === "trace") return tracePace(given, arrivals.file);
  if (speed !== undefined || given.traceColumn !== undefined) {
    throw usage("--speed and --trace-column are of a trace: give --arrivals trace:FILE.csv");
  }
  if (rate !== undefined) {
    const schedule = arrivals?.arrivals ?? "constant";
    return { loop: { kind: "open", rateHz: rate, arrivals: schedule }, trace: undefined };
  }
  if (arrivals !== undefined) throw usage(`--arrivals ${arrivals.arrivals} needs --rate`);
  const atATime = concurrency ?? DEFAULT_CONCURRENCY;
  if (atATime < generators) {
    throw usage(`--concurrency ${atATime} leaves nothing for some of ${generators} generators`);
  }
  return { loop: { kind: "closed", concurrency: atATime }, trace: undefined };
}

function tracePace(given: LoadOptionsGiven, file: string): Pick<LoadSettings, "loop" | "trace"> {
  const { rate, speed, warmup, duration, traceColumn } = given;
  if (rate !== undefined && speed !== undefined)
    throw usage("give either --rate or --speed, not both");
  const pace = rate === undefined ? { speed: speed ?? 1 } : { rateHz: rate };
  const played = playTrace(traceIn(file, traceColumn), pace, warmup + duration);
  if (!played.ok) throw usage(`--arrivals trace:${file}: ${played.error}`);
  if (played.value.instantsMs.at(-1) === undefined) {
    throw usage(`--arrivals trace:${file}: no request falls into the run; give a higher --speed`);
  }
  const loop = { kind: "open", rateHz: played.value.rateHz, arrivals: "trace" } as const;
  return { loop, trace: played.value };
}

function usage(message: string): CommandError {
  return new CommandError(ExitCode.usage, message);
}
