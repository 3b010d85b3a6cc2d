/**
 * A node in a process of its own that a benchmark may kill, as the measuring process holds it.
 *
 * Owns: its start and its end. What runs in it is `node-process-entry.ts`.
 *
 * P1: a node that is not there in time rejects. P2: it ends with this process, at the latest.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Duration } from "../../runtime/index.ts";
import type { Rewrite } from "../benchmark.ts";
import { eventually } from "./eventually.ts";

/** What it is started with. */
export interface NodeProcessSetting {
  readonly name: string;
  readonly url: string;
  /** How long its lease lives; the default of nodes when absent. */
  readonly lease?: Duration;
  /** A capability whose tasks it takes and never finishes. */
  readonly holds?: string;
}

/** What it says. */
export type NodeProcessNews =
  | { readonly type: "ready" }
  /** It has begun a task that it will never finish. */
  | { readonly type: "holding"; readonly task: string };

/** Rewrites sources when they are loaded, as `TROUPE_REWRITE` says. */
const LOADER = new URL("../../test/mutants/rewrite-loader.js", import.meta.url);
const ENTRY = fileURLToPath(new URL("./node-process-entry.js", import.meta.url));

/** A node's process. */
export class NodeProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #ready = false;
  #holds: string | undefined;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#exit = once(child, "exit");
    child.on("message", (news: NodeProcessNews) => {
      if (news.type === "ready") this.#ready = true;
      else this.#holds = news.task;
    });
  }

  /** Starts it, with other sources for some files if asked, and waits until the node is there. */
  static async start(
    setting: NodeProcessSetting,
    rewrites: readonly Rewrite[] = [],
  ): Promise<NodeProcess> {
    const child = fork(ENTRY, [JSON.stringify(setting)], {
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: rewrites.length === 0 ? [] : ["--import", LOADER.href],
      env: {
        ...process.env,
        TROUPE_REWRITE: rewrites.length === 0 ? "" : JSON.stringify(rewrites),
      },
    });
    const node = new NodeProcess(setting.name, child);
    try {
      await eventually(`node ${setting.name} is there`, () => node.#ready);
      return node;
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The task that it has in hand. */
  get holds(): string | undefined {
    return this.#holds;
  }

  /** Kills it; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }
}
