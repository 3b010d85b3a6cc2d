/**
 * A node in a process of its own, started by this one through `troupe node`.
 *
 * Owns: the process, from its start until it has ended. What runs in it is `node.ts`.
 *
 * N1: `startNodeProcess` resolves when the node answers, or rejects with what it said on the way down.
 * N2: the node ends with this process, whatever happens to it: its standard input is a pipe from here.
 * N3: only processes started here are ever signalled.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../runtime/index.ts";
import { TroupeError } from "../runtime/index.ts";

/** What a node process is started with. */
export interface NodeProcessOptions {
  /** The file that exports the node's children. */
  readonly module: string;
  readonly name: string;
  readonly natsUrl: string;
  readonly cluster: string;
  /** Further flags of `troupe node`. */
  readonly flags?: readonly string[];
  /**
   * Leads a process group of its own, so that Ctrl-C on the terminal reaches this process alone; in this
   * one's group by default.
   */
  readonly group?: "own";
  readonly clock: Clock;
  /** How long the node may take to answer; default 15 s. */
  readonly startTimeoutMs?: number;
}

/** A node process under way. */
export interface NodeProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Stops it where it stands; it goes on with {@link thaw}, unless it was ended. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once, as a power cut would. */
  kill(): void;
  /** Drains it and waits; kills it when that takes longer than 15 s. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 15_000;
const LAST_WORDS = 2_000;

/**
 * Starts a node process and waits until it answers.
 *
 * @throws {TroupeError} `node.down` when it ends or stays silent instead, with its last words
 */
export async function startNodeProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const child = spawn(process.execPath, [MAIN, "node", ...argumentsOf(options)], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.group === "own",
  });
  const words = lastWords(child);
  const ended = once(child, "exit").then(
    () => {},
    () => {},
  );
  // The process may end while a line is on its way to it.
  child.stdin?.on("error", () => {});
  const ready = new Promise<boolean>((resolve) => {
    const cancel = options.clock.after(options.startTimeoutMs ?? START_TIMEOUT_MS, () =>
      resolve(false),
    );
    const settle = (answer: boolean) => {
      cancel();
      resolve(answer);
    };
    if (child.stdout !== null) createInterface(child.stdout).once("line", () => settle(true));
    void ended.then(() => settle(false));
  });
  if (!(await ready) || child.pid === undefined) {
    child.kill("SIGKILL");
    throw new TroupeError(
      "node.down",
      `node ${options.name} did not start: ${words() || "it said nothing"}`,
    );
  }
  return {
    name: options.name,
    pid: child.pid,
    ended,
    freeze: () => {
      child.kill("SIGSTOP");
    },
    thaw: () => {
      child.kill("SIGCONT");
    },
    kill: () => {
      child.kill("SIGKILL");
    },
    stop: async () => {
      child.kill("SIGTERM");
      const cancel = options.clock.after(STOP_TIMEOUT_MS, () => child.kill("SIGKILL"));
      await ended;
      cancel();
    },
  };
}

function argumentsOf(options: NodeProcessOptions): readonly string[] {
  return [
    options.module,
    "--name",
    options.name,
    "--nats",
    options.natsUrl,
    "--cluster",
    options.cluster,
    "--with-parent",
    ...(options.flags ?? []),
  ];
}

/** Keeps the end of what a process says on standard error, and passes it all on. */
function lastWords(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    text = (text + chunk.toString("utf8")).slice(-LAST_WORDS);
  });
  return () => text.trim().split("\n").at(-1) ?? "";
}
