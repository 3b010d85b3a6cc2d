/**
 * `troupe bench load`: puts load on the actors of a cluster and says how they bear it.
 *
 * Owns: the options and the output. What the options stand for is `load/load-settings.ts`, the run
 * `load/load-benchmark.ts`, the figures `runtime/load/`.
 *
 * Exit codes: 1 when nothing succeeded, an objective was missed or a generator was lost; those of an
 * interruption when there was one, after the report.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  comparedLoads,
  comparisonText,
  differingLoads,
  durationMs,
  judged,
  type LoadDocument,
  loadDocumentText,
  loadPage,
  type Objective,
  objectiveLine,
  parseObjectives,
  systemRandom,
} from "../runtime/index.ts";
import { withCredentialFlags } from "./credential-flags.ts";
import { ExitCode } from "./exit-code.ts";
import { interruptible } from "./interruption.ts";
import { liveLine } from "./load/live-line.ts";
import { runLoadBenchmark } from "./load/load-benchmark.ts";
import { checkWritable, formerReport } from "./load/load-files.ts";
import { LOAD_PATTERNS, type LoadPattern } from "./load/load-pattern.ts";
import { type GivenArrivals, type LoadOptionsGiven, loadSettings } from "./load/load-settings.ts";
import { presetOption } from "./preset-option.ts";

interface LoadCommandOptions extends LoadOptionsGiven {
  readonly slo?: readonly Objective[];
  readonly compare?: string;
  readonly html?: string;
  readonly json?: true;
}

const ECHO = fileURLToPath(new URL("./echo-node.js", import.meta.url));
const MOST_NODES = 64;
const MOST_GENERATORS = 64;
const MOST_IN_FLIGHT = 1_000_000;

/** The command. */
export function loadCommand(version: string): Command {
  const patterns = Object.keys(LOAD_PATTERNS).join(", ");
  return withCredentialFlags(new Command("load"))
    .description("put load on a cluster and report latencies, throughput and how its nodes were")
    .option("--module <file>", "the nodes' module; an echo by default")
    .option("--op <operation>", "like 'summariser@1.cost'; the first ask by default")
    .option("--actor <name>", "which of the module's children, or an address like node/path")
    .option(
      "--keys <count>",
      "virtual actors of a type that requests take turns with",
      countOf,
      100,
    )
    .option("--capability <name>", "durable tasks instead: submitted until recorded")
    .option("--pattern <name>", `a small job of a pattern instead: ${patterns}`, patternOf)
    .option("--payload <json|file>", "what to send: JSON, a JSON file, or a .jsonl file in turns")
    .option("--rate <hz>", "requests a second, whatever the answers do (open loop)", rateOf)
    .option("--concurrency <count>", "requests at a time (closed loop); 64 by default", countOf)
    .option("--arrivals <kind>", "constant, poisson, burst or trace:FILE.csv", arrivalsOf)
    .option("--speed <factor>", "how much faster than recorded a trace is played", rateOf)
    .option("--trace-column <name>", "the column of times, like TIMESTAMP or arrival:s")
    .addOption(presetOption("--duration <span>", "the measured part", spanOf, "10s"))
    .addOption(
      presetOption("--warmup <span>", "sent before it and not measured", spanOrNoneOf, "1s"),
    )
    .option("--timeout <span>", "of each request; 5s, of tasks and patterns 30s", spanOf)
    .addOption(
      presetOption(
        "--drain <span>",
        "how long answers are waited for after the end",
        spanOrNoneOf,
        "10s",
      ),
    )
    .option("--max-in-flight <count>", "of an open loop", inFlightOf, 10_000)
    .option("--generators <count>", "processes that send", generatorsOf, 1)
    .option("--seed <number>", "of random arrivals", seedOf)
    .option("--nodes <count>", "node processes to start; 3, with --nats none", nodesOf)
    .option("--nats <url>", "a nats-server; TROUPE_NATS_URL, or an embedded one by default")
    .option("--cluster <name>", "the cluster to join; with --nats 'troupe' by default")
    .option("--seeds <dir>", "seeds of the run's nodes, on a server with users for each node")
    .option("--model <model>", "of nodes started here: auto, builtin or ollama:NAME", "builtin")
    .addOption(
      new Option(
        "--log <level>",
        "of nodes started here: error, or silent where failures are meant",
      )
        .choices(["error", "silent"])
        .default("error"),
    )
    .option("--slo <objectives>", "like 'p99<200ms,errors<0.1%,rate>450'", objectivesOf)
    .option("--compare <file>", "a former --json report")
    .option("--html <file>", "write the report as a page, too")
    .option("--json", "print a JSON document")
    .action(async (options: LoadCommandOptions, command: Command) => {
      await benchLoad(options, version, typedOptions(command));
    });
}

async function benchLoad(
  options: LoadCommandOptions,
  version: string,
  parameters: LoadDocument["parameters"],
): Promise<void> {
  const { slo = [], compare, html } = options;
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const settings = loadSettings(options, { echo: ECHO, seed: systemRandom().int(2 ** 32) });
  const before = compare === undefined ? undefined : formerReport(compare);
  if (html !== undefined) checkWritable("--html", html);
  const signal = interruptible(say, "ending the load, the report follows");
  const line = liveLine(process.stderr);
  const surroundings = { parameters, version, say, line, signal };
  const { document: measured, lost } = await runLoadBenchmark(settings, surroundings);
  const objectives = judged(slo, measured.report);
  const document: LoadDocument = slo.length === 0 ? measured : { ...measured, objectives };
  if (html !== undefined) await writeFile(html, loadPage(document, before));
  if (options.json) {
    for (const objective of objectives) say(objectiveLine(objective));
    const comparison = before && comparedLoads(before.report, document.report);
    await print(JSON.stringify(comparison === undefined ? document : { ...document, comparison }));
  } else {
    await print(loadDocumentText(document));
    if (before !== undefined) await print(`\n${comparisonOf(before, document)}`);
  }
  const failed =
    document.report.ok === 0 || lost > 0 || objectives.some((objective) => !objective.met);
  if (failed) process.exitCode = ExitCode.failed;
  signal.throwIfAborted();
}

function comparisonOf(before: LoadDocument, after: LoadDocument): string {
  const differences = differingLoads(before.report, after.report);
  const isSame = before.target.name === after.target.name;
  const target = isSame ? [] : [`it was ${before.target.name}, now ${after.target.name}`];
  return comparisonText(comparedLoads(before.report, after.report), [...target, ...differences]);
}

/** Resolves when the text is out, so that an end by a signal does not cut it. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

/** The options as they were typed, and the defaults of those that were not. */
function typedOptions(command: Command): LoadDocument["parameters"] {
  const given = command.opts<Readonly<Record<string, unknown>>>();
  const shown = Object.entries(given).flatMap(([name, value]) => {
    const text = textOf(value);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(shown);
}

const LONGEST_PARAMETER = 500;

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isPlain = typeof value === "string" || typeof value === "number";
  const text = isPlain ? String(value) : JSON.stringify(value);
  return text.length > LONGEST_PARAMETER ? `${text.slice(0, LONGEST_PARAMETER)}…` : text;
}

function wholeOf(text: string, least: number, most: number, what: string): number {
  const count = Number(text);
  if (text.trim() !== "" && Number.isInteger(count) && count >= least && count <= most)
    return count;
  throw new InvalidArgumentError(`${what} is a whole number from ${least} to ${most}.`);
}

const countOf = (text: string): number => wholeOf(text, 1, 100_000, "a count");
const inFlightOf = (text: string): number => wholeOf(text, 1, MOST_IN_FLIGHT, "a count");
const nodesOf = (text: string): number => wholeOf(text, 0, MOST_NODES, "the nodes' count");
const generatorsOf = (text: string): number =>
  wholeOf(text, 1, MOST_GENERATORS, "the generators' count");
const seedOf = (text: string): number => wholeOf(text, 0, 2 ** 32 - 1, "a seed");

function rateOf(text: string): number {
  const rate = Number(text);
  if (Number.isFinite(rate) && rate > 0 && rate <= 1e6) return rate;
  throw new InvalidArgumentError("it is a number above 0, at most 1000000.");
}

function spanOf(text: string): number {
  const span = spanOrNoneOf(text);
  if (span > 0) return span;
  throw new InvalidArgumentError("a span is above 0, like 500ms, 10s or 2m.");
}

function spanOrNoneOf(text: string): number {
  try {
    // Whoever types a bare number may mean seconds, or milliseconds.
    return text === "0" ? 0 : durationMs(text);
  } catch {
    throw new InvalidArgumentError("a span is like 500ms, 10s or 2m.");
  }
}

function arrivalsOf(text: string): GivenArrivals {
  if (text === "constant" || text === "poisson" || text === "burst") {
    return { kind: "schedule", arrivals: text };
  }
  if (/^trace:.+/.test(text)) return { kind: "trace", file: text.slice("trace:".length) };
  throw new InvalidArgumentError("arrivals are constant, poisson, burst or trace:FILE.csv.");
}

function patternOf(text: string): LoadPattern {
  const names = Object.keys(LOAD_PATTERNS) as LoadPattern[];
  const pattern = names.find((name) => name === text);
  if (pattern !== undefined) return pattern;
  throw new InvalidArgumentError(`a pattern is one of ${names.join(", ")}.`);
}

function objectivesOf(text: string): readonly Objective[] {
  const parsed = parseObjectives(text);
  if (parsed.ok) return parsed.value;
  const { at, message } = parsed.error;
  throw new InvalidArgumentError(`at character ${at}: ${message}.`);
}
