/**
 * An envelope from another node as a message for an actor here.
 *
 * Owns: how one becomes the other, and which handler it means. What arrives was made elsewhere, by
 * whatever version of the code: an operation counts only when its name, version and kind all agree.
 */
import type { Address } from "../address.ts";
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message, type ReplyTo } from "../kernel/message.ts";
import { NoAsker } from "../kernel/no-asker.ts";
import { parseTraceparent, type Span } from "../kernel/span.ts";
import type { Envelope } from "./envelope.ts";

/** The handler of `cell` for a message type; `undefined` when it has none of that kind. */
export function handlerOf(
  cell: Cell,
  type: string,
  kind: OperationHandler["kind"],
): OperationHandler | undefined {
  const handler = cell.behavior.findByType(type);
  return handler?.kind === kind ? handler : undefined;
}

/** The tell that an envelope becomes, its body already checked; `origin` stands where an asker would. */
export function tellFrom(
  kernel: Kernel,
  envelope: Envelope,
  handler: OperationHandler,
  body: unknown,
  origin?: ReplyTo,
): Message {
  if (origin !== undefined) return new Message(handler, body, senderIn(envelope), origin);
  const span = spanOf(kernel, envelope);
  const watched = span === undefined ? undefined : new NoAsker(span);
  return new Message(handler, body, senderIn(envelope), watched);
}

/** The span of a message that an envelope becomes, while somebody watches. */
export function spanOf(kernel: Kernel, { traceparent }: Envelope): Span | undefined {
  return kernel.spanFrom(parseTraceparent(traceparent));
}

/** Who sent it; absent for a program outside any actor. */
export function senderIn({ from }: Envelope): Address | undefined {
  return from === "" ? undefined : from;
}
