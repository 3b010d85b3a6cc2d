/**
 * Between the cells of this process and the envelopes of the transport.
 *
 * Owns: what each envelope means to the actors here, and the envelopes that their sends become.
 * Carrying them is the transport's, who is alive the membership's.
 *
 * I1: what arrives is checked: its sender against the node that the wire vouches for, its request
 *     against the operation's schema. I2: what cannot be delivered is reported back, so that the
 *     sending node knows. I3: once a node is down, or frames from it are lost, nothing waits for an
 *     answer from it.
 */
import type { ActorRef } from "../actor-ref.ts";
import { type Address, addressOf, nodeOf, pathOf } from "../address.ts";
import type { DeadLetterReason } from "../dead-letter.ts";
import type { ExitReason } from "../exit-reason.ts";
import { askCycle, neverRan, streamAborted } from "../kernel/ask-error.ts";
import type { OperationHandler } from "../kernel/behavior.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Context } from "../kernel/context.ts";
import type { Watch } from "../kernel/death-watch.ts";
import type { Kernel, Outward } from "../kernel/kernel.ts";
import { type Directory, PathRef } from "../kernel/local-ref.ts";
import { Message } from "../kernel/message.ts";
import { parseMessageType } from "../kernel/message-type.ts";
import { parseTraceparent, type Span, spanUnder } from "../kernel/span.ts";
import { Topics } from "../kernel/topics.ts";
import { validated } from "../kernel/validation.ts";
import type { TransportSink } from "../ports/transport.ts";
import type { Operations, Protocol } from "../protocol.ts";
import { err, ok, type Result } from "../result.ts";
import {
  type ErrorCode,
  type ErrorRecord,
  errorFromRecord,
  errorRecord,
  TroupeError,
} from "../troupe-error.ts";
import { type Envelope, EnvelopeKind, type EnvelopeKindNumber } from "./envelope.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { RemoteRef } from "./remote-ref.ts";
import { type Answers, RemoteReply } from "./remote-reply.ts";
import { RemoteWatches } from "./remote-watches.ts";

/** The longest an accepted message of another node may take when it names no limit. */
const MOST_TTL_MS = 86_400_000;

type Parts = Partial<Omit<Envelope, "kind" | "id">> & { readonly to: string };

/** The node's switchboard. */
export class Remote implements Outward, TransportSink, Answers {
  readonly kernel: Kernel;
  readonly calls: RemoteCalls = new RemoteCalls();
  readonly #directory: Directory;
  readonly #watches: RemoteWatches;
  readonly #topics: Topics;
  /** Calls of other nodes under way here, by node and correlation. */
  readonly #incoming = new Map<string, RemoteReply>();
  #lastId = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
    this.kernel = directory.kernel;
    this.#watches = new RemoteWatches(this);
    this.#topics = new Topics(this.kernel.ports.transport);
  }

  // Outward: what the actors of this node want of others.

  refOf<O extends Operations>(
    protocol: Protocol<O>,
    address: Address,
    owner: Context | undefined,
  ): ActorRef<O> {
    const path = pathOf(address);
    if (path === "") throw new TypeError(`not an address: ${JSON.stringify(address)} (node/path)`);
    if (nodeOf(address) === this.kernel.node) {
      return new PathRef(this.#directory, protocol, path, owner).as();
    }
    return new RemoteRef(this, protocol, address, owner).as();
  }

  watch(watch: Watch): void {
    if (nodeOf(watch.target) !== this.kernel.node) {
      this.#watches.add(watch);
      return;
    }
    const cell = this.#directory.find(pathOf(watch.target));
    if (cell === undefined) watch.notify("no-such-actor");
    else cell.addWatcher(watch);
  }

  unwatch(watch: Watch): void {
    if (nodeOf(watch.target) !== this.kernel.node) this.#watches.remove(watch);
    else this.#directory.find(pathOf(watch.target))?.removeWatcher(watch);
  }

  publish(topic: string, payload: unknown, from: Address): boolean {
    const envelope = this.#envelope(EnvelopeKind.topic, { to: topic, from, body: payload });
    return this.kernel.ports.transport.publish(topic, envelope);
  }

  subscribe(topic: string, cell: Cell, handler: OperationHandler): void {
    this.#topics.subscribe(topic, cell, handler);
  }

  unsubscribe(topic: string, cell: Cell): void {
    this.#topics.unsubscribe(topic, cell);
  }

  /** Hands an envelope to the link; `false` when it takes no more. */
  send(node: string, kind: EnvelopeKindNumber, parts: Parts): boolean {
    return this.kernel.ports.transport.send(node, this.#envelope(kind, parts));
  }

  sendCredit(node: string, correlation: number, total: number): void {
    this.send(node, EnvelopeKind.credit, { to: "", correlation, sequence: total });
  }

  /** The caller gave up: its slot is free, and the callee learns of it. */
  sendCancel(node: string, correlation: number): void {
    if (this.calls.take(correlation, node) === undefined) return;
    this.send(node, EnvelopeKind.cancel, { to: "", correlation });
  }

  // Answers: what the actors of this node say to callers elsewhere.

  reply(to: RemoteReply, value: unknown): void {
    this.#forget(to);
    const kind = to.isStream ? EnvelopeKind.end : EnvelopeKind.reply;
    this.#answer(to, kind, value);
  }

  failure(to: RemoteReply, error: ErrorRecord): void {
    this.#forget(to);
    this.#answer(to, EnvelopeKind.failure, error);
  }

  chunk(to: RemoteReply, sequence: number, value: unknown): void {
    this.#answer(to, EnvelopeKind.chunk, value, sequence);
  }

  #answer(to: RemoteReply, kind: EnvelopeKindNumber, body: unknown, sequence?: number): void {
    const { node, correlation } = to.caller;
    const sent = this.send(node, kind, {
      to: "",
      from: to.cell.address,
      correlation,
      body,
      ...(sequence === undefined ? {} : { sequence }),
    });
    if (sent) return;
    // A chunk that is missing would only be noticed by the next one; there will be none.
    if (kind === EnvelopeKind.chunk) to.abandon();
    this.kernel.deadLetters.add({
      to: addressOf(node, ""),
      from: to.cell.address,
      type: to.type,
      body,
      reason: "disconnected",
    });
  }

  // TransportSink: what arrives.

  received(from: string, envelope: Envelope): void {
    if (envelope.from !== "" && nodeOf(envelope.from) !== from) {
      this.kernel.ports.log.warn({ from, claims: envelope.from }, "dropped a forged envelope");
      return;
    }
    switch (envelope.kind) {
      case EnvelopeKind.tell:
        this.#receiveTell(from, envelope);
        return;
      case EnvelopeKind.ask:
      case EnvelopeKind.open:
        this.#receiveCall(from, envelope);
        return;
      case EnvelopeKind.reply:
      case EnvelopeKind.end:
        this.#receiveReply(from, envelope);
        return;
      case EnvelopeKind.failure:
        this.#receiveFailure(from, envelope);
        return;
      case EnvelopeKind.chunk:
        this.#receiveChunk(from, envelope);
        return;
      case EnvelopeKind.credit:
        this.#incoming.get(keyOf(from, envelope))?.credit(envelope.sequence ?? 0);
        return;
      case EnvelopeKind.cancel: {
        const reply = this.#incoming.get(keyOf(from, envelope));
        this.#incoming.delete(keyOf(from, envelope));
        reply?.abandon();
        return;
      }
      case EnvelopeKind.watch:
        this.#watches.watched(from, envelope.to, this.#directory.find(envelope.to));
        return;
      case EnvelopeKind.unwatch:
        this.#watches.unwatched(from, envelope.to);
        return;
      case EnvelopeKind.terminated:
        this.#watches.ended(envelope.from, envelope.body as ExitReason);
        return;
      case EnvelopeKind.undelivered:
        this.kernel.deadLetters.report({
          to: envelope.from,
          from: addressOf(this.kernel.node, envelope.to),
          type: envelope.type,
          body: undefined,
          reason: envelope.body as DeadLetterReason,
        });
        return;
      case EnvelopeKind.topic:
        this.#receivePublished(envelope);
        return;
    }
  }

  undelivered(
    to: string,
    envelope: Envelope,
    reason: "disconnected" | "overflow" | "too-large" | "undecodable",
  ): void {
    const letterReason = reason === "overflow" ? "disconnected" : reason;
    const address = addressOf(to, envelope.to);
    switch (envelope.kind) {
      case EnvelopeKind.ask:
      case EnvelopeKind.open: {
        const call = this.calls.take(envelope.correlation, to);
        const why = `${envelope.type} never left for ${address}: ${reason}`;
        call?.waiting.reject(new TroupeError(codeOf(reason), why, { outcome: "never-ran" }));
        return;
      }
      case EnvelopeKind.reply:
      case EnvelopeKind.end:
      case EnvelopeKind.chunk:
        this.#answerUndelivered(to, envelope, reason);
        return;
      case EnvelopeKind.watch:
      case EnvelopeKind.terminated:
        void this.#watches.renew(to);
        return;
      case EnvelopeKind.tell:
      case EnvelopeKind.topic: {
        const { from, type, body } = envelope;
        this.kernel.deadLetters.add({ to: address, from, type, body, reason: letterReason });
        return;
      }
      case EnvelopeKind.failure:
      case EnvelopeKind.credit:
      case EnvelopeKind.cancel:
      case EnvelopeKind.unwatch:
      case EnvelopeKind.undelivered:
        return;
    }
  }

  lost(node: string): void {
    this.#failCalls(node, "node.disconnected", `frames from ${node} are lost`);
    for (const reply of [...this.#incoming.values()]) {
      if (reply.caller.node !== node) continue;
      reply.breakOff(streamAborted(reply.type, `frames from ${node} are lost`, 0));
    }
    void this.#watches.renew(node);
  }

  /** The membership declared a node down. */
  nodeDown(node: string): void {
    this.#failCalls(node, "node.down", `${node} is down`);
    for (const [key, reply] of [...this.#incoming]) {
      if (reply.caller.node !== node) continue;
      this.#incoming.delete(key);
      reply.abandon();
    }
    this.#watches.nodeDown(node);
  }

  #failCalls(node: string, code: ErrorCode, why: string): void {
    for (const [correlation, call] of this.calls.takeAll(node)) {
      // Harmless when the node is gone; when only an answer is, its callee need not go on.
      this.send(node, EnvelopeKind.cancel, { to: "", correlation });
      const error =
        call.waiting.kind === "stream"
          ? streamAborted(call.type, why, 0)
          : new TroupeError(code, `no answer to ${call.type} from ${call.to}: ${why}`, {
              outcome: "unknown",
            });
      call.waiting.reject(error);
    }
  }

  #receiveTell(from: string, envelope: Envelope): void {
    const { type, body } = envelope;
    const cell = this.#directory.find(envelope.to);
    const handler = cell === undefined ? undefined : handlerOf(cell, type, "tell");
    const checked = validated(handler?.request, body);
    let reason: DeadLetterReason;
    if (cell === undefined) reason = "no-such-actor";
    else if (handler === undefined) reason = "no-handler";
    else if (!checked.ok) reason = "undecodable";
    else {
      const span = this.#span(envelope);
      const message = new Message(handler, checked.value, sender(envelope), undefined, span);
      // A cell that refuses has counted the letter itself.
      if (!cell.accept(message)) this.#reportBack(from, envelope, "mailbox-full");
      return;
    }
    const to = addressOf(this.kernel.node, envelope.to);
    this.kernel.deadLetters.add({ to, from: envelope.from, type, body, reason });
    this.#reportBack(from, envelope, reason);
  }

  #reportBack(node: string, { to, from, type }: Envelope, reason: DeadLetterReason): void {
    this.send(node, EnvelopeKind.undelivered, {
      to: pathOf(from),
      from: addressOf(this.kernel.node, to),
      type,
      body: reason,
    });
  }

  #receiveCall(from: string, envelope: Envelope): void {
    const admitted = this.#admitted(envelope);
    if (!admitted.ok) {
      this.send(from, EnvelopeKind.failure, {
        to: "",
        from: addressOf(this.kernel.node, envelope.to),
        correlation: envelope.correlation,
        body: errorRecord(admitted.error),
      });
      return;
    }
    const { cell, handler, body } = admitted.value;
    const ttlMs = envelope.ttlMs > 0 ? Math.min(envelope.ttlMs, MOST_TTL_MS) : MOST_TTL_MS;
    const caller = {
      node: from,
      correlation: envelope.correlation,
      address: envelope.from,
      deadlineMs: this.kernel.nowMs() + ttlMs,
      chain: envelope.askChain,
    };
    const isStream = envelope.kind === EnvelopeKind.open;
    const call = { type: envelope.type, isStream, credit: envelope.sequence ?? 0 };
    const reply = new RemoteReply(this, caller, cell, call);
    this.#incoming.set(keyOf(from, envelope), reply);
    cell.accept(new Message(handler, body, sender(envelope), reply, this.#span(envelope)));
  }

  /** The cell, handler and checked request of a call, or why it is refused. */
  #admitted(
    envelope: Envelope,
  ): Result<
    { readonly cell: Cell; readonly handler: OperationHandler; readonly body: unknown },
    TroupeError
  > {
    const { to, type, askChain = [] } = envelope;
    const kind = envelope.kind === EnvelopeKind.open ? "stream" : "ask";
    const address = addressOf(this.kernel.node, to);
    const cell = this.#directory.find(to);
    if (cell === undefined) return err(neverRan("actor.not-found", `nobody lives at ${address}`));
    const handler = handlerOf(cell, type, kind);
    if (handler === undefined) {
      return err(neverRan("actor.no-handler", `${address} has no ${kind} ${type}`));
    }
    const checked = validated(handler.request, envelope.body);
    if (!checked.ok) {
      return err(neverRan("ask.invalid", `the request of ${type}: ${checked.error}`));
    }
    const at = askChain.indexOf(address);
    return at < 0
      ? ok({ cell, handler, body: checked.value })
      : err(askCycle([...askChain.slice(at), address]));
  }

  #receiveReply(from: string, envelope: Envelope): void {
    const call = this.calls.take(envelope.correlation, from);
    if (call === undefined) return;
    const checked = validated(call.schemas?.reply, envelope.body);
    if (checked.ok) call.waiting.resolve(checked.value);
    else {
      const why = `the reply of ${call.type}: ${checked.error}`;
      call.waiting.reject(new TroupeError("ask.invalid", why, { outcome: "unknown" }));
    }
  }

  #receiveFailure(from: string, envelope: Envelope): void {
    const call = this.calls.take(envelope.correlation, from);
    call?.waiting.reject(errorFromRecord(recordIn(envelope.body)));
  }

  #receiveChunk(from: string, envelope: Envelope): void {
    const call = this.calls.find(envelope.correlation, from);
    if (call === undefined || call.waiting.kind !== "stream") return;
    const checked = validated(call.schemas?.chunk, envelope.body);
    if (checked.ok) {
      call.waiting.chunk(envelope.sequence ?? 0, checked.value);
      return;
    }
    this.sendCancel(from, envelope.correlation);
    const why = `a chunk of ${call.type}: ${checked.error}`;
    call.waiting.reject(new TroupeError("ask.invalid", why, { outcome: "unknown" }));
  }

  #receivePublished(envelope: Envelope): void {
    for (const [cell, handler] of this.#topics.subscribers(envelope.to)) {
      const checked = validated(handler.request, envelope.body);
      if (checked.ok) {
        cell.accept(
          new Message(handler, checked.value, sender(envelope), undefined, this.#span(envelope)),
        );
        continue;
      }
      this.kernel.deadLetters.add({
        to: cell.address,
        from: envelope.from,
        type: handler.type,
        body: envelope.body,
        reason: "undecodable",
      });
    }
  }

  /** An answer that cannot travel becomes an error that can. */
  #answerUndelivered(
    to: string,
    envelope: Envelope,
    reason: "disconnected" | "overflow" | "too-large" | "undecodable",
  ): void {
    const reply = this.#incoming.get(keyOf(to, envelope));
    this.#incoming.delete(keyOf(to, envelope));
    reply?.abandon();
    const why = `the answer could not be carried: ${reason}`;
    this.send(to, EnvelopeKind.failure, {
      to: "",
      from: envelope.from,
      correlation: envelope.correlation,
      body: errorRecord(new TroupeError(codeOf(reason), why, { outcome: "unknown" })),
    });
  }

  #forget(reply: RemoteReply): void {
    this.#incoming.delete(`${reply.caller.node}#${reply.caller.correlation}`);
  }

  #span(envelope: Envelope): Span | undefined {
    const { events, random, clock } = this.kernel.ports;
    if (!events.watched) return undefined;
    return spanUnder(parseTraceparent(envelope.traceparent), random, clock.nowMs());
  }

  #envelope(kind: EnvelopeKindNumber, parts: Parts): Envelope {
    return {
      kind,
      id: ++this.#lastId,
      from: "",
      correlation: 0,
      type: "",
      body: undefined,
      ttlMs: 0,
      ...parts,
    };
  }
}

function handlerOf(
  cell: Cell,
  type: string,
  kind: OperationHandler["kind"],
): OperationHandler | undefined {
  const parsed = parseMessageType(type);
  if (parsed === undefined) return undefined;
  const handler = cell.behavior.find(parsed.operation);
  return handler?.type === type && handler.kind === kind ? handler : undefined;
}

function sender(envelope: Envelope): Address | undefined {
  return envelope.from === "" ? undefined : envelope.from;
}

function keyOf(node: string, envelope: Envelope): string {
  return `${node}#${envelope.correlation}`;
}

function codeOf(reason: "disconnected" | "overflow" | "too-large" | "undecodable"): ErrorCode {
  switch (reason) {
    case "too-large":
      return "payload.too-large";
    case "undecodable":
      return "ask.undecodable";
    case "disconnected":
    case "overflow":
      return "node.disconnected";
  }
}

/** What another node says is an error; anything may arrive. */
function recordIn(body: unknown): ErrorRecord {
  if (typeof body === "object" && body !== null && "code" in body && "message" in body) {
    return body as ErrorRecord;
  }
  return { code: "ask.undecodable", message: "the failure could not be read", outcome: "unknown" };
}
