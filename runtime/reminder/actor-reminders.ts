/**
 * What an actor may do with its own reminders.
 *
 * A1: only virtual actors and singletons have reminders: others are nowhere to be found later.
 * A2: what cannot be delivered later is refused now: an operation that is no tell, a payload that does not
 *     fit its schema.
 */
import { generationEnded, neverRan, Stale } from "../kernel/ask-error.ts";
import type { Context } from "../kernel/context.ts";
import { validated } from "../kernel/validation.ts";
import type { ReminderOf, Reminders } from "../ports/reminders.ts";
import type { Args, Named, Operations, Request } from "../protocol.ts";
import { memoryOf } from "./reminder-memory.ts";
import { type ReminderTime, scheduleOf } from "./schedule.ts";

/**
 * Reminders of a virtual actor or a singleton: at their time the actor is activated, wherever it lives then,
 * and told an operation. They outlive every node.
 */
export interface ActorReminders<O extends Operations> {
  /**
   * Has this actor told `operation` at a time, at least once; a reminder of the same name is replaced.
   * Resolves when the reminder is stored.
   *
   * @param name - unique among this actor's reminders; any text
   * @throws {TroupeError} `store.unavailable`, `payload.too-large` or `ask.invalid`
   * @throws {TypeError | RangeError} naming what is wrong
   */
  set<N extends Named<O, "tell">>(
    name: string,
    time: ReminderTime,
    operation: N,
    ...args: Args<Request<O[N]>, []>
  ): Promise<void>;
  /** Calls a reminder off; an occurrence that is already on its way may still come after a restart. */
  cancel(name: string): Promise<void>;
}

/** The reminders of the actor that a context belongs to. */
export function actorReminders(ctx: Context): ActorReminders<Operations> {
  return {
    set: async (name: string, time: ReminderTime, operation: string, payload?: unknown) => {
      const { of, reminders } = allowed(ctx, name);
      const { schedule, firstMs } = scheduleOf(time, ctx.clock.nowMs());
      const checked = checkedPayload(ctx, operation, payload);
      const id = ctx.random.id();
      await reminders.arm({ ...of, id, operation, payload: checked, schedule }, firstMs);
      memoryOf(ctx.root).set(name, id);
    },
    cancel: async (name: string) => {
      const { of, reminders } = allowed(ctx, name);
      await reminders.cancel(of);
      memoryOf(ctx.root).set(name);
    },
  };
}

function allowed(
  ctx: Context,
  name: string,
): { readonly of: ReminderOf; readonly reminders: Reminders } {
  const { activation } = ctx;
  if (activation === undefined)
    throw new TypeError(`${ctx.cell.address} is no virtual actor or singleton: it has timers only`);
  const { reminders } = ctx.ports;
  if (reminders === undefined) throw new TypeError("this system was given no store of reminders");
  if (typeof name !== "string" || name === "")
    throw new TypeError(`a reminder has a name: ${JSON.stringify(name)}`);
  if (!ctx.isCurrent) throw generationEnded();
  const { type, key } = activation;
  if (!activation.holds()) throw new Stale(`${type}/${key} has moved`);
  return { of: { type, key, name }, reminders };
}

function checkedPayload(ctx: Context, operation: string, payload: unknown): unknown {
  const handler = ctx.cell.behavior.find(operation);
  if (handler?.isTell !== true)
    throw new TypeError(`a reminder tells an operation of its actor: ${operation} is no tell`);
  const checked = validated(handler.request, payload);
  if (checked.ok) return checked.value;
  throw neverRan("ask.invalid", `the payload of ${handler.type}: ${checked.error}`);
}
