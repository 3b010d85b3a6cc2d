/**
 * A message in the hands of a probe: what it is, whether it is the one that is wanted, how to answer it.
 *
 * Owns: matching and showing. Its neighbour `probe.ts` owns waiting.
 */
import { inspect, isDeepStrictEqual } from "node:util";
import type { Address } from "../address.ts";
import type { DeferredReply } from "../deferred-reply.ts";
import type { Chunk, Operations, Reply, Request } from "../protocol.ts";
import { TroupeError } from "../troupe-error.ts";
import { ProbeStream } from "./probe-stream.ts";

/** A message as a probe received it. */
export interface ProbedMessage {
  readonly operation: string;
  readonly payload: unknown;
  /** Absent when a program outside any actor sent it. */
  readonly sender: Address | undefined;
  /** On the monotonic clock. */
  readonly atMs: number;
}

/** A message that a test took, and how to answer it. */
export interface TakenMessage<O extends Operations, N extends keyof O> {
  readonly operation: N;
  readonly payload: Request<O[N]>;
  readonly sender: Address | undefined;
  /** Answers an ask, or ends a stream with its result. */
  reply(value: Reply<O[N]>): void;
  /** Refuses an ask or breaks a stream; the asker sees a `TroupeError` of code `refused`. */
  fail(code: string, data?: unknown): void;
  /** Sends a chunk of a stream. */
  chunk(value: Chunk<O[N]>): void;
}

/** What a payload must be: equal to a value, or as a function says. */
export type Matcher<Q> = Q | ((payload: Q) => boolean);

/** A message that nobody took yet. */
export interface WaitingMessage extends ProbedMessage {
  readonly answer: DeferredReply<unknown> | ProbeStream | undefined;
}

/** Whether a message is of an operation and as its matcher says. */
export function fits(message: WaitingMessage, operation: string, matcher: unknown): boolean {
  if (message.operation !== operation) return false;
  if (typeof matcher === "function") return matcher(message.payload) === true;
  return matcher === undefined || isDeepStrictEqual(message.payload, matcher);
}

/**
 * Answers an ask, or ends a stream.
 *
 * @throws {TypeError} when the message wants no answer
 */
export function answer(message: WaitingMessage | undefined, value: unknown): void {
  answerOf(message).resolve(value);
}

/** Refuses an ask, or breaks a stream. Throws as {@link answer} does. */
export function refuse(message: WaitingMessage, code: string, data: unknown): void {
  const reply = answerOf(message);
  if (reply instanceof ProbeStream) reply.fail(code, data);
  else {
    const refusal = { outcome: "failed", data: { code, data } } as const;
    reply.reject(new TroupeError("refused", `refused: ${code}`, refusal));
  }
}

function answerOf(message: WaitingMessage | undefined): DeferredReply<unknown> | ProbeStream {
  if (message?.answer !== undefined) return message.answer;
  throw new TypeError(`${message?.operation ?? "nothing that was taken"} wants no answer`);
}

/** An operation with its payload, for errors. */
export function shown(operation: string, payload: unknown): string {
  if (typeof payload === "function") return `${operation} that matches`;
  return payload === undefined ? operation : `${operation} ${inspect(payload)}`;
}

/** A message with its sender, for errors. */
export function shownMessage({ operation, payload, sender }: ProbedMessage): string {
  return `${shown(operation, payload)} from ${sender ?? "outside"}`;
}
