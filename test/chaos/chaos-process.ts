/**
 * A node of a chaos run as its parent has it: the process, the orders it was given, and its end.
 *
 * Owns: the process. What befalls it is `nemesis.ts`, what it does `chaos-flows.ts`.
 *
 * P1: an order is done, or not done because the process has ended; nobody waits for the dead.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isLeaving } from "./storm.ts";

/** What the process is started with. */
export interface ChaosNodeOptions {
  readonly name: string;
  /** Tells the starts of a name apart. */
  readonly life: string;
  readonly nats: string;
  readonly cluster: string;
  /** The file of its records. */
  readonly history: string;
  readonly seed: number;
  readonly names: readonly string[];
  readonly keys: readonly string[];
  readonly paceMs: number;
}

/** What it can be told to do. */
export type ChaosOrder = { readonly id: number } & Order;
type Order =
  /** Not to be killed at its fail point any more. */
  | { readonly type: "disarm" }
  | { readonly type: "flow" }
  /** Done when nothing of its flows is under way. */
  | { readonly type: "pause" }
  /** To ask every key until it answers. */
  | { readonly type: "want"; readonly withinMs: number }
  /** To record what its runtime holds. */
  | { readonly type: "stock" };

/** How it ended. */
export interface ChaosEnd {
  readonly how: "killed" | "fenced" | "stopped";
  /** The fail point at which it was killed. */
  readonly failPoint?: string;
  /** What it said when it ended in no way that is known. */
  readonly mishap?: string;
}

const SCRIPT = fileURLToPath(new URL("./fixtures/chaos-node.js", import.meta.url));
const LOADER = new URL("./fail-point-loader.js", import.meta.url).href;
const FENCED = 70;
const MOST_SAID = 4_096;

/** See the file's header. */
export class ChaosProcess {
  readonly name: string;
  readonly life: string;
  /** Whether it is to be killed at a step of leaving. */
  readonly diesLeaving: boolean;
  /** Resolves when its node serves; `false` = it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<ChaosEnd>;
  readonly #process: ChildProcess;
  readonly #orders = new Map<number, () => void>();
  #count = 0;
  #said = "";
  #isReady: boolean = false;
  #isOver: boolean = false;

  /** @param crashAt - a fail point to die at, as `TROUPE_CRASH_AT` has it */
  constructor(options: ChaosNodeOptions, crashAt: string | undefined) {
    this.name = options.name;
    this.life = options.life;
    this.diesLeaving = crashAt !== undefined && isLeaving(crashAt);
    const { TROUPE_CRASH_AT: _, ...env } = process.env;
    const child = spawn(process.execPath, ["--import", LOADER, SCRIPT, JSON.stringify(options)], {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
      env: crashAt === undefined ? env : { ...env, TROUPE_CRASH_AT: crashAt },
    });
    this.#process = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-MOST_SAID);
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#isOver = true;
        for (const done of this.#orders.values()) done();
        this.#orders.clear();
        resolve(endOf(code, signal, this.#said));
      });
    });
    this.ready = new Promise((resolve) => {
      child.on("message", (message: { readonly ready?: true; readonly done?: number }) => {
        if (message.ready === true) {
          this.#isReady = true;
          resolve(true);
        }
        if (message.done === undefined) return;
        this.#orders.get(message.done)?.();
        this.#orders.delete(message.done);
      });
      void this.ended.then(() => resolve(false));
    });
  }

  /** Whether it serves, as far as is known here. */
  get isUp(): boolean {
    return this.#isReady && !this.#isOver;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a signal, unless it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.#process.kill(signal);
  }

  /** Resolves when the order is done, or the process has ended. */
  order(order: Order): Promise<void> {
    if (this.#isOver || !this.#process.connected) return Promise.resolve();
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#orders.set(id, resolve);
      this.#process.send({ ...order, id }, () => {});
    });
  }

  /** Kills it unless it has ended, and waits. */
  async end(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null, said: string): ChaosEnd {
  const failPoint = /^killed at (.+):\d+$/m.exec(said)?.[1];
  if (signal === "SIGKILL")
    return failPoint === undefined ? { how: "killed" } : { how: "killed", failPoint };
  // It was told to drain while it drained, and quit.
  if (signal === "SIGTERM") return { how: "killed" };
  if (code === FENCED) return { how: "fenced" };
  if (code === 0) return { how: "stopped" };
  return { how: "killed", mishap: `${signal ?? `exit code ${code}`}: ${said.trim()}` };
}
