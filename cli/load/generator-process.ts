/**
 * The generator processes of a run: started, told when to begin, heard, ended.
 *
 * Owns: the processes and what they say. What runs in them is `generator.ts`.
 *
 * P1: every wait has a deadline: for readiness, and for the report after the end of the run.
 * P2: whatever was started is ended, by its pid; a generator that outlives its deadline is killed.
 * P3: a generator that is lost is said to be lost; the others' reports count.
 * P4: each leads a process group of its own, so that Ctrl-C reaches this program alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type Clock,
  type LiveLoad,
  type LoadPart,
  type ProcessSample,
  type ProcessTimeline,
  TroupeError,
} from "../../runtime/index.ts";
import type { FromGenerator, GeneratorPlan, ToGenerator } from "./generator-plan.ts";

/** What the generators brought. */
export interface GeneratorsReport {
  readonly parts: readonly LoadPart[];
  readonly timelines: readonly ProcessTimeline[];
  /** What became of those that did not report, a line each. */
  readonly lost: readonly string[];
}

const GENERATOR = fileURLToPath(new URL("./generator.js", import.meta.url));
const READY_MS = 60_000;
/** Beyond the run and its drain: to cancel tasks, to send the report. */
const REPORT_MS = 30_000;
const END_MS = 10_000;
/** Until all have heard when they begin. */
const LEAD_MS = 300;
const LAST_WORDS = 2_000;

/** What became of a generator. */
type Outcome =
  | { readonly kind: "done"; readonly part: LoadPart }
  | { readonly kind: "lost"; readonly why: string };

/** One generator. */
class GeneratorProcess {
  readonly plan: GeneratorPlan;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly ended: Promise<void>;
  readonly ready: Promise<void>;
  readonly outcome: Promise<Outcome>;
  readonly samples: ProcessSample[] = [];
  live: LiveLoad | undefined;
  /** It will not report, and is not waited for. */
  isLost: boolean = false;
  #words = "";

  constructor(plan: GeneratorPlan, clock: Clock) {
    this.plan = plan;
    this.#clock = clock;
    this.#child = spawn(process.execPath, [GENERATOR], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
      detached: true,
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      this.#words = (this.#words + chunk.toString("utf8")).slice(-LAST_WORDS);
    });
    this.ended = once(this.#child, "exit").then(
      () => {},
      () => {},
    );
    let [isReady, isNot] = [() => {}, (_error: TroupeError) => {}];
    this.ready = new Promise<void>((resolve, reject) => {
      isReady = resolve;
      isNot = reject;
    });
    this.ready.catch(() => {});
    this.outcome = new Promise((resolve) => {
      const lost = (why: string): void => {
        this.isLost = true;
        isNot(new TroupeError("node.down", `${plan.name} did not start: ${why}`));
        resolve({ kind: "lost", why: `${plan.name} is lost: ${why}` });
      };
      this.#child.on("message", (message: FromGenerator) => {
        switch (message.type) {
          case "ready":
            return isReady();
          case "live":
            this.live = message.live;
            this.samples.push(message.sample);
            return;
          case "done":
            return resolve({ kind: "done", part: message.part });
          case "failed":
            return lost(`${message.code}: ${message.message}`);
        }
      });
      void this.ended.then(() => lost(this.#words.trim().split("\n").at(-1) || "it has ended"));
    });
    this.tell({ type: "prepare", plan });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  tell(message: ToGenerator): void {
    // One that has ended hears nothing; that it has is told by `outcome`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Waits for it to end by itself, and kills it when that takes too long. */
  async end(withinMs: number): Promise<void> {
    const cancel = this.#clock.after(withinMs, () => this.kill());
    await this.ended;
    cancel();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** The generators of a run. */
export class Generators {
  readonly #generators: readonly GeneratorProcess[];
  readonly #clock: Clock;
  #isOver: boolean = false;

  private constructor(generators: readonly GeneratorProcess[], clock: Clock) {
    this.#generators = generators;
    this.#clock = clock;
  }

  /**
   * Starts one process for each plan and waits until all can begin.
   *
   * @throws {TroupeError} `node.down` when one does not start in time, with its last words
   */
  static async start(plans: readonly GeneratorPlan[], clock: Clock): Promise<Generators> {
    const generators = new Generators(
      plans.map((plan) => new GeneratorProcess(plan, clock)),
      clock,
    );
    const late = new Promise<never>((_resolve, reject) => {
      clock.after(READY_MS, () =>
        reject(new TroupeError("node.down", `no generator was ready within ${READY_MS / 1_000} s`)),
      );
    });
    late.catch(() => {});
    try {
      await Promise.race([Promise.all(generators.#generators.map(({ ready }) => ready)), late]);
    } catch (error) {
      await generators.end();
      throw error;
    }
    return generators;
  }

  /** Begins; returns the instant at which all do, in epoch milliseconds. */
  begin(): number {
    const atMs = this.#clock.nowMs() + LEAD_MS;
    for (const generator of this.#generators) generator.tell({ type: "begin", atMs });
    return atMs;
  }

  /** Ends the run early; the reports cover what was measured. */
  stop(): void {
    for (const generator of this.#generators) generator.tell({ type: "stop" });
  }

  /** How it goes, as each said last. */
  get lives(): readonly LiveLoad[] {
    return this.#generators.flatMap(({ live }) => live ?? []);
  }

  /** Waits for every report, at most until the run, its drain and a while more have passed. */
  async reports(): Promise<GeneratorsReport> {
    const [first] = this.#generators;
    if (first === undefined) throw new RangeError("plans: there are no generators");
    const { warmupMs, durationMs, drainMs } = first.plan;
    const withinMs = LEAD_MS + warmupMs + durationMs + drainMs + REPORT_MS;
    let cancel = () => {};
    const late = new Promise<"late">((resolve) => {
      cancel = this.#clock.after(withinMs, () => resolve("late"));
    });
    const outcomes = await Promise.all(
      this.#generators.map(async ({ outcome, plan }): Promise<Outcome> => {
        const settled = await Promise.race([outcome, late]);
        return settled === "late"
          ? { kind: "lost", why: `${plan.name} is lost: it did not report in time` }
          : settled;
      }),
    );
    cancel();
    this.#isOver = true;
    return {
      parts: outcomes.flatMap((outcome) => (outcome.kind === "done" ? [outcome.part] : [])),
      lost: outcomes.flatMap((outcome) => (outcome.kind === "lost" ? [outcome.why] : [])),
      timelines: this.#generators.map(({ plan, pid, samples }) => ({
        name: plan.name,
        role: "generator" as const,
        ...(pid === undefined ? {} : { pid }),
        samples,
      })),
    };
  }

  /** Ends every process (P2). */
  async end(): Promise<void> {
    await Promise.all(
      this.#generators.map((generator) => {
        if (!this.#isOver || generator.isLost) generator.kill();
        return generator.end(END_MS);
      }),
    );
  }
}
