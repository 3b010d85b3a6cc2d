/**
 * What a service answers: JSON, or an error in the headers that NATS's tools know.
 *
 * Owns: which code of ADR-32 stands for which of ours, and what JSON can carry.
 *
 * A1: what a request brings is what a message may be, no deeper and no more of it: JSON has no such bounds.
 *
 * Source: NATS ADR-32, "Service API".
 */
import { copierOf } from "../../runtime/plain-data.ts";
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { type ErrorCode, errorRecord, messageOf, TroupeError } from "../../runtime/troupe-error.ts";

/** An error as a service tells it. */
export interface ServiceError {
  /** As in HTTP. */
  readonly code: number;
  /** One line: our own code, then what happened. */
  readonly description: string;
  /** The error as JSON. */
  readonly body: Uint8Array;
}

/** The headers that say that an answer is an error. */
export const ERROR_HEADER = "Nats-Service-Error";
/** Holds its code. */
export const ERROR_CODE_HEADER = "Nats-Service-Error-Code";

const MOST_DESCRIPTION = 500;
/** The server bounds the size. */
const copyOf = copierOf(Number.POSITIVE_INFINITY);
const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  "ask.invalid": 400,
  "ask.undecodable": 400,
  "access.denied": 403,
  "actor.not-found": 404,
  "actor.no-handler": 404,
  "ask.timeout": 408,
  "ask.expired": 408,
  "ask.cancelled": 408,
  "ask.cycle": 409,
  "payload.too-large": 413,
  refused: 422,
  "mailbox.full": 429,
  "actor.stopped": 503,
  "node.down": 503,
  "node.disconnected": 503,
  "placement.none": 503,
  "store.unavailable": 503,
  "system.stopped": 503,
};
const FAILED = 500;

/** The request in a message's body; nothing at all stands for `undefined`. */
export function requestIn(data: Uint8Array): Result<unknown, string> {
  if (data.length === 0) return ok(undefined);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    // Its message would quote the body, and errors are told to others than who sent it.
    return err("the body is no JSON");
  }
  const plain = copyOf(value);
  return plain.ok ? plain : err(`the body cannot be a message: ${plain.error.why}`);
}

/** An answer's bytes; bytes go as they are. */
export function answerBytes(value: unknown): Result<Uint8Array, string> {
  if (value instanceof Uint8Array) return ok(value);
  try {
    const text: string | undefined = JSON.stringify(value);
    return ok(new TextEncoder().encode(text ?? ""));
  } catch (error) {
    return err(`the answer cannot be written as JSON: ${messageOf(error)}`);
  }
}

/** What is said of an error. */
export function serviceError(error: unknown): ServiceError {
  const record = errorRecord(error);
  const code = CODES[record.code] ?? FAILED;
  const line = `${record.code}: ${record.message}`.replaceAll(/\s+/g, " ");
  const body = answerBytes(record);
  return {
    code,
    description: line.slice(0, MOST_DESCRIPTION),
    body: body.ok ? body.value : new Uint8Array(),
  };
}

/** The error of a request or an answer that JSON cannot carry. */
export function notJson(why: string, outcome: "never-ran" | "unknown"): TroupeError {
  return new TroupeError("ask.undecodable", why, { outcome });
}
