/**
 * One client's session at a gateway: its messages become tells, asks and streams of this node.
 *
 * Owns: what the client has under way. Order and loss are the link's; whom it may reach (H3, H4) says
 * `reached-actor.ts`.
 *
 * H1: what a client has under way is bounded; past that an ask is refused as never run.
 * H2: a stream's chunks leave only as far as the client has given credit, for which it waits no longer than
 *     the stream may take: one that its client neither reads nor cancels frees its place then.
 * H5: when the session ends, everything under way is cancelled.
 */
import type { ReplyStream } from "../../runtime/actor-ref.ts";
import { isOfRuntime, nodeOf, pathOf } from "../../runtime/address.ts";
import { neverRan, timedOut } from "../../runtime/kernel/ask-error.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Scheduler } from "../../runtime/ports/scheduler.ts";
import type { UndeliveredReason } from "../../runtime/ports/transport.ts";
import type { Operation } from "../../runtime/protocol.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { undeliveredCode } from "../../runtime/remote/undelivered.ts";
import type { System } from "../../runtime/system.ts";

import { type ErrorRecord, errorRecord, TroupeError } from "../../runtime/troupe-error.ts";

import { Link, type LinkClaims } from "../wire/link.ts";
import type { IngressRole } from "../wire/node-subject.ts";
import type { Hello } from "./client-hello.ts";
import { type ReachedActor, reachedActor } from "./reached-actor.ts";

const UNDER_WAY = 1_024;
/** Made once: a client may be refused a hundred thousand times a second, and an error costs 20 µs. */
const TOO_MANY: ErrorRecord = errorRecord(
  neverRan("mailbox.full", `a client may have ${UNDER_WAY} asks under way`),
);
const DEFAULT_TIMEOUT_MS = 30_000;
/** The longest that anything of a client's may take, as for nodes: whatever it says, an actor is free again. */
const MOST_TIMEOUT_MS = 86_400_000;

/** What an {@link IngressSession} is made of. */
export interface IngressSessionOptions {
  readonly role: IngressRole;
  readonly system: System;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** This gateway's incarnation. */
  readonly incarnation: string;
  /** What the client said of itself. */
  readonly hello: Hello;
  /** Absent: as the first release. */
  readonly claims: Omit<LinkClaims, "unreadable"> | undefined;
  connected(): boolean;
  publish(bytes: Uint8Array): void;
}

interface UnderWay {
  /** The envelope that began it. */
  readonly opening: Envelope;
  readonly abort: AbortController;
  /** How many chunks the client has room for in all. */
  credit: number;
  /** Called when there is more credit. */
  wake: () => void;
}

/** A client's session; see the file's header. */
export class IngressSession {
  readonly link: Link;
  readonly #options: IngressSessionOptions;
  readonly #underWay = new Map<number, UnderWay>();
  #nextId = 1;
  #lastMs: number;
  #closed: boolean = false;

  constructor(options: IngressSessionOptions) {
    this.#options = options;
    const { hello, claims } = options;
    this.#lastMs = options.clock.monotonicMs();
    this.link = new Link(
      {
        clock: options.clock,
        scheduler: options.scheduler,
        incarnation: options.incarnation,
        connected: () => options.connected(),
        publish: (bytes) => options.publish(bytes),
        deliver: (envelope) => this.#take(envelope),
        handBack: (envelope, reason) => this.#answerInstead(envelope, reason),
        lost: () => {},
        claims: claims && {
          ...claims,
          unreadable: (envelope, why) => this.#refuseUnreadable(envelope, why),
        },
      },
      hello.incarnation,
      hello.reads,
    );
  }

  /** Streams of programs' actors that the client reads now. */
  get streams(): number {
    let streams = 0;
    for (const { opening } of this.#underWay.values())
      if (opening.kind === EnvelopeKind.open && !isOfRuntime(pathOf(opening.to))) streams++;
    return streams;
  }

  /** The client was heard of. */
  touch(): void {
    this.#lastMs = this.#options.clock.monotonicMs();
  }

  /** How long the client has not been heard of. */
  idleMs(): number {
    return this.#options.clock.monotonicMs() - this.#lastMs;
  }

  /** Cancels what is under way, and tells the client as far as it can still be told. */
  close(): void {
    for (const { opening, abort, wake } of this.#underWay.values()) {
      this.#fail(
        opening,
        new TroupeError("node.down", "the gateway ended the session", { outcome: "unknown" }),
      );
      abort.abort();
      wake();
    }
    this.#underWay.clear();
    this.link.flush();
    this.#closed = true;
    this.link.close();
  }

  #take(envelope: Envelope): void {
    const { kind, correlation } = envelope;
    switch (kind) {
      case EnvelopeKind.tell:
        this.#tell(envelope);
        return;
      case EnvelopeKind.ask:
        this.#begin(envelope, (underWay) => this.#ask(envelope, underWay));
        return;
      case EnvelopeKind.open:
        this.#begin(envelope, (underWay) => this.#stream(envelope, underWay));
        return;
      case EnvelopeKind.credit: {
        const underWay = this.#underWay.get(correlation);
        if (underWay === undefined) return;
        underWay.credit = Math.max(underWay.credit, envelope.sequence ?? 0);
        underWay.wake();
        return;
      }
      case EnvelopeKind.cancel: {
        const underWay = this.#underWay.get(correlation);
        underWay?.abort.abort();
        underWay?.wake();
        return;
      }
      case EnvelopeKind.reply:
      case EnvelopeKind.failure:
      case EnvelopeKind.chunk:
      case EnvelopeKind.end:
      case EnvelopeKind.watch:
      case EnvelopeKind.unwatch:
      case EnvelopeKind.terminated:
      case EnvelopeKind.undelivered:
      case EnvelopeKind.topic:
      case EnvelopeKind.moved:
      case EnvelopeKind.barrier:
      case EnvelopeKind.passed:
      case EnvelopeKind.part:
      case EnvelopeKind.chunks:
        // Only nodes have actors that could be asked, watched or subscribed.
        return;
    }
  }

  #tell(envelope: Envelope): void {
    let accepted = false;
    let reason = "no-such-actor";
    try {
      const { ref, operation } = this.#reached(envelope, "tell");
      const tell = ref.tell as (operation: string, payload: unknown) => boolean;
      accepted = tell.call(ref, operation, envelope.body);
    } catch (error) {
      // An address or a type that names nothing: the client is told like of any other letter.
      if (error instanceof TroupeError && error.code === "access.denied") reason = "denied";
    }
    if (!accepted) this.#answer(envelope, EnvelopeKind.undelivered, reason);
  }

  /** A message of the client whose body cannot be had: it never ran. */
  #refuseUnreadable(envelope: Envelope, why: string): void {
    const { kind, type } = envelope;
    if (kind === EnvelopeKind.tell) this.#answer(envelope, EnvelopeKind.undelivered, "undecodable");
    else if (kind === EnvelopeKind.ask || kind === EnvelopeKind.open)
      this.#fail(
        envelope,
        neverRan("store.unavailable", `the request of ${type} was not delivered: ${why}`),
      );
  }

  #begin(envelope: Envelope, run: (underWay: UnderWay) => Promise<void>): void {
    const { correlation } = envelope;
    // No client's own doing: what one number stood for several times would not be counted.
    if (this.#underWay.has(correlation)) return;
    if (this.#underWay.size >= UNDER_WAY) {
      this.#answer(envelope, EnvelopeKind.failure, TOO_MANY);
      return;
    }
    const underWay: UnderWay = {
      opening: envelope,
      abort: new AbortController(),
      credit: envelope.sequence ?? 0,
      wake: () => {},
    };
    this.#underWay.set(correlation, underWay);
    run(underWay)
      .catch((error: unknown) => this.#fail(envelope, error))
      .finally(() => this.#underWay.delete(correlation));
  }

  async #ask(envelope: Envelope, { abort }: UnderWay): Promise<void> {
    const { ref, operation } = this.#reached(envelope, "ask");
    const ask = ref.ask as (operation: string, ...args: unknown[]) => Promise<unknown>;
    const reply = await ask.call(ref, operation, envelope.body, optionsOf(envelope, abort));
    this.#answer(envelope, EnvelopeKind.reply, reply);
  }

  async #stream(envelope: Envelope, underWay: UnderWay): Promise<void> {
    const { ref, operation } = this.#reached(envelope, "stream");
    const open = ref.stream as (
      operation: string,
      ...args: unknown[]
    ) => ReplyStream<unknown, unknown>;
    const { abort } = underWay;
    const options = optionsOf(envelope, abort);
    const untilMs = this.#options.clock.monotonicMs() + options.timeout;
    const stream = open.call(ref, operation, envelope.body, options);
    // Otherwise its rejection would have no handler while the loop below waits for credit.
    stream.result.catch(() => {});
    let sequence = 0;
    for await (const chunk of stream) {
      sequence++;
      if (sequence > underWay.credit) await this.#credited(underWay, sequence, untilMs);
      if (abort.signal.aborted) return;
      this.#answer(envelope, EnvelopeKind.chunk, chunk, sequence);
    }
    this.#answer(envelope, EnvelopeKind.end, await stream.result);
  }

  /**
   * Resolves when the client has room for a chunk, or has left (H2).
   *
   * @throws {TroupeError} `ask.timeout` when neither happens in time
   */
  async #credited(underWay: UnderWay, sequence: number, untilMs: number): Promise<void> {
    const { clock } = this.#options;
    let isLate = false;
    const cancelLimit = clock.after(Math.max(0, untilMs - clock.monotonicMs()), () => {
      isLate = true;
      underWay.wake();
    });
    while (sequence > underWay.credit && !underWay.abort.signal.aborted && !isLate)
      await new Promise<void>((resolve) => {
        underWay.wake = resolve;
      });
    cancelLimit();
    const { type, to } = underWay.opening;
    if (isLate && sequence > underWay.credit) throw timedOut(type, to, false);
  }

  #reached(envelope: Envelope, kind: Operation["kind"]): ReachedActor {
    const { role, system } = this.#options;
    return reachedActor(system, role, envelope, kind);
  }

  #fail(envelope: Envelope, error: unknown): void {
    this.#answer(envelope, EnvelopeKind.failure, errorRecord(error));
  }

  #answer(
    { to, correlation, type }: Envelope,
    kind: Envelope["kind"],
    body: unknown,
    sequence?: number,
  ): void {
    if (this.#closed) return;
    this.link.send({
      kind,
      id: this.#nextId++,
      to: "",
      // The address that was asked: the client knows its answers by the node.
      from: to,
      correlation,
      // Only a report of what was not delivered names it.
      type: kind === EnvelopeKind.undelivered ? type : "",
      body,
      ttlMs: 0,
      ...(sequence === undefined ? {} : { sequence }),
    });
  }

  /** An answer that cannot travel: the client learns that instead. */
  #answerInstead(envelope: Envelope, reason: UndeliveredReason): void {
    if (this.#closed || envelope.kind === EnvelopeKind.failure) return;
    const error = new TroupeError(
      undeliveredCode(reason),
      `the answer of ${nodeOf(envelope.from)} cannot be carried`,
      { outcome: "unknown" },
    );
    this.#underWay.get(envelope.correlation)?.abort.abort();
    this.#fail({ ...envelope, to: envelope.from }, error);
  }
}

function optionsOf(
  { ttlMs }: Envelope,
  abort: AbortController,
): { readonly timeout: number; readonly signal: AbortSignal } {
  const timeout = ttlMs > 0 ? Math.min(ttlMs, MOST_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS;
  return { timeout, signal: abort.signal };
}
