/**
 * `troupe node`: runs a node with the actors that a module exports, until it is told to stop.
 *
 * Owns: the process around the node. How a node runs is `cluster/node/start-node.ts`, what it is started with
 * `configuration/`.
 *
 * R1: SIGTERM or SIGINT drains it; a second one, whichever it is, ends the process at once.
 * R2: a node that was fenced starts anew, as another incarnation with new actors, when the cluster can be
 *     reached again; it tries for ten minutes.
 * R3: standard output has one line of JSON for each start.
 */
import { hostname } from "node:os";
import { Command } from "commander";
import { modelClients } from "../actors/index.ts";
import {
  loadNodeModule,
  type Node,
  type NodeConfig,
  type NodeEnd,
  type NodeModule,
  type NodeOptions,
  startNode,
} from "../cluster/index.ts";
import {
  type Log,
  messageOf,
  pinoLog,
  systemClock,
  systemRandom,
  TroupeError,
} from "../runtime/index.ts";
import { addSettings, configurationOf, type TypedFlags } from "./configuration/configuration.ts";
import { credentialsOf } from "./credential-flags.ts";
import { ExitCode } from "./exit-code.ts";

interface NodeCommandOptions extends TypedFlags {
  readonly withParent?: true;
}

/** How long a node whose parent has ended may take to drain. */
const ORPHAN_STOP_MS = 2_000;
const REJOIN_WITHIN_MS = 600_000;
const REJOIN_PAUSE_MS = 500;
const REJOIN_LONGEST_PAUSE_MS = 5_000;
/** A node's name has 64 characters at most. */
const LONGEST_HOST = 48;
const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** What may be over by itself: the server comes back, or the lease of the last incarnation runs out. */
const PASSING: ReadonlySet<string> = new Set([
  "nats.unavailable",
  "node.fenced",
  "node.name-taken",
  "store.unavailable",
]);

/** The command. */
export function nodeCommand(): Command {
  const node = new Command("node")
    .description("run a node with the actors that a module exports")
    .argument("<module>", "a JavaScript file that exports `children`, `actors` or both");
  return addSettings(node)
    .option("--with-parent", "end when standard input is closed")
    .action(async (module: string, options: NodeCommandOptions) => {
      process.exitCode = await runNode(module, options);
    });
}

/** Runs the node; resolves with the exit code when it has ended. */
async function runNode(module: string, options: NodeCommandOptions): Promise<number> {
  const { values: config } = await configurationOf(options);
  const log = pinoLog(config.log ?? "info");
  // The module first: what does not load should not join a cluster.
  const loaded = await loadNodeModule(module, process.cwd());
  const models = await modelClients({
    model: config.model ?? "auto",
    ollamaHost: config.ollamaHost,
    log,
    clock: systemClock,
  });
  const life = new NodeLife({ ...nodeOptionsOf(config, loaded, log), models }, config, log);
  const drain = () => {
    // The first drains; without listeners the second ends the process at once (R1).
    for (const signal of SIGNALS) process.removeListener(signal, drain);
    life.stop(config.drain);
  };
  for (const signal of SIGNALS) process.on(signal, drain);
  // Its server may have gone with the parent, and then the drain waits for what does not come.
  const orphaned = () => life.stop(ORPHAN_STOP_MS);
  if (options.withParent) process.stdin.on("end", orphaned).resume();
  // A node waits for its end, and nothing else keeps the process alive while its links are idle.
  const stay = setInterval(() => {}, 2 ** 30);
  try {
    const end = await life.run();
    return end.kind === "stopped" ? ExitCode.ok : ExitCode.failed;
  } finally {
    clearInterval(stay);
    if (options.withParent) process.stdin.pause();
  }
}

function nodeOptionsOf(config: NodeConfig, module: NodeModule, log: Log): NodeOptions {
  const { model, ollamaHost, drain, rejoin, healthHost, healthPort, log: level, ...more } = config;
  const { nkey, ca, ...rest } = more;
  return {
    ...rest,
    ...module,
    ...credentialsOf(config),
    name: config.name ?? madeUpName(),
    log,
    ...(healthPort === undefined
      ? {}
      : {
          health: { port: healthPort, ...(healthHost === undefined ? {} : { host: healthHost }) },
        }),
  };
}

/** Other than on other machines, whose processes may bear the same numbers: in containers most do. */
function madeUpName(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9_-]/g, "-")
    .slice(0, LONGEST_HOST);
  return `${host || "node"}-${process.pid}`;
}

/** A node through its incarnations. */
class NodeLife {
  readonly #options: NodeOptions;
  readonly #config: NodeConfig;
  readonly #log: Log;
  #node: Node | undefined;
  #stopped: boolean = false;
  /** Ends a pause before the next try. */
  #wake: () => void = () => {};

  constructor(options: NodeOptions, config: NodeConfig, log: Log) {
    this.#options = options;
    this.#config = config;
    this.#log = log;
  }

  /** Drains the present incarnation; there is no other. */
  stop(deadline: NodeConfig["drain"]): void {
    this.#stopped = true;
    this.#wake();
    void this.#node?.stop(deadline === undefined ? {} : { deadline });
  }

  /** Resolves with the end of the last incarnation. */
  async run(): Promise<NodeEnd> {
    let end = await this.#live(await startNode(this.#options));
    while (end.kind === "fenced" && !this.#stopped && this.#config.rejoin !== "never") {
      const next = await this.#startAgain();
      if (next === undefined) return { kind: "stopped" };
      end = await this.#live(next);
    }
    return end;
  }

  async #live(node: Node): Promise<NodeEnd> {
    this.#node = node;
    const { name, natsUrl, incarnation } = node;
    const started = { v: 1, name, incarnation, pid: process.pid, nats: natsUrl };
    process.stdout.write(`${JSON.stringify(started)}\n`);
    if (this.#stopped) this.stop(this.#config.drain);
    return node.ended;
  }

  /** R2; `undefined` when it was told to stop meanwhile. */
  async #startAgain(): Promise<Node | undefined> {
    const untilMs = systemClock.monotonicMs() + REJOIN_WITHIN_MS;
    const random = systemRandom();
    for (let tries = 0; !this.#stopped; tries++) {
      const pauseMs = Math.min(REJOIN_LONGEST_PAUSE_MS, REJOIN_PAUSE_MS * 2 ** tries);
      await this.#pause(pauseMs * (0.5 + random.next()));
      if (this.#stopped) return undefined;
      try {
        const node = await startNode(this.#options);
        this.#log.warn(
          { incarnation: node.incarnation },
          "this node is back, as a new incarnation",
        );
        return node;
      } catch (error) {
        const passes = error instanceof TroupeError && PASSING.has(error.code);
        if (!passes || systemClock.monotonicMs() > untilMs) throw error;
        this.#log.warn({ error: messageOf(error) }, "this node cannot come back yet");
      }
    }
    return undefined;
  }

  async #pause(spanMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = systemClock.after(spanMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
