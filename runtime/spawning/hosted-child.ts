/**
 * A child that runs on this node for a supervisor on another one.
 *
 * Owns: what happens between its exit and its supervisor's decision: it stands still, its queue stays.
 * Which children there are, and who is told, is `hosting.ts`.
 *
 * H1: nothing is decided here: a failed child waits until it is started again, resumed or stopped.
 * H2: a first start that fails is the answer of whoever asked for it, and ends the child.
 */
import type { ExitReason } from "../exit-reason.ts";
import { Fatal } from "../kernel/ask-error.ts";
import type { Cell } from "../kernel/cell.ts";
import { canGoOn } from "../kernel/children.ts";
import { Watch } from "../kernel/death-watch.ts";
import { type StopHow, stop } from "../kernel/ending.ts";
import { resume, startAgain, takeDownForRestart } from "../kernel/generation.ts";
import type { Keeper } from "../kernel/stand-in.ts";
import { Phase } from "../lifecycle.ts";
import type { Exit } from "../supervision.ts";
import { type ErrorRecord, errorRecord, TroupeError } from "../troupe-error.ts";
import type { ExitReport, Home, StartedAgain } from "./spawn-protocol.ts";

/** How a start came out. */
export type StartOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly exit: Exit; readonly error: ErrorRecord };

/** A child of another node's supervisor; see the file's header. */
export class HostedChild implements Keeper {
  readonly id: string;
  readonly home: Home;
  readonly cell: Cell;
  readonly #report: (report: ExitReport) => void;
  /** A start is under way, and whoever asked for it is told how it comes out. */
  #isStarting: boolean = true;
  /** It was told to end: nobody needs to hear of it. */
  #isStopped: boolean = false;
  #lastExit: { readonly exit: Exit; readonly error: unknown } | undefined;
  /** The generation that was asked for last. */
  #latest: { readonly generation: number; readonly outcome: Promise<StartedAgain> } | undefined;
  /** It started, and failed or ended before whoever asked for the start could be told. */
  #unsaid: ExitReport | undefined;

  constructor(
    id: string,
    home: Home,
    cell: Cell,
    on: {
      /** It failed, or ended by itself. */
      readonly report: (report: ExitReport) => void;
      readonly ended: () => void;
    },
  ) {
    this.id = id;
    this.home = home;
    this.cell = cell;
    this.#report = on.report;
    cell.holdings.keeper = this;
    cell.addWatcher(
      new Watch(cell.address, ({ reason }) => {
        if (!this.#isStopped) this.#ended(reason);
        on.ended();
      }),
    );
  }

  exited(exit: Exit, operation: string, error: unknown): void {
    this.#lastExit = { exit, error };
    if (exit !== "normal") {
      this.cell.log.warn(
        { operation, home: this.home.address, err: error },
        "a child of another node failed; its supervisor decides",
      );
    }
    if (operation === "init" && this.#isStarting) return;
    this.#say({
      id: this.id,
      exit,
      operation,
      error: errorRecord(error),
      reason: this.cell.holdings.exitReason === "intensity" ? "intensity" : "failed",
      isOver: false,
      canGoOn: exit === "failed" && canGoOn(this.cell, error),
    });
  }

  /** Resolves with its first start. */
  async started(): Promise<StartOutcome> {
    let failure: unknown;
    try {
      await this.cell.ready;
    } catch (error) {
      failure = error;
    }
    if (failure === undefined) {
      this.#startIsOver();
      return { ok: true };
    }
    const exit = this.#failure(failure);
    await this.stop("stop", "failed");
    return exit;
  }

  /** Takes the present generation down; the queue stays. */
  down(): Promise<void> {
    return takeDownForRestart(this.cell);
  }

  /** Its first start has succeeded. */
  get hasStarted(): boolean {
    return this.cell.hasStarted && !this.cell.hasStopped;
  }

  /** Starts the next generation; what was asked before under the same number has the same answer. */
  again(generation: number): Promise<StartedAgain> {
    if (this.#latest?.generation !== generation) {
      this.#latest = { generation, outcome: this.#again() };
    }
    return this.#latest.outcome;
  }

  async #again(): Promise<StartedAgain> {
    this.#lastExit = undefined;
    this.#isStarting = true;
    await this.down();
    await startAgain(this.cell);
    if (this.cell.hasStopped) return { ok: false, gone: true };
    const hasState = this.cell.hasState;
    if (hasState) this.#startIsOver();
    else this.#isStarting = false;
    return hasState ? { ok: true } : this.#failure(undefined);
  }

  /** Lets it go on after a failure. */
  resume(): void {
    if (this.cell.phase === Phase.failed && this.cell.hasState) resume(this.cell);
  }

  /** Ends it, without a word to its supervisor. */
  async stop(how: StopHow, reason?: ExitReason): Promise<void> {
    this.#isStopped = true;
    // One that stands still will handle nothing more.
    const isIdle = this.cell.phase >= Phase.failed && this.cell.phase <= Phase.waiting;
    await stop(this.cell, how === "drain" && isIdle ? "stop" : how, reason);
  }

  #startIsOver(): void {
    this.#isStarting = false;
    const unsaid = this.#unsaid;
    this.#unsaid = undefined;
    if (unsaid !== undefined) this.#report(unsaid);
  }

  #say(report: ExitReport): void {
    if (this.#isStarting) this.#unsaid = report;
    else this.#report(report);
  }

  #failure(thrown: unknown): {
    readonly ok: false;
    readonly exit: Exit;
    readonly error: ErrorRecord;
  } {
    const { exit = "failed", error = thrown } = this.#lastExit ?? {};
    return { ok: false, exit, error: errorRecord(error) };
  }

  /** It ended without being told to by its supervisor. */
  #ended(reason: ExitReason): void {
    const exit = reason === "normal" ? "normal" : "failed";
    const error = new TroupeError("actor.stopped", `${this.cell.address} ended: ${reason}`);
    this.#say({
      id: this.id,
      exit,
      operation: "stop",
      error: errorRecord(error),
      reason,
      isOver: true,
      canGoOn: false,
    });
  }
}

/** The error that an exit stands for, on the supervisor's node. */
export function thrownFor(exit: Exit, error: TroupeError): TroupeError {
  return exit === "fatal" ? new Fatal(error.message) : error;
}
