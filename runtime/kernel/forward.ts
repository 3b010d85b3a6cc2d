/**
 * Handing the ask in hand on to another actor, which answers in this one's place.
 *
 * Owns: what goes along. On the same node the asker, its deadline and its trace do, and the actor that
 * forwarded has nothing more to do with it; from another node the answer comes back through it.
 *
 * F1: the asker is answered once, by the last in line; its giving up reaches that one.
 * F2: an actor that waits for this very ask cannot be handed it (S2): the asker is refused.
 */
import type { AnyActorRef } from "../actor-ref.ts";
import { DeferredReply } from "../deferred-reply.ts";
import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { askable } from "./local-call.ts";
import { LocalRef, PathRef } from "./local-ref.ts";
import { Message } from "./message.ts";

/** What the handler returns when the answer is no business of its own any more. */
const handedOn: DeferredReply<unknown> = new DeferredReply<unknown>();

/**
 * Forwards the ask in hand.
 *
 * @throws {TypeError} when the message in hand is none
 */
export function forward(
  cell: Cell,
  context: Context,
  ref: AnyActorRef,
  operation: string,
  payload: unknown,
): DeferredReply<unknown> {
  const { message } = context;
  const reply = message?.reply;
  if (message === undefined || reply === undefined || message.handler.kind !== "ask") {
    throw new TypeError("forward: the message in hand is no ask");
  }
  const target = LocalRef.cellOf(ref) ?? PathRef.cellOf(ref);
  if (target === undefined || target.kernel !== cell.kernel) {
    const deferred = new DeferredReply<unknown>();
    // It is under way for the ask in hand: its deadline holds, and with it this wait ends.
    const asked = (ref as LocalRef).ask(operation, payload);
    asked.then(
      (value) => deferred.resolve(value),
      (error) => deferred.reject(error),
    );
    return deferred;
  }
  const asker = target === cell ? undefined : context;
  const checked = askable(target, asker, operation, payload);
  context.release();
  // So that a failure that follows names this message's handler.
  context.aside = message;
  if (checked.ok) {
    const { handler, body } = checked.value;
    reply.redirect(target);
    target.accept(new Message(handler, body, message.from, reply));
  } else {
    reply.reject(checked.error);
  }
  return handedOn;
}
