/**
 * `troupe bench load`: puts load on the actors of a cluster and says how they bear it. The suites,
 * `troupe bench kernel` and others, are `bench-suite.ts`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { childrenFor, loadNodeModule, type Node, startNode } from "../cluster/index.ts";
import {
  type ActorRef,
  addressOf,
  type ChildSpec,
  durationMs,
  type LoadReport,
  loadReportText,
  type Named,
  type Operations,
  type Protocol,
  pinoLog,
  runLoad,
  systemClock,
  systemRandom,
  systemScheduler,
} from "../runtime/index.ts";
import { suiteCommands } from "./bench-suite.ts";
import { CommandError, ExitCode } from "./exit-code.ts";
import { type NodeProcess, startNodeProcess } from "./node-process.ts";

interface LoadCommandOptions {
  readonly nodes: number;
  readonly nats?: string;
  readonly module: string;
  readonly actor?: string;
  readonly op?: string;
  readonly payload: unknown;
  readonly rate?: number;
  readonly concurrency?: number;
  readonly arrivals: "constant" | "poisson";
  readonly duration: number;
  readonly warmup: number;
  readonly timeout: number;
  readonly json?: true;
}

const ECHO = fileURLToPath(new URL("./echo-node.js", import.meta.url));

/** The command and its subcommands. */
export function benchCommand(): Command {
  const bench = new Command("bench").description("measure");
  bench
    .command("load")
    .description("put load on an actor on every node of a cluster started for it")
    .option("--nodes <count>", "node processes to start", countOf, 3)
    .option("--nats <url>", "a nats-server; an embedded one by default")
    .option("--module <file>", "the nodes' module; an echo by default", ECHO)
    .option("--actor <name>", "which of the module's children; the first by default")
    .option("--op <operation>", "which ask of its protocol; the first by default")
    .option("--payload <json>", "what to ask with", jsonOf, { text: "0123456789".repeat(10) })
    .option("--rate <hz>", "requests a second, whatever the answers do (open loop)", rateOf)
    .option("--concurrency <count>", "requests at a time (closed loop); 64 by default", countOf)
    .option("--arrivals <kind>", "constant or poisson", arrivalsOf, "constant")
    .option("--duration <span>", "the measured part", spanOf, 10_000)
    .option("--warmup <span>", "sent before it and not measured", spanOf, 1_000)
    .option("--timeout <span>", "of each request", spanOf, 5_000)
    .option("--json", "print a JSON document")
    .action(benchLoad);
  for (const suite of suiteCommands()) bench.addCommand(suite);
  return bench;
}

async function benchLoad(options: LoadCommandOptions): Promise<void> {
  if (options.rate !== undefined && options.concurrency !== undefined) {
    throw new CommandError(ExitCode.usage, "give either --rate or --concurrency, not both");
  }
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-bench-"));
  const processes: NodeProcess[] = [];
  let node: Node | undefined;
  try {
    const log = pinoLog("warn");
    node = await startNode({
      name: `bench-${process.pid}`,
      ingress: "closed",
      log,
      storeDir,
      storeLife: "temporary",
      ...(options.nats === undefined ? {} : { nats: options.nats }),
    });
    const target = targetOf(await childrenOf(options.module, node), options);
    for (let i = 1; i <= options.nodes; i++) {
      processes.push(
        await startNodeProcess({
          module: options.module,
          name: `bench-${process.pid}-${i}`,
          natsUrl: node.natsUrl,
          cluster: node.cluster,
          flags: ["--log", "warn", "--model", "builtin"],
          clock: systemClock,
        }),
      );
    }
    const report = await load(node, processes, target, options);
    const text = options.json
      ? JSON.stringify({ ...report, nodes: options.nodes, operation: target.operation })
      : `${target.protocol.name} ${target.operation} on ${options.nodes} nodes\n${loadReportText(report)}`;
    process.stdout.write(`${text}\n`);
    if (report.ok === 0) process.exitCode = ExitCode.failed;
  } finally {
    await Promise.all(processes.map((started) => started.stop()));
    await node?.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}

/** What load is put on: an ask of an actor that lives on every node. */
interface Target {
  readonly protocol: Protocol<Operations>;
  readonly actor: string;
  readonly operation: Named<Operations, "ask">;
}

async function load(
  node: Node,
  processes: readonly NodeProcess[],
  target: Target,
  options: LoadCommandOptions,
): Promise<LoadReport> {
  const refs: readonly ActorRef[] = processes.map(({ name }) =>
    node.refOf(target.protocol, addressOf(name, target.actor)),
  );
  // Every ask ends by its own timeout, so the run's signal is not needed: a listener each would be dear.
  const send = (sequence: number): Promise<unknown> => {
    const ref = refs[sequence % refs.length];
    if (ref === undefined) throw new RangeError("there is no node to ask");
    return ref.ask(target.operation, options.payload, { timeout: options.timeout });
  };
  return runLoad({
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom(),
    send,
    durationMs: options.duration,
    warmupMs: options.warmup,
    ...(options.rate === undefined
      ? { concurrency: options.concurrency ?? 64 }
      : { rateHz: options.rate, arrivals: options.arrivals }),
  });
}

async function childrenOf(module: string, node: Node): Promise<readonly ChildSpec[]> {
  const { children } = await loadNodeModule(module, process.cwd());
  return childrenFor(node, children);
}

function targetOf(children: readonly ChildSpec[], options: LoadCommandOptions): Target {
  const named = children.filter((spec) => spec.name !== undefined);
  const spec =
    options.actor === undefined ? named[0] : named.find(({ name }) => name === options.actor);
  if (spec?.name === undefined) {
    const known = named.map(({ name }) => name).join(", ") || "none with a name";
    throw new CommandError(
      ExitCode.notFound,
      `no actor ${options.actor ?? ""} in ${options.module}: it has ${known}`,
    );
  }
  const protocol = spec.definition.protocol;
  const asks = Object.entries(protocol.operations)
    .filter(([, operation]) => operation.kind === "ask")
    .map(([name]) => name);
  const operation = options.op === undefined ? asks[0] : asks.find((name) => name === options.op);
  if (operation === undefined) {
    throw new CommandError(
      ExitCode.notFound,
      `${protocol.name} has no ask ${options.op ?? ""}: it has ${asks.join(", ") || "none"}`,
    );
  }
  return { protocol, actor: spec.name, operation: operation as Target["operation"] };
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100_000) return count;
  throw new InvalidArgumentError("a count is a whole number from 1 to 100000.");
}

function rateOf(text: string): number {
  const rate = Number(text);
  if (Number.isFinite(rate) && rate > 0 && rate <= 1e6) return rate;
  throw new InvalidArgumentError("a rate is a number above 0, at most 1000000.");
}

function spanOf(text: string): number {
  try {
    return durationMs(/^\d+$/.test(text) ? Number(text) : text);
  } catch {
    throw new InvalidArgumentError("a span is like 500ms, 10s or 2m.");
  }
}

function arrivalsOf(text: string): "constant" | "poisson" {
  if (text === "constant" || text === "poisson") return text;
  throw new InvalidArgumentError("arrivals are constant or poisson.");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("a payload is a JSON value.");
  }
}
