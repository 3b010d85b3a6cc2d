/**
 * The children of one actor, in start order, and the interpreter of what is decided about them.
 *
 * Owns: the list, the names, the restarts that count. The decisions are `supervision.ts`; taking
 * down and starting one child is the child's cell.
 *
 * I1: children are stopped in reverse start order, each before the one before it.
 * I2: a restart touches exactly the set that the strategy names: all are taken down in reverse
 *     order, then, after the pause, started in order, each after the one before it has started.
 * I3: a newer restart takes over the children of an older one that is still under way.
 */

import { Phase } from "../lifecycle.ts";
import {
  type Decision,
  type Directive,
  decide,
  type Exit,
  exceededLimit,
  type RestartLimit,
  recent,
  shouldRestart,
  shutsDown,
  touchedBy,
} from "../supervision.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import type { Cell } from "./cell.ts";
import { Delay } from "./delay.ts";
import { type StopHow, stop, stopSelf } from "./ending.ts";
import { failed, resume, startAgain, takeDownForRestart } from "./generation.ts";
import type { Kernel } from "./kernel.ts";
import { acceptSystem, wake } from "./queue.ts";
import { isOverrun } from "./time-limit.ts";

/** A supervisor's list of children. */
export class Children {
  /** Is told of every restart that counts. */
  counted: ((child: Cell) => void) | undefined = undefined;
  readonly #kernel: Kernel;
  readonly #owner: Cell;
  #first: Cell | undefined = undefined;
  #last: Cell | undefined = undefined;
  #size = 0;
  readonly #names = new Map<string, Cell>();
  #restarts: readonly number[] = [];
  #tickets = 0;

  constructor(kernel: Kernel, owner: Cell) {
    this.#kernel = kernel;
    this.#owner = owner;
  }

  /** The one that was started first. */
  get first(): Cell | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  /** One of them stands still until somebody decides about it. */
  get hasFailed(): boolean {
    return this.list().some(({ phase }) => phase === Phase.failed);
  }

  find(name: string): Cell | undefined {
    return this.#names.get(name);
  }

  /** Makes a child findable. */
  register(name: string, child: Cell): void {
    this.#names.set(name, child);
  }

  add(child: Cell): void {
    child.elder = this.#last;
    if (this.#last === undefined) this.#first = child;
    else this.#last.younger = child;
    this.#last = child;
    this.#size++;
  }

  /**
   * A child has ended.
   *
   * @param byItself - not because it was stopped: for its supervisor's `autoShutdown` that counts
   */
  ended(child: Cell, byItself: boolean): void {
    this.#remove(child);
    if (child.isPooled) lostWorker(this.#owner, this.#size);
    const { autoShutdown } = this.#owner.options;
    if (!byItself || autoShutdown === "never" || this.#owner.isGuardian) return;
    const left = this.list().filter(({ options }) => options.significant).length;
    if (shutsDown(autoShutdown, child.options, left)) stopSelf(this.#owner);
  }

  #remove(child: Cell): void {
    const { elder, younger } = child;
    if (elder === undefined) this.#first = younger;
    else elder.younger = younger;
    if (younger === undefined) this.#last = elder;
    else younger.elder = elder;
    child.elder = undefined;
    child.younger = undefined;
    this.#size--;
    if (this.#names.get(child.name) === child) this.#names.delete(child.name);
  }

  /** All children, in start order. */
  list(): readonly Cell[] {
    const cells: Cell[] = [];
    for (let cell = this.#first; cell !== undefined; cell = cell.younger) cells.push(cell);
    return cells;
  }

  /** Stops all, the youngest first, each when the next younger one has ended. */
  async stopAll(how: StopHow): Promise<void> {
    for (let child = this.#last; child !== undefined; child = this.#last) await stop(child, how);
  }

  /** Ends the waits of a stop that is under way. */
  hurry(): void {
    for (const child of this.list().toReversed()) void stop(child, "kill");
  }

  /** A child's handler or `init` threw, or it stopped by itself; decides and acts. */
  childExited(child: Cell, exit: Exit, operation: string, error: unknown): void {
    const records = child.holdings;
    if (records.keeper !== undefined) {
      records.keeper.exited(exit, operation, error);
      return;
    }
    const nowMs = this.#kernel.nowMs();
    const { options } = this.#owner;
    if (nowMs - records.startedAtMs >= child.options.pause.maxMs) records.inRow = 0;
    const isFirstStart = exit === "failed" && !child.hasStarted;
    const directive = decide({
      exit,
      restart: isFirstStart ? "temporary" : child.options.restart,
      decision: isFirstStart ? undefined : this.#decision(child, exit, error),
      childRestarts: records.restarts,
      allRestarts: this.#restarts,
      childLimit: options.childLimit,
      limit: options.limit,
      pause: child.options.pause,
      inRow: records.inRow,
      nowMs,
      draw: this.#kernel.ports.random.next(),
    });
    if (exit !== "normal") this.#report(child, operation, error, directive);
    this.#perform(child, exit, directive, error, nowMs);
    if (isFirstStart) this.#countFailedStart(nowMs);
  }

  #decision(child: Cell, exit: Exit, error: unknown): Decision | undefined {
    const { decide: decider } = this.#owner.options;
    if (exit !== "failed" || decider === undefined) return undefined;
    try {
      const decision = decider(error, child.address);
      return decision === "resume" && !canGoOn(child, error) ? undefined : decision;
    } catch (thrown) {
      this.#owner.log.error({ err: thrown }, "the decider threw; the table of exits decides");
      return undefined;
    }
  }

  #perform(child: Cell, exit: Exit, directive: Directive, error: unknown, nowMs: number): void {
    switch (directive.type) {
      case "resume":
        resume(child);
        return;
      case "end":
        child.holdings.endsByItself = true;
        void stop(child, "stop", exit === "normal" ? "normal" : "failed");
        return;
      case "restart":
        this.#count(child, nowMs);
        void this.#restart(this.#touched(child), child, directive.delayMs);
        return;
      case "give-up":
        this.#giveUp(child, directive.limit);
        return;
      case "escalate":
        if (this.#owner.isGuardian) void stop(child, "stop", "failed");
        else failed(this.#owner, "failed", "escalated", error);
        return;
    }
  }

  /** The system's own guardian never gives up: it ends the child instead. */
  #giveUp(child: Cell, limit: RestartLimit): void {
    if (this.#owner.isGuardian) {
      void stop(child, "stop", "intensity");
      return;
    }
    const error = new TroupeError(
      "actor.failed",
      `more than ${limit.restarts} restarts in ${limit.withinMs} ms below ${this.#owner.path}`,
    );
    failed(this.#owner, "intensity", "supervision", error);
  }

  #count(child: Cell, nowMs: number): void {
    const { options } = this.#owner;
    const records = child.holdings;
    records.inRow++;
    records.restarts = [...recent(records.restarts, options.childLimit, nowMs), nowMs];
    this.#restarts = [...recent(this.#restarts, options.limit, nowMs), nowMs];
    this.counted?.(child);
  }

  /** A first start that failed is not repeated, but counts as a restart. */
  #countFailedStart(nowMs: number): void {
    const { childLimit, limit } = this.#owner.options;
    if (this.#owner.isGuardian) return;
    const allRestarts = this.#restarts;
    const spent = exceededLimit({ childRestarts: [], allRestarts, childLimit, limit, nowMs });
    this.#restarts = [...recent(allRestarts, limit, nowMs), nowMs];
    if (spent === undefined) return;
    const error = new TroupeError("actor.failed", `too many failures below ${this.#owner.path}`);
    failed(this.#owner, "intensity", "supervision", error);
  }

  #touched(child: Cell): readonly Cell[] {
    const { strategy } = this.#owner.options;
    return strategy === "one-for-one" ? [child] : touchedBy(strategy, this.list(), child);
  }

  async #restart(touched: readonly Cell[], cause: Cell, delayMs: number): Promise<void> {
    const ticket = ++this.#tickets;
    for (const child of touched) child.holdings.ticket = ticket;
    const isOurs = (child: Cell): boolean => child.holdings.ticket === ticket;
    for (const child of touched.toReversed()) {
      if (!isOurs(child)) continue;
      const stays = child === cause || shouldRestart(child.options.restart, "group");
      await (stays ? takeDownForRestart(child) : stop(child, "stop"));
    }
    await new Delay(this.#kernel.wheel, this.#kernel.nowMs(), delayMs).over;
    for (const child of touched) if (isOurs(child)) await startAgain(child);
  }

  /** S7: one line per failure. */
  #report(child: Cell, operation: string, error: unknown, directive: Directive): void {
    const decision = directive.type === "end" ? "stop" : directive.type;
    const { path, generation } = child;
    const attempt = child.holdings.inRow + 1;
    child.log.error(
      { path, incarnation: generation, operation, attempt, decision, err: error },
      "actor failed",
    );
    const { clock, events } = this.#kernel.ports;
    const message = messageOf(error);
    child.holdings.lastFailure = { operation, message, atMs: clock.nowMs() };
    if (!events.watched) return;
    events.emit({
      type: "actor.failed",
      path,
      generation,
      operation,
      message,
      decision: decision === "give-up" ? "escalate" : decision,
    });
  }
}

/** Whether a failed child may be let go on as if nothing had happened. */
export function canGoOn(child: Cell, error: unknown): boolean {
  // A handler past its limit runs on, and without `init` there is no state.
  if (isOverrun(error) || !child.hasState) return false;
  if (child.holdings.standIn?.canGoOn === false) return false;
  const { children } = child.holdings;
  // A failure that came from below left somebody standing still, or nobody to hand messages to.
  if (children?.hasFailed === true) return false;
  return !child.behavior.isPool || (children !== undefined && children.size > 0);
}

/** A pool without workers has nobody to hand messages to: for its supervisor that is a failure. */
function lostWorker(pool: Cell, left: number): void {
  wake(pool);
  const { context } = pool;
  if (left > 0 || (pool.phase !== Phase.running && pool.phase !== Phase.draining)) return;
  const error = new TroupeError("actor.failed", `${pool.address} has no workers left`);
  acceptSystem(pool, () => {
    if (pool.context === context) throw error;
  });
}
