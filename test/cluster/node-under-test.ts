/** Nodes in processes of their own, for tests that kill, stop and thaw them. */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import type { Node } from "../../cluster/node/node.ts";
import type { NodeOptions } from "../../cluster/node/node-options.ts";
import type { MemberPhase } from "../../runtime/ports/membership.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import { until } from "./test-server.ts";

/** What a node's process reported. */
export interface NodeReport {
  readonly type: "ready" | "ended" | "refused" | "handled" | "acted";
  readonly incarnation?: string;
  readonly url?: string;
  readonly kind?: string;
  readonly code?: string;
  readonly message?: string;
  /** Of a virtual actor that handled a message, or acted by itself. */
  readonly key?: string;
  readonly token?: number;
  readonly sender?: string;
  readonly sequence?: number;
  readonly held?: boolean;
}

/** A node's process. */
export interface NodeUnderTest {
  readonly reports: readonly NodeReport[];
  readonly incarnation: string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code or the signal that ended it. */
  readonly exit: Promise<number | string>;
  /** Kills it unless it has ended, and waits. */
  end(): Promise<void>;
}

/**
 * Starts a node's process; resolves when it reports for the first time.
 *
 * @param fixture - the program, one of `fixtures/`
 * @param more - its further arguments
 */
export async function startNodeProcess(
  options: Omit<NodeOptions, "children" | "log" | "models" | "env">,
  fixture = "node-process",
  more: readonly string[] = [],
): Promise<NodeUnderTest> {
  const script = new URL(`./fixtures/${fixture}.js`, import.meta.url);
  const process: ChildProcess = fork(script, [JSON.stringify(options), ...more], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
  });
  const reports: NodeReport[] = [];
  process.on("message", (report) => reports.push(report as NodeReport));
  let over = false;
  const exit = new Promise<number | string>((resolve) => {
    process.once("exit", (code, signal) => {
      over = true;
      resolve(code ?? signal ?? "unknown");
    });
  });
  await until(`node ${options.name} reports`, () => reports.length > 0 || over, 20_000);
  return {
    reports,
    incarnation: reports[0]?.incarnation ?? "",
    pid: process.pid ?? 0,
    signal: (signal) => {
      process.kill(signal);
    },
    exit,
    end: async () => {
      if (!over) process.kill("SIGKILL");
      await exit;
    },
  };
}

/** How `node` sees another one. */
export function phaseOf(node: Node, name: string, other: NodeUnderTest): MemberPhase | undefined {
  return node.membership.phaseOf({ name, incarnation: other.incarnation });
}

/** Waits until `node` sees another one up. */
export async function seen(node: Node, name: string, other: NodeUnderTest): Promise<void> {
  await until(`${name} is up`, () => phaseOf(node, name, other) === "up");
}

/** What a promise is rejected with; fails when it is not. */
export function rejected(promise: Promise<unknown>): Promise<TroupeError> {
  return promise.then(
    () => {
      throw new Error("it should have been rejected");
    },
    (error: TroupeError) => error,
  );
}
