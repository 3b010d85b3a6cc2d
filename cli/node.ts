/** `troupe node`: runs a node with the actors that a module exports, until it is told to stop. */
import { Command, InvalidArgumentError } from "commander";
import { modelClients } from "../actors/index.ts";
import { loadNodeModule, startNode } from "../cluster/index.ts";
import { checkedNodeName, type LogLevel, pinoLog, systemClock } from "../runtime/index.ts";
import { type CredentialFlags, credentialsOf, withCredentialFlags } from "./credential-flags.ts";
import { ExitCode } from "./exit-code.ts";

interface NodeCommandOptions extends CredentialFlags {
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly nats?: string;
  readonly cluster: string;
  readonly store?: string;
  readonly model: string;
  readonly log: LogLevel;
  readonly withParent?: true;
}

/** How long a node whose parent has ended may take to drain. */
const ORPHAN_STOP_MS = 2_000;
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The command. */
export function nodeCommand(): Command {
  return withCredentialFlags(new Command("node"))
    .description("run a node with the actors that a module exports as `children` and `actors`")
    .argument("<module>", "a JavaScript file")
    .option("--name <name>", "unique in the cluster; made up by default", nodeNameOf)
    .option("--roles <roles>", "what it is for, separated by commas", listOf)
    .option("--nats <url>", "a nats-server; TROUPE_NATS_URL or an embedded one by default")
    .option("--cluster <name>", "the cluster to join", "troupe")
    .option("--store <folder>", "where an embedded server keeps its streams")
    .option("--model <model>", "auto, builtin or ollama:NAME", "auto")
    .option("--log <level>", "trace, debug, info, warn, error or silent", logLevelOf, "info")
    .option("--with-parent", "end when standard input is closed")
    .action(async (module: string, options: NodeCommandOptions) => {
      process.exitCode = await runNode(module, options);
    });
}

/** Runs the node; resolves with the exit code when it has ended. */
async function runNode(module: string, options: NodeCommandOptions): Promise<number> {
  const name = options.name ?? `node-${process.pid}`;
  const log = pinoLog(options.log);
  // The module first: what does not load should not join a cluster.
  const { children, actors } = await loadNodeModule(module, process.cwd());
  const models = await modelClients({
    model: options.model,
    ollamaHost: process.env["OLLAMA_HOST"],
    log,
    clock: systemClock,
  });
  const node = await startNode({
    name,
    cluster: options.cluster,
    models,
    children,
    actors,
    log,
    ...credentialsOf(options),
    ...(options.roles === undefined ? {} : { roles: options.roles }),
    ...(options.nats === undefined ? {} : { nats: options.nats }),
    ...(options.store === undefined ? {} : { storeDir: options.store }),
  });
  const drain = () => {
    // The first drains; without listeners the second, whichever it is, ends the process at once.
    for (const signal of SIGNALS) process.removeListener(signal, drain);
    void node.stop();
  };
  for (const signal of SIGNALS) process.on(signal, drain);
  // Its server may have gone with the parent, and then the drain waits for what does not come.
  const orphaned = () => void node.stop({ deadline: ORPHAN_STOP_MS });
  if (options.withParent) process.stdin.on("end", orphaned).resume();
  const { natsUrl, incarnation } = node;
  const started = { v: 1, name, incarnation, pid: process.pid, nats: natsUrl };
  process.stdout.write(`${JSON.stringify(started)}\n`);
  // A node waits for its end, and nothing else keeps the process alive while its links are idle.
  const stay = setInterval(() => {}, 2 ** 30);
  const end = await node.ended;
  clearInterval(stay);
  if (options.withParent) process.stdin.pause();
  return end.kind === "stopped" ? ExitCode.ok : ExitCode.failed;
}

function nodeNameOf(text: string): string {
  try {
    return checkedNodeName(text);
  } catch {
    throw new InvalidArgumentError("a node name is 1 to 64 of letters, digits, _ and -.");
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "silent"];

function logLevelOf(text: string): LogLevel {
  const level = LEVELS.find((known) => known === text);
  if (level === undefined)
    throw new InvalidArgumentError(`a level is one of ${LEVELS.join(", ")}.`);
  return level;
}
