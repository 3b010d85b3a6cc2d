/**
 * A variant's process as the harness holds it: one order at a time, each with a deadline.
 *
 * Owns: the process. What runs in it is `variant-process.ts`.
 *
 * N1: an order that is not answered in time ends the process; nothing waits without a limit.
 * N2: whatever the process prints goes to standard error.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Rewrite, Setting, VariantSpec } from "./benchmark.ts";
import type { Answer, Order } from "./variant-process.ts";

const ENTRY = fileURLToPath(new URL("./variant-process.js", import.meta.url));
/** Rewrites sources when they are loaded, as `TROUPE_REWRITE` says. */
const LOADER = new URL("../test/mutants/rewrite-loader.js", import.meta.url);
const ORDER_MS = 180_000;
const END_MS = 5_000;

/** Which variant, and how it is made. */
export interface RunnerOptions {
  readonly suite: string;
  readonly benchmark: string;
  readonly variant: string;
  readonly spec: VariantSpec;
  readonly setting: Setting;
}

/** A started variant. */
export class Runner {
  readonly #child: ChildProcess;
  #waiting: { resolve(value: number): void; reject(error: Error): void } | undefined = undefined;
  #ended: string | undefined = undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: Answer) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (answer.type === "done") waiting?.resolve(answer.value);
      else waiting?.reject(new Error(answer.message));
    });
    const gone = (why: string): void => {
      this.#ended ??= why;
      this.#waiting?.reject(new Error(why));
      this.#waiting = undefined;
    };
    child.once("error", (error) => gone(error.message));
    child.once("exit", (code, signal) => gone(`its process ended with ${signal ?? code}`));
  }

  /**
   * Starts the process, makes the variant and warms it up.
   *
   * @throws {Error} when it cannot be made; its process is gone then
   */
  static async start({ spec, setting, suite, benchmark, variant }: RunnerOptions): Promise<Runner> {
    const runner = new Runner(
      fork(ENTRY, [], {
        // Flags of this process, a debugger for one, are not for the measured ones.
        execArgv: [...(spec.nodeFlags ?? []), ...loaderFlags(spec.rewrites)],
        env: environment(spec.rewrites),
        stdio: ["ignore", 2, 2, "ipc"],
      }),
    );
    try {
      await runner.#order({ type: "make", suite, benchmark, variant, setting });
    } catch (error) {
      await runner.stop();
      throw error;
    }
    return runner;
  }

  /** Runs once and returns the figure. */
  run(): Promise<number> {
    return this.#order({ type: "run" });
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), END_MS);
    await this.#order({ type: "end" }).catch(() => {});
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(limit);
  }

  #order(order: Order): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(new Error(this.#ended));
        return;
      }
      const limit = setTimeout(() => {
        this.#ended = `no answer within ${ORDER_MS} ms`;
        this.#child.kill("SIGKILL");
        reject(new Error(this.#ended));
      }, ORDER_MS);
      this.#waiting = {
        resolve: (value) => {
          clearTimeout(limit);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      };
      this.#child.send(order);
    });
  }
}

function loaderFlags(rewrites: readonly Rewrite[] | undefined): readonly string[] {
  if (rewrites === undefined) return [];
  return ["--import", LOADER.href];
}

function environment(rewrites: readonly Rewrite[] | undefined): NodeJS.ProcessEnv {
  return rewrites === undefined
    ? process.env
    : { ...process.env, TROUPE_REWRITE: JSON.stringify(rewrites) };
}
