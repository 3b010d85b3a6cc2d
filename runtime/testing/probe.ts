/**
 * An actor that a test holds: it receives what others send it, and the test looks at it.
 *
 * Owns: waiting for messages and saying what came instead. On time that a test moves, waiting moves
 * it; on a clock that runs by itself, waiting has a deadline.
 *
 * P1: messages are taken in the order in which they came, each once.
 * P2: an expectation that fails takes nothing, and says what it found.
 * P3: an ask stays open until the test answers it or its deadline passes; meanwhile the probe
 *     receives other messages. A stream keeps the probe from receiving until it has ended (S1).
 *
 * Source: Akka's TestProbe.
 */
import { AssertionError } from "node:assert";
import { type ActorContext, type ActorDefinition, actor, type Handlers } from "../actor.ts";
import type { ActorRef, AnyActorRef } from "../actor-ref.ts";
import type { Address } from "../address.ts";
import { DeferredReply } from "../deferred-reply.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { ExitReason, Terminated } from "../exit-reason.ts";
import type { Operations, Protocol, Reply, Request } from "../protocol.ts";
import type { System } from "../system.ts";
import { manualTimeOf } from "./manual-time.ts";
import { ProbeStream } from "./probe-stream.ts";
import {
  answer,
  fits,
  type Matcher,
  type ProbedMessage,
  refuse,
  shown,
  shownMessage,
  type TakenMessage,
  type WaitingMessage,
} from "./probed-message.ts";
import { SeededWorld } from "./seeded-world.ts";

/** How long to wait. */
export interface ProbeWait {
  /** Default 3 s. */
  readonly within?: Duration;
}

/** Options of {@link probe}. */
export interface ProbeOptions<O extends Operations> {
  /** The actor's name. */
  readonly name?: string;
  /** In a world: the node it lives on; default the first, or `local` when there is none. */
  readonly node?: string;
  /** Operations that are recorded in `received` but that nobody waits for. */
  readonly ignore?: readonly (keyof O & string)[];
}

const WITHIN: Duration = "3s";

/**
 * An actor that speaks `protocol` and whose messages the test takes.
 *
 * @example
 * const sink = probe(world, Sink);
 * worker.tell("workFor", sink.ref.address);
 * await sink.expectMessage("done", { id: 7 }, { within: "5s" });
 * await sink.expectNoMessage({ for: "1s" });
 */
export function probe<O extends Operations>(
  where: System | SeededWorld,
  protocol: Protocol<O>,
  options: ProbeOptions<O> = {},
): Probe<O> {
  if (!(where instanceof SeededWorld)) return new Probe(where, protocol, options);
  return new Probe(where.system(options.node ?? where.nodes[0]), protocol, options);
}

/** See {@link probe}. */
export class Probe<O extends Operations> {
  /** To hand out. */
  readonly ref: ActorRef<O>;
  readonly #system: System;
  readonly #ignored: ReadonlySet<string>;
  readonly #received: ProbedMessage[] = [];
  readonly #waiting: WaitingMessage[] = [];
  readonly #ended = new Map<Address, Terminated | undefined>();
  #taken: WaitingMessage | undefined;
  /** Those who wait for something to change, on a clock that runs by itself. */
  #waiters: (() => void)[] = [];

  constructor(system: System, protocol: Protocol<O>, options: ProbeOptions<O>) {
    const { name, ignore = [] } = options;
    this.#system = system;
    this.#ignored = new Set<string>(ignore);
    const definition = this.#definition(protocol);
    this.ref = system.spawn(definition, name === undefined ? {} : { name });
  }

  /** All messages so far, also those that were taken or are ignored. */
  get received(): readonly ProbedMessage[] {
    return this.#received;
  }

  /**
   * Takes the next message, which must be of that operation and match.
   *
   * @param matcher - the payload, compared deeply, or a function; absent = any
   * @throws {AssertionError} when another message came, or none in time
   */
  async expectMessage<N extends keyof O & string>(
    operation: N,
    matcher?: Matcher<Request<O[N]>>,
    { within = WITHIN }: ProbeWait = {},
  ): Promise<TakenMessage<O, N>> {
    await this.#until(() => this.#waiting.length > 0, within);
    const next = this.#waiting[0];
    if (next !== undefined && fits(next, operation, matcher)) return this.#take(next);
    const wanted = shown(operation, matcher);
    throw failed(
      next === undefined
        ? `expected ${wanted} within ${span(within)}, but nothing came`
        : `expected ${wanted}, but ${shownMessage(next)} came${this.#others(next)}`,
      next && { operation: next.operation, payload: next.payload },
      { operation, payload: matcher },
    );
  }

  /**
   * Takes the first message of that operation that matches, and drops those before it.
   *
   * @throws {AssertionError} when none came in time
   */
  async fishForMessage<N extends keyof O & string>(
    operation: N,
    matcher?: Matcher<Request<O[N]>>,
    { within = WITHIN }: ProbeWait = {},
  ): Promise<TakenMessage<O, N>> {
    const found = () => this.#waiting.find((message) => fits(message, operation, matcher));
    await this.#until(() => found() !== undefined, within);
    const message = found();
    if (message !== undefined) {
      this.#waiting.splice(0, this.#waiting.indexOf(message));
      return this.#take(message);
    }
    const wanted = shown(operation, matcher);
    throw failed(`expected ${wanted} within ${span(within)}, but it did not come${this.#others()}`);
  }

  /**
   * Waits and sees to it that no message comes, and none is left.
   *
   * @param options - for how long, default 1 s; on a clock that runs by itself it takes that long
   * @throws {AssertionError} as soon as one came
   */
  async expectNoMessage(options: { readonly for?: Duration } = {}): Promise<void> {
    await this.#until(() => this.#waiting.length > 0, options.for ?? "1s");
    const [next] = this.#waiting;
    if (next === undefined) return;
    throw failed(`expected no message, but ${shownMessage(next)} came${this.#others(next)}`);
  }

  /**
   * Answers the ask, or ends the stream, that was taken last.
   *
   * @throws {TypeError} when the message that was taken last wants no answer
   */
  reply(value: Reply<O[keyof O]>): void {
    answer(this.#taken, value);
  }

  /** Begins to watch, so that an end is not missed; {@link expectTerminated} does it otherwise. */
  watch(target: AnyActorRef | Address): void {
    const address = typeof target === "string" ? target : target.address;
    if (this.#ended.has(address)) return;
    this.#ended.set(address, undefined);
    this.#system.watch(target, (terminated) => {
      this.#ended.set(address, terminated);
      this.#changed();
    });
  }

  /**
   * Waits for the end of an actor. Of one that ended before it was watched the reason is
   * `no-such-actor`.
   *
   * @throws {AssertionError} when it did not end in time, or for another reason
   */
  async expectTerminated(
    target: AnyActorRef | Address,
    { within = WITHIN, reason }: ProbeWait & { readonly reason?: ExitReason } = {},
  ): Promise<Terminated> {
    const address = typeof target === "string" ? target : target.address;
    this.watch(target);
    await this.#until(() => this.#ended.get(address) !== undefined, within);
    const ended = this.#ended.get(address);
    if (ended === undefined) throw failed(`expected ${address} to end within ${span(within)}`);
    if (reason !== undefined && ended.reason !== reason) {
      throw failed(`${address} ended: ${ended.reason}`, ended.reason, reason);
    }
    return ended;
  }

  /** Stops the probe's actor. */
  async stop(): Promise<void> {
    await this.#system.stop(this.ref as AnyActorRef);
  }

  #definition(protocol: Protocol<O>): ActorDefinition<O, undefined> {
    const handlers: Record<string, unknown> = {};
    for (const [operation, { kind }] of Object.entries(protocol.operations)) {
      handlers[operation] = this.#handler(operation, kind);
    }
    const of = handlers as Handlers<O, undefined, undefined>;
    return actor<O, undefined>(protocol, () => undefined, of, { restart: "temporary" });
  }

  #handler(operation: string, kind: "tell" | "ask" | "stream"): unknown {
    type Ctx = ActorContext<O, undefined, undefined>;
    switch (kind) {
      case "tell":
        return (ctx: Ctx, payload: unknown) => this.#receive(ctx, operation, payload, undefined);
      case "ask":
        return (ctx: Ctx, payload: unknown) => {
          const reply = new DeferredReply<unknown>();
          this.#receive(ctx, operation, payload, reply);
          return reply;
        };
      case "stream":
        return (ctx: Ctx, payload: unknown) => {
          const stream = new ProbeStream(ctx.signal, (code, data) => ctx.fail(code, data));
          this.#receive(ctx, operation, payload, stream);
          return stream.chunks();
        };
    }
  }

  #receive(
    ctx: ActorContext<O, undefined, undefined>,
    operation: string,
    payload: unknown,
    reply: WaitingMessage["answer"],
  ): void {
    const atMs = ctx.clock.monotonicMs();
    const message = { operation, payload, sender: ctx.sender, atMs, answer: reply };
    this.#received.push({ operation, payload, sender: ctx.sender, atMs });
    if (this.#ignored.has(operation)) return;
    this.#waiting.push(message);
    this.#changed();
  }

  #take<N extends keyof O & string>(message: WaitingMessage): TakenMessage<O, N> {
    this.#waiting.splice(this.#waiting.indexOf(message), 1);
    this.#taken = message;
    return {
      operation: message.operation as N,
      payload: message.payload as Request<O[N]>,
      sender: message.sender,
      reply: (value) => answer(message, value),
      fail: (code, data) => refuse(message, code, data),
      chunk: (value) => {
        if (message.answer instanceof ProbeStream) message.answer.push(value);
        else throw new TypeError(`${message.operation} is no stream`);
      },
    };
  }

  /** What else is waiting, for errors. */
  #others(except?: WaitingMessage): string {
    const others = this.#waiting.filter((message) => message !== except).map(shownMessage);
    return others.length === 0 ? "" : `; waiting: ${others.join(", ")}`;
  }

  async #until(holds: () => boolean, within: Duration): Promise<void> {
    const { clock } = this.#system.ports;
    const time = manualTimeOf(clock);
    if (time !== undefined) {
      await time.advanceUntil(holds, within);
      return;
    }
    // The process's timers do not keep it alive, and a test may wait for nothing else.
    const release = clock.keepAlive?.();
    let isOver: boolean = false;
    const cancel = clock.after(durationMs(within), () => {
      isOver = true;
      this.#changed();
    });
    while (!holds() && !isOver) {
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve);
      });
    }
    cancel();
    release?.();
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

function span(duration: Duration): string {
  return typeof duration === "number" ? `${duration}ms` : duration;
}

function failed(message: string, actual?: unknown, expected?: unknown): AssertionError {
  return new AssertionError({ message, actual, expected });
}
