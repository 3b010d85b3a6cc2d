/**
 * A definition that hears reminders: its operations, and one of the runtime's own.
 *
 * Owns: what an occurrence is to the actor: the next one is armed, then the operation runs like a message.
 * Its neighbour `reminder-pump.ts` brings occurrences.
 *
 * R1: it is an ask, so whoever brings an occurrence learns that it was handled, and only then
 *     acknowledges it.
 * R2: the next occurrence is armed before this one is handled: the handler may replace it or call it off,
 *     and has the last word, since the actor handles nothing else meanwhile.
 * R3: an occurrence whose operation the program has no more, or whose payload no longer fits, is logged
 *     and dealt with: it would not fit later either.
 * R4: where the actor has signed operations it is signed itself: an occurrence brings any of them (S24).
 */
import type { AnyContext, AnyDefinition } from "../kernel/behavior.ts";
import type { Context } from "../kernel/context.ts";
import { validated } from "../kernel/validation.ts";
import type { Reminder } from "../ports/reminders.ts";
import { type Ask, ask, type Protocol, signed } from "../protocol.ts";
import { messageOf } from "../troupe-error.ts";
import { memoryOf } from "./reminder-memory.ts";
import { nextOccurrence } from "./schedule.ts";

/** The operation that brings an occurrence; no protocol can declare one of this name. */
export const REMIND = "$remind";

/** An occurrence as it is brought to its actor. */
export interface Occurrence {
  readonly reminder: Reminder;
  readonly dueMs: number;
}

/** What became of it: it is dealt with, or must come again. */
export type Heard = "done" | "again";

/** The one operation of {@link remindProtocol}. */
export type RemindOperations = { readonly [REMIND]: Ask<Occurrence, Heard> };

const operation: Ask<Occurrence, Heard> = ask<Occurrence, Heard>();

/** A protocol as whoever brings an occurrence speaks it. */
export function remindProtocol({ name, operations }: Protocol): Protocol<RemindOperations> {
  return { name, operations: { [REMIND]: operationIn(operations) } };
}

/** R4. */
function operationIn(operations: Protocol["operations"]): Ask<Occurrence, Heard> {
  const isSigned = Object.values(operations).some((one) => one.signed === true);
  return isSigned ? signed(operation) : operation;
}

/** A definition whose actors hear reminders. */
export function reminded(definition: AnyDefinition): AnyDefinition {
  const { handlers, isPool, protocol } = definition;
  if (isPool === true) return definition; // its workers take its messages
  return {
    ...definition,
    protocol: {
      ...protocol,
      operations: { ...protocol.operations, [REMIND]: operationIn(protocol.operations) },
    },
    handlers: {
      ...handlers,
      [REMIND]: (ctx, occurrence) => hear(definition, ctx, occurrence as Occurrence),
    },
  };
}

async function hear(
  { handlers, protocol }: AnyDefinition,
  ctx: AnyContext,
  { reminder, dueMs }: Occurrence,
): Promise<Heard> {
  // Where several messages are handled at a time, their contexts share the generation's.
  const memory = memoryOf((ctx as Context).root);
  if (memory.isOver(reminder, dueMs)) return "done";
  const nextMs = nextOccurrence(reminder.schedule, dueMs, ctx.clock.nowMs());
  if (nextMs !== undefined) {
    try {
      await ctx.ports.reminders?.arm(reminder, nextMs);
    } catch (error) {
      ctx.log.debug({ reminder: reminder.name, reason: messageOf(error) }, "not armed again yet");
      return "again";
    }
  }
  const of = protocol.operations[reminder.operation];
  const run = handlers[reminder.operation];
  const payload = validated(of?.schemas?.request, reminder.payload);
  if (of?.kind !== "tell" || run === undefined || !payload.ok) {
    const reason = payload.ok ? `no operation ${reminder.operation}` : payload.error;
    ctx.log.error({ reminder: reminder.name, reason }, "a reminder that this program cannot hear");
  } else {
    await run(ctx, payload.value);
  }
  memory.handled(reminder, dueMs);
  return "done";
}
