/** `troupe bench load` on actors whose answers take as long as they are told to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type LoadDocument, parseLoadDocument } from "../../runtime/index.ts";
import { eventually } from "../cluster/server-under-test.ts";
import { processesWith, troupe } from "./troupe-command.ts";

/** The module of those actors. */
export const TARGET: string = fileURLToPath(new URL("./fixtures/load-target.js", import.meta.url));
/** A run that takes no longer than it must. */
export const SHORT: readonly string[] = [
  ...["--duration", "1s", "--warmup", "200ms", "--timeout", "30s"],
];

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const GENERATOR = "cli/load/generator.js";

/** Runs a load on the fixture's module and reads its document. */
export async function load(...args: readonly string[]): Promise<LoadDocument> {
  const run = await troupe(["bench", "load", "--module", TARGET, ...SHORT, "--json", ...args], {
    timeoutMs: 180_000,
  });
  const parsed = parseLoadDocument(run.stdout);
  if (!parsed.ok) throw new Error(`${parsed.error}: ${run.stderr}`);
  return parsed.value;
}

/** A run that is under way. */
export interface LoadUnderWay {
  readonly child: ChildProcess;
  readonly closed: Promise<[number | null, NodeJS.Signals | null]>;
  /** The processes that it started, by pid. */
  readonly generators: readonly number[];
  readonly nodes: readonly number[];
  readonly said: () => { readonly stdout: string; readonly stderr: string };
}

/** Starts a run and waits until the load begins. */
export async function begun(...args: readonly string[]): Promise<LoadUnderWay> {
  const child = spawn(
    process.execPath,
    [MAIN, "bench", "load", "--module", TARGET, "--nodes", "1", "--op", "wait", ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const { pid } = child;
  if (pid === undefined) throw new Error("it did not start");
  const isBegun = await eventually(() => /^load on meter@1\.wait/m.test(stderr), 60_000);
  if (!isBegun) throw new Error(`it did not begin: ${stderr}`);
  // Its own, and no other run's: started by this process or by one that it started.
  const generators = await childrenOf(pid, GENERATOR);
  const nodes = await childrenOf(pid, "load-node.mjs");
  return { child, closed, generators, nodes, said: () => ({ stdout, stderr }) };
}

/** The processes that one started, whose command line holds `text`. */
export async function childrenOf(parent: number, text: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of await processesWith(text)) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, of = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(of) === parent) found.push(pid);
  }
  return found;
}
