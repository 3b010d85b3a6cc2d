/**
 * An envelope from another node as a message for an actor here.
 *
 * Owns: how one becomes the other, and which handler it means. What arrives was made elsewhere, by
 * whatever version of the code: an operation counts only when its name, version and kind all agree.
 */
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message, type ReplyTo } from "../kernel/message.ts";
import { parseMessageType } from "../kernel/message-type.ts";
import { parseTraceparent } from "../kernel/span.ts";
import type { Envelope } from "./envelope.ts";

/** The handler of `cell` for a message type; `undefined` when it has none of that kind. */
export function handlerOf(
  cell: Cell,
  type: string,
  kind: OperationHandler["kind"],
): OperationHandler | undefined {
  const parsed = parseMessageType(type);
  if (parsed === undefined) return undefined;
  const handler = cell.behavior.find(parsed.operation);
  return handler?.type === type && handler.kind === kind ? handler : undefined;
}

/** The message that an envelope becomes, its body already checked. */
export function messageFrom(
  kernel: Kernel,
  envelope: Envelope,
  to: { readonly handler: OperationHandler; readonly body: unknown },
  reply: ReplyTo | undefined,
): Message {
  const from = envelope.from === "" ? undefined : envelope.from;
  const span = kernel.spanFrom(parseTraceparent(envelope.traceparent));
  return new Message(to.handler, to.body, from, reply, span);
}
