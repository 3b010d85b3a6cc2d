/** `troupe demo`: reviews the licences of a project's dependencies with all four patterns. */
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { modelClients } from "../actors/index.ts";
import {
  findLicenceFiles,
  type LicenceFiles,
} from "../examples/licence-review/files/licence-files.ts";
import {
  PATTERNS,
  type Pattern,
  reviewLicences,
} from "../examples/licence-review/licence-review.ts";
import { liveProgress, plainProgress } from "../examples/licence-review/progress.ts";
import { closingLines, summaryTable } from "../examples/licence-review/report.ts";
import { openRunFolder } from "../examples/licence-review/run-folder.ts";
import { shownLine } from "../examples/licence-review/shown-line.ts";
import { MOST_BYTES } from "../examples/licence-review/steps.ts";
import type { ReviewSummary } from "../examples/licence-review/summary.ts";
import { messageOf, pinoLog, systemClock, systemRandom } from "../runtime/index.ts";
import { CommandError, ExitCode } from "./exit-code.ts";
import { interruptible } from "./interruption.ts";

interface DemoCommandOptions {
  readonly nodes: number;
  readonly dir: string;
  readonly model: string;
  readonly kill: boolean;
  readonly seed: number;
  readonly json?: true;
  readonly pattern?: readonly Pattern[];
  readonly nats?: string;
  readonly ask?: readonly string[];
}

const MOST_NODES = 16;

/** The command. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("review the licences of a project's dependencies with all four patterns")
    .option("--nodes <count>", "node processes to start", nodesOf, 3)
    .option("--dir <folder>", "where to look for licence files", "node_modules")
    .option("--model <model>", "auto, builtin or ollama:NAME", modelOf, "auto")
    .option("--kill", "kill a node half-way (default)")
    .option("--no-kill", "kill none")
    .option("--seed <number>", "chooses the victim and the order of the market", seedOf, 1)
    .option("--json", "print one JSON document on standard output")
    .option("--pattern <patterns>", `some of ${PATTERNS.join(",")}; all by default`, patternsOf)
    .option("--nats <url>", "a nats-server; TROUPE_NATS_URL, or an embedded one by default")
    .option("--ask <question>", "ask the review desk this too; may be repeated", collected)
    .action(async (options: DemoCommandOptions) => {
      // With both --kill and --no-kill declared, commander leaves the first undefined by default.
      await runDemo({ ...options, kill: options.kill !== false });
    });
}

async function runDemo(options: DemoCommandOptions): Promise<void> {
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const root = resolve(options.dir);
  const found = licenceFilesUnder(options.dir, root);
  const log = pinoLog("error");
  const models = await modelClients({
    model: options.model,
    ollamaHost: process.env["OLLAMA_HOST"],
    // The one line about the model is talk for the user, not a log entry.
    log: { ...log, info: (_fields, line) => say(line), warn: (_fields, line) => say(line) },
    clock: systemClock,
  });
  const id = runId();
  const folder = openRunFolder(process.cwd(), id, say);
  const progress = process.stderr.isTTY
    ? liveProgress(process.stderr)
    : plainProgress(say, systemClock);
  const interruption = interruptible(say, "ending the nodes");
  say(`${found.documents.length} licence files under ${options.dir}, ${options.nodes} nodes`);
  const natsUrl = options.nats ?? process.env["TROUPE_NATS_URL"];
  const summary = await reviewLicences({
    id,
    root,
    found,
    nodes: options.nodes,
    kill: options.kill ? "kill" : "no-kill",
    seed: options.seed,
    patterns: new Set(options.pattern ?? PATTERNS),
    questions: options.ask ?? [],
    model: options.model,
    models,
    clock: systemClock,
    log,
    progress,
    record: (event) => folder.record(event),
    signal: interruption,
    ...(natsUrl === undefined ? {} : { natsUrl }),
  });
  await folder.close(summary);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  } else {
    process.stdout.write(`${humanText(summary, folder.path)}\n`);
  }
  const lost = summary.orchestrator?.tasksLost ?? 0;
  const twice = summary.orchestrator?.duplicateResults ?? 0;
  if (lost > 0 || twice > 0) process.exitCode = ExitCode.failed;
}

function licenceFilesUnder(dir: string, root: string): LicenceFiles {
  let found: LicenceFiles;
  try {
    found = findLicenceFiles(root, { maxBytes: MOST_BYTES });
  } catch (error) {
    throw new CommandError(
      ExitCode.notFound,
      `--dir ${dir} cannot be searched: ${messageOf(error)}`,
    );
  }
  if (found.documents.length > 0) return found;
  const passedOver = found.skipped.map(({ path, reason }) => `${path}: ${reason}`).slice(0, 3);
  const why = passedOver.length === 0 ? "" : ` (left out: ${passedOver.join("; ")})`;
  throw new CommandError(ExitCode.notFound, `no licence files under ${dir}${why}`);
}

function humanText(summary: ReviewSummary, folder: string | undefined): string {
  const parts = [summaryTable(summary), "", ...closingLines(summary)];
  const answers = summary.hierarchy?.answers ?? [];
  if (answers.length > 0) parts.push("");
  for (const { question, answer } of answers) parts.push(question, `  ${shownLine(answer)}`);
  if (folder !== undefined) parts.push("", `report: ${folder}/report.html`);
  return parts.join("\n");
}

/** Unique on this machine and among those who share a server; sorts by time. */
function runId(): string {
  const time = new Date(systemClock.nowMs())
    .toISOString()
    .slice(0, 19)
    .replace(/[^0-9]/g, "");
  return `${time}-${systemRandom().id().slice(0, 6)}`;
}

function nodesOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_NODES) return count;
  throw new InvalidArgumentError(`nodes are a whole number from 1 to ${MOST_NODES}.`);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new InvalidArgumentError("a seed is a whole number from 0 to 2^32 - 1.");
}

function modelOf(text: string): string {
  if (text === "auto" || text === "builtin" || /^ollama:.+/.test(text)) return text;
  throw new InvalidArgumentError("a model is auto, builtin or ollama:NAME.");
}

function patternsOf(text: string): readonly Pattern[] {
  return text.split(",").map((name) => {
    const pattern = PATTERNS.find((known) => known === name.trim());
    if (pattern === undefined) {
      throw new InvalidArgumentError(`a pattern is one of ${PATTERNS.join(", ")}.`);
    }
    return pattern;
  });
}

function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
