/**
 * Passing the message in hand on to an actor that answers in this one's place, wherever it lives.
 *
 * Owns: what goes along: the sender as far as this node may name it, the asker's deadline, its chain and
 * its trace, the credit of a stream. Whoever passes it on has nothing more to do with it.
 *
 * P1: the asker is answered once, by the last in line; its giving up and its credit reach that one.
 * P2: what one actor passes on to one target stays in order.
 * P3: a sender of a third node is named as the actor that passed the message on: nobody vouches for
 *     more (S24).
 */
import { type Address, nodeOf, pathOf } from "../address.ts";
import { waitingFor } from "../kernel/ask-chain.ts";
import { neverRan } from "../kernel/ask-error.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Directory } from "../kernel/local-ref.ts";
import { type ChunkSink, Message, type ReplyTo, senderOf } from "../kernel/message.ts";
import { deadLetter } from "../kernel/message-outcome.ts";
import { traceparentOf } from "../kernel/span.ts";
import type { OperationSchemas } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import { EnvelopeKind } from "./envelope.ts";
import { RemoteCallee } from "./remote-callee.ts";
import type { Awaiting, RemoteCalls } from "./remote-calls.ts";

/** The asker of a message that was passed on, as the table of calls sees it. */
class PassedCall implements Awaiting {
  readonly kind: "ask" | "stream";
  readonly #reply: ReplyTo;

  constructor(kind: "ask" | "stream", reply: ReplyTo) {
    this.kind = kind;
    this.#reply = reply;
  }

  resolve(value: unknown): void {
    this.#reply.resolve(value);
  }

  reject(error: unknown): void {
    this.#reply.reject(error);
  }

  chunk(sequence: number, value: unknown): void {
    (this.#reply as ChunkSink).chunk(sequence, value);
  }
}

/** Passes messages on. */
export class Relay {
  readonly #calls: RemoteCalls;
  readonly #directory: Directory;

  constructor(calls: RemoteCalls, directory: Directory) {
    this.#calls = calls;
    this.#directory = directory;
  }

  /**
   * Passes `message`, which `cell` handles, on to `target`.
   *
   * @returns `false` when it is a tell that the link does not take now; everything else is accounted for
   */
  pass(cell: Cell, message: Message, target: Address): boolean {
    const { reply, handler } = message;
    if (reply?.settled === true) return true;
    if (nodeOf(target) === this.#directory.kernel.node) this.#passHere(cell, message, target);
    else if (handler.kind === "tell") return this.#tell(cell, message, target);
    else if (reply !== undefined) this.#call(cell, message, target, reply);
    return true;
  }

  #passHere(cell: Cell, message: Message, target: Address): void {
    const { reply, handler, payload, from } = message;
    const found = this.#directory.find(pathOf(target));
    const theirs = found?.behavior.find(handler.operation);
    if (found === undefined || theirs?.type !== handler.type) {
      if (handler.kind === "tell") deadLetter(cell, message, "no-such-actor");
      reply?.reject(neverRan("actor.not-found", `nobody lives at ${target}`));
      return;
    }
    reply?.redirect(found);
    found.accept(new Message(theirs, payload, from, reply));
  }

  #tell(cell: Cell, message: Message, target: Address): boolean {
    const letter = letterOf(cell, message, target);
    return this.#calls.postbox.send(nodeOf(target), EnvelopeKind.tell, letter);
  }

  #call(cell: Cell, message: Message, target: Address, reply: ReplyTo): void {
    const { kind, type } = message.handler;
    if (kind === "tell") return;
    const node = nodeOf(target);
    const callee = new RemoteCallee(this.#calls, target, node);
    // In this order: the credit that a stream has now travels with its opening.
    if (kind === "stream") (reply as ChunkSink).attach(callee);
    const waiting = new PassedCall(kind, reply);
    const schemas = schemasOf(message);
    const correlation = this.#calls.open({ node, to: target, type, schemas, waiting });
    if (correlation === undefined) {
      reply.reject(notSent(type, "too many calls are under way"));
      return;
    }
    callee.correlation = correlation;
    const { deadlineMs } = reply;
    const leftMs = deadlineMs - this.#calls.postbox.kernel.nowMs();
    const sent = this.#calls.postbox.send(
      node,
      kind === "ask" ? EnvelopeKind.ask : EnvelopeKind.open,
      {
        ...letterOf(cell, message, target),
        correlation,
        ttlMs: deadlineMs === 0 ? 0 : Math.max(1, Math.ceil(leftMs)),
        askChain: waitingFor(message),
        ...(kind === "stream" ? { sequence: callee.granted } : {}),
      },
    );
    if (sent) {
      reply.redirect(callee);
      return;
    }
    this.#calls.take(correlation, node);
    reply.reject(notSent(type, `the link to ${node} takes no more`));
  }
}

/** A message as it travels. */
function letterOf(
  cell: Cell,
  message: Message,
  target: Address,
): {
  readonly to: string;
  readonly from: Address;
  readonly type: string;
  readonly body: unknown;
  readonly traceparent?: string;
  readonly isSigned: boolean;
} {
  const from = senderOf(message);
  const span = message.reply?.span;
  return {
    to: pathOf(target),
    from: from === "" || nodeOf(from) === cell.kernel.node ? from : cell.address,
    type: message.handler.type,
    body: message.payload,
    // Whoever passes it on has checked it, and vouches for it.
    isSigned: message.handler.isSigned,
    ...(span === undefined ? {} : { traceparent: traceparentOf(span) }),
  };
}

function schemasOf({ handler: { chunk, reply } }: Message): OperationSchemas {
  return {
    ...(chunk === undefined ? {} : { chunk }),
    ...(reply === undefined ? {} : { reply }),
  };
}

function notSent(type: string, why: string): TroupeError {
  return new TroupeError("node.disconnected", `${type} was not sent: ${why}`, {
    outcome: "never-ran",
  });
}
