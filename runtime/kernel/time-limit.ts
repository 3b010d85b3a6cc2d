/**
 * The limit of one asynchronous handler's time.
 *
 * Owns: noticing. What follows is a failure like any other: the asker is told, the supervisor decides.
 *
 * I1: fires at most once, and not after the handler has returned.
 */
import { TroupeError } from "../troupe-error.ts";
import type { Context } from "./context.ts";
import type { Timed } from "./timer-wheel.ts";

/** Hangs on the wheel while the handler runs. */
export class TimeLimit implements Timed {
  dueMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
    const { kernel, options } = context.cell;
    kernel.wheel.add(this, kernel.nowMs(), options.timeLimitMs);
  }

  expire(): void {
    const { cell, message } = this.#context;
    const what = message === undefined ? "a hook" : message.handler.type;
    this.#context.limit = undefined;
    const why = `${what} ran longer than ${cell.options.timeLimitMs} ms`;
    cell.overran(this.#context, new TroupeError("actor.time-limit", why, { outcome: "failed" }));
  }

  /** The handler returned. */
  lift(): void {
    this.#context.cell.kernel.wheel.remove(this);
    this.#context.limit = undefined;
  }
}

/** Whether an error says that a handler ran past its limit. */
export function isOverrun(error: unknown): boolean {
  return error instanceof TroupeError && error.code === "actor.time-limit";
}
