/**
 * Coded errors: failures that a caller may let crash.
 *
 * Owns: the one table of codes. Expected outcomes are return types (`result.ts`), programming errors
 * are `TypeError` and `RangeError`.
 *
 * Source: fastify's stable error codes.
 */
import { processScrubber } from "./scrubber.ts";

/** May the caller try the same again? `after` = once what the message names has changed. */
export type Retry = "never" | "safe" | "after";

/** What is known about the effect of a failed ask. */
export type AskOutcome = "never-ran" | "failed" | "unknown";

/** Every code, with whether a retry makes sense and what it means; the documentation prints this table. */
export const errorCodes = {
  "actor.failed": { retry: "never", meaning: "the handler threw" },
  "actor.fatal": { retry: "never", meaning: "the actor declared that it cannot go on" },
  "actor.not-found": { retry: "after", meaning: "no actor lives at that address" },
  "actor.no-handler": { retry: "never", meaning: "the actor has no such operation" },
  "actor.stopped": { retry: "after", meaning: "the actor stopped before the message ran" },
  "actor.start-failed": { retry: "after", meaning: "the actor's init threw" },
  "actor.time-limit": { retry: "after", meaning: "the handler ran past its time limit" },
  "actor.name-taken": { retry: "never", meaning: "a sibling already has that name" },
  "ask.cancelled": { retry: "safe", meaning: "the asker gave up" },
  "ask.cycle": { retry: "never", meaning: "the ask would wait for its own asker" },
  "ask.expired": { retry: "safe", meaning: "the deadline passed before the message ran" },
  "ask.timeout": { retry: "after", meaning: "no answer by the deadline" },
  "ask.undecodable": { retry: "never", meaning: "the request or the answer could not be carried" },
  "ask.invalid": { retry: "never", meaning: "the payload does not fit the operation's schema" },
  "config.invalid": { retry: "never", meaning: "a setting is wrong, or its file does not load" },
  "mailbox.full": { retry: "after", meaning: "the mailbox was full" },
  "node.down": { retry: "after", meaning: "the node is down" },
  "node.disconnected": {
    retry: "after",
    meaning: "the message did not leave: no such node is up, or the connection is lost",
  },
  "node.name-taken": { retry: "after", meaning: "a live node already has that name" },
  "node.fenced": { retry: "never", meaning: "this node lost its lease" },
  "placement.none": { retry: "after", meaning: "no node that is up takes the actor" },
  "node.too-old": {
    retry: "after",
    meaning: "the other node's release does not read what the message needs",
  },
  "payload.too-large": { retry: "never", meaning: "the body exceeds the limit" },
  refused: { retry: "never", meaning: "the actor refused, with a code and data of its own" },
  "stream.aborted": { retry: "after", meaning: "the stream broke before its end" },
  "store.unavailable": { retry: "after", meaning: "the store did not answer in time" },
  "state.stale": {
    retry: "after",
    meaning: "another activation owns the actor's state by now; nothing was written",
  },
  "state.unreadable": {
    retry: "never",
    meaning: "what is stored of an actor is of a newer version, has no migration, or has gaps",
  },
  "module.unusable": {
    retry: "never",
    meaning: "a node's module does not load or exports no actors",
  },
  "nats.unavailable": { retry: "after", meaning: "no nats-server could be reached or started" },
  "nats.refused": {
    retry: "never",
    meaning: "the nats-server refused the credentials, or its certificate is not trusted",
  },
  "credentials.unusable": {
    retry: "never",
    meaning: "the credentials for the nats-server cannot be read",
  },
  "signature.refused": {
    retry: "after",
    meaning: "a signed operation came without a signature that counts",
  },
  "access.denied": { retry: "never", meaning: "the caller's role may not do that" },
  "nats.too-old": { retry: "never", meaning: "the nats-server lacks a feature Troupe needs" },
  "model.unavailable": { retry: "after", meaning: "the model's endpoint did not answer" },
  "model.unknown": { retry: "never", meaning: "no such model" },
  "model.overloaded": { retry: "after", meaning: "the endpoint's queue is full" },
  "model.failed": { retry: "after", meaning: "the endpoint broke off or answered with an error" },
  "system.stopped": { retry: "never", meaning: "the system has stopped" },
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;

/** Options of a {@link TroupeError}. */
export interface TroupeErrorOptions {
  readonly cause?: unknown;
  /** What the caller needs to go on; plain data, crosses the wire. */
  readonly data?: unknown;
  /** For asks: what is known about the effect. */
  readonly outcome?: AskOutcome;
}

/** An operation failed. The code says how, `retry` whether to try again. */
export class TroupeError extends Error {
  override readonly name: string = "TroupeError";
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly outcome: AskOutcome | undefined;
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, options: TroupeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = errorCodes[code].retry;
    this.outcome = options.outcome;
    this.data = options.data;
  }
}

/** An error as it crosses the wire: no stack. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome?: AskOutcome;
  readonly data?: unknown;
}

/** What of an error may leave the process: code, message, data, none of it secret; stacks stay home. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof TroupeError) {
    return {
      code: error.code,
      message: messageOf(error),
      ...(error.outcome === undefined ? {} : { outcome: error.outcome }),
      ...(error.data === undefined ? {} : { data: processScrubber.scrubbedData(error.data) }),
    };
  }
  return { code: "actor.failed", message: messageOf(error), outcome: "failed" };
}

/** The error that a record stands for; an unknown code becomes `actor.failed`. */
export function errorFromRecord(record: ErrorRecord): TroupeError {
  const code = Object.hasOwn(errorCodes, record.code) ? record.code : "actor.failed";
  return new TroupeError(code, record.message, {
    ...(record.outcome === undefined ? {} : { outcome: record.outcome }),
    ...(record.data === undefined ? {} : { data: record.data }),
  });
}

/** One line of whatever was thrown, without the secrets that the process knows. */
export function messageOf(thrown: unknown): string {
  try {
    return processScrubber.scrubbed(lineOf(thrown));
  } catch {
    return UNREADABLE;
  }
}

function lineOf(thrown: unknown): string {
  if (thrown instanceof Error) return String(thrown.message || thrown.name);
  return typeof thrown === "string" ? thrown : `thrown: ${String(thrown)}`;
}

const UNREADABLE = "thrown: something that cannot be read";

/** What was thrown, or an error in its place when looking at it would throw again. */
export function readable(thrown: unknown): unknown {
  return messageOf(thrown) === UNREADABLE ? new Error(UNREADABLE) : thrown;
}
