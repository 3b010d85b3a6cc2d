/**
 * The actor that stands in, below its supervisor, for a child on another node.
 *
 * Owns: what it does with messages: it passes them on, in their order, and whoever waits for an answer
 * gets it from the child itself. Where the child is, is `seat.ts`.
 *
 * S6: while the link to the child's node takes no more, messages wait here, and then the mailbox refuses.
 * S8: messages that come while the child is restarted wait here too, and go on in order.
 *
 * Cost: one more mailbox per message; an ask or a stream occupies it no longer than a tell.
 */
import type { ActorOptions, SpawnOptions } from "../actor.ts";
import type { AnyContext, AnyDefinition } from "../kernel/behavior.ts";
import type { Context } from "../kernel/context.ts";
import { Delay } from "../kernel/delay.ts";
import type { Message } from "../kernel/message.ts";
import { deadLetter, drop } from "../kernel/message-outcome.ts";
import type { Seat } from "./seat.ts";

const PAUSE_MS = 5;
/** How long a tell waits for room on the link. */
const ROOM_MS = 30_000;

/** The definition of what stands in for `definition`, with the options that are its supervisor's concern. */
export function standInFor(definition: AnyDefinition, seat: Seat): AnyDefinition {
  const operations = Object.keys(definition.protocol.operations);
  return {
    protocol: definition.protocol,
    init: (input, ctx) => seat.start((ctx as Context).cell, input, ctx.signal),
    handlers: Object.fromEntries(
      operations.map((operation) => [operation, (ctx: AnyContext) => passOn(ctx as Context, seat)]),
    ),
    hooks: { stopping: (ctx) => seat.leave((ctx as Context).cell) },
    options: {},
  };
}

/** Of a child's options those that hold for what stands in for it. */
export function standInOptions(
  { restart, backoff, mailbox, shutdown }: ActorOptions,
  { name, significant }: SpawnOptions,
): SpawnOptions {
  return {
    ...(restart === undefined ? {} : { restart }),
    ...(backoff === undefined ? {} : { backoff }),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(name === undefined ? {} : { name }),
    ...(significant === undefined ? {} : { significant }),
    ...(shutdown === undefined ? {} : { shutdown }),
  };
}

function passOn(context: Context, seat: Seat): Promise<void> | undefined {
  const { cell, message } = context;
  const target = seat.address;
  if (message === undefined) return undefined;
  if (target === undefined) {
    context.release();
    drop(cell, message, "stopped");
    return undefined;
  }
  if (message.handler.kind === "tell") {
    return cell.kernel.outward.pass(cell, message, target)
      ? undefined
      : passedOnceThereIsRoom(context, message, seat);
  }
  // It is answered elsewhere: this actor is done with it.
  context.release();
  cell.kernel.outward.pass(cell, message, target);
  return undefined;
}

async function passedOnceThereIsRoom(
  context: Context,
  message: Message,
  seat: Seat,
): Promise<void> {
  const { cell } = context;
  const { kernel } = cell;
  const untilMs = kernel.nowMs() + ROOM_MS;
  while (context.isCurrent && !cell.isAborted && kernel.nowMs() < untilMs) {
    await new Delay(kernel.wheel, kernel.nowMs(), PAUSE_MS).over;
    const target = seat.address;
    if (target !== undefined && kernel.outward.pass(cell, message, target)) return;
  }
  deadLetter(cell, message, "disconnected");
}
