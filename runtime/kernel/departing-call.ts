/**
 * An ask or a stream on its way out of a reference that leads beyond this process, or may.
 *
 * Owns: what is checked before it goes, in which order, and what is said when it may not. Which way it
 * goes is its reference's: `remote/remote-ref.ts`, `virtual/virtual-ref.ts`.
 *
 * D1: its time runs from here, whatever way it takes.
 * D2: whatever is refused here never ran.
 */
import type { AskOptions } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import type { Operation, Protocol } from "../protocol.ts";
import type { TroupeError } from "../troupe-error.ts";
import { cancelled, neverRan, timedOut } from "./ask-error.ts";
import type { Context } from "./context.ts";
import type { IncomingStream } from "./incoming-stream.ts";
import type { Kernel } from "./kernel.ts";
import { timeoutMsOf } from "./local-call.ts";
import type { PendingReply } from "./pending-reply.ts";
import { isFenced, senderOn } from "./sender.ts";
import { validated } from "./validation.ts";

/** What is asked. */
export interface Request {
  readonly kind: "ask" | "stream";
  readonly operation: string;
  /** The message's. */
  readonly type: string;
  readonly payload: unknown;
  readonly options: AskOptions | undefined;
}

/** A call that may go. */
export interface DepartingCall {
  readonly operation: Operation;
  readonly sender: Context | undefined;
  /** Checked. */
  readonly body: unknown;
  readonly ttlMs: number;
}

/** The operation of that name; `undefined` when the protocol has none. */
export function operationOf({ operations }: Protocol, name: string): Operation | undefined {
  return Object.hasOwn(operations, name) ? operations[name] : undefined;
}

/** Opens `waiting`; `undefined` when the call may not go, which `waiting` is told. */
export function departing(
  kernel: Kernel,
  { address, protocol }: { readonly address: Address; readonly protocol: Protocol },
  owner: Context | undefined,
  request: Request,
  waiting: PendingReply | IncomingStream,
): DepartingCall | undefined {
  const sender = senderOn(kernel, owner);
  const nowMs = kernel.nowMs();
  const ttlMs = timeoutMsOf(request.options, sender?.message, nowMs);
  waiting.open(nowMs, ttlMs);
  const operation = operationOf(protocol, request.operation);
  const checked = validated(operation?.schemas?.request, request.payload);
  const { kind, type, options } = request;
  if (operation?.kind !== kind) {
    waiting.reject(neverRan("actor.no-handler", `${protocol.name} has no ${kind} ${type}`));
    return undefined;
  }
  const refusal = refusalOf(kernel, sender, { type, address, options, ttlMs });
  if (refusal !== undefined || !checked.ok) {
    const why = checked.ok ? "" : checked.error;
    waiting.reject(refusal ?? neverRan("ask.invalid", `the request of ${type}: ${why}`));
    return undefined;
  }
  return { operation, sender, body: checked.value, ttlMs };
}

function refusalOf(
  kernel: Kernel,
  sender: Context | undefined,
  call: {
    readonly type: string;
    readonly address: Address;
    readonly options: AskOptions | undefined;
    readonly ttlMs: number;
  },
): TroupeError | undefined {
  const { type, address, options, ttlMs } = call;
  if (isFenced(kernel, sender)) {
    return neverRan("actor.stopped", "the asking actor was restarted or stopped");
  }
  if (options?.signal?.aborted === true) return cancelled(type, address, true);
  if (ttlMs <= 0) return timedOut(type, address, true);
  return undefined;
}
