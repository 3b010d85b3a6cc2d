/**
 * A message as it lies in a mailbox of this process.
 *
 * Owns: the fields and who wants the answer. Its neighbour `envelope.ts` is what travels.
 *
 * Cost: one object of four fields per tell; an ask adds its pending reply, a watched tell its span.
 */
import type { Address } from "../address.ts";
import type { OperationHandler } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import type { Span } from "./span.ts";

/** Whoever waits for what a message brings about. Everything after it settled is ignored. */
export interface ReplyTo {
  /** Nobody waits any more: a message still queued is skipped. */
  readonly settled: boolean;
  /** On the monotonic clock; 0 for none. */
  readonly deadlineMs: number;
  /** Whether the deadline lies before `nowMs`. */
  isPast(nowMs: number): boolean;
  /** The message that the asker was handling; leads to the asker's own askers. */
  readonly cause: Message | undefined;
  /** The askers on other nodes, outermost first. */
  readonly chain: readonly Address[] | undefined;
  /** Only while somebody watches the event feed. */
  readonly span: Span | undefined;
  /** Another actor answers: giving up must reach that one. */
  redirect(callee: Callee): void;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Whoever was asked. */
export interface Callee {
  readonly address: Address;
  /** Nobody waits for `reply` any more. Returns whether it is certain that the message never ran. */
  cancel(reply: ReplyTo): boolean;
}

/** Whoever takes a stream's chunks. */
export interface ChunkSink extends ReplyTo {
  /** Tells the sink who produces: its credit and cancel go there. */
  attach(producer: Upstream): void;
  /** `sequence` counts from 1. */
  chunk(sequence: number, value: unknown): void;
}

/** The producing end of a stream, as its consumer sees it. */
export interface Upstream {
  /** There is room for `total` chunks, counted from the start of the stream. */
  credit(total: number): void;
  /** The consumer left. */
  cancel(): void;
}

/** A message of this process. */
export class Message {
  readonly handler: OperationHandler;
  readonly payload: unknown;
  readonly from: Cell | Address | undefined;
  readonly reply: ReplyTo | undefined;

  constructor(
    handler: OperationHandler,
    payload: unknown,
    from: Cell | Address | undefined,
    reply: ReplyTo | undefined,
  ) {
    this.handler = handler;
    this.payload = payload;
    this.from = from;
    this.reply = reply;
  }
}

/** Where a message came from; empty for a program outside any actor. */
export function senderOf(message: Message): Address {
  const from = message.from;
  if (from === undefined) return "";
  return typeof from === "string" ? from : from.address;
}
