/**
 * The answering end of an ask or a stream that another node opened.
 *
 * Owns: that the caller gets one answer. Its neighbour `incoming-calls.ts` keeps it while it is
 * under way, `remote-calls.ts` is the caller's end.
 *
 * I1: after the answer, or once the caller gave up, nothing more is sent.
 */
import type { Address } from "../address.ts";
import type { Cell } from "../kernel/cell.ts";
import type { Callee, ChunkSink, Upstream } from "../kernel/message.ts";
import type { Span } from "../kernel/span.ts";
import type { ErrorRecord } from "../troupe-error.ts";
import { errorRecord } from "../troupe-error.ts";
import { type Envelope, EnvelopeKind } from "./envelope.ts";

/** How answers leave; `incoming-calls.ts` implements it. */
export interface Answers {
  reply(to: RemoteReply, value: unknown): void;
  failure(to: RemoteReply, error: ErrorRecord): void;
  chunk(to: RemoteReply, sequence: number, value: unknown): void;
}

/** A caller on another node. Its fields are plain: one is made per call, and `#` fields are set twice. */
export class RemoteReply implements ChunkSink {
  /** The caller's. */
  readonly node: string;
  readonly correlation: number;
  readonly deadlineMs: number;
  readonly chain: readonly Address[] | undefined;
  /** Who was asked. */
  readonly cell: Cell;
  /** Whose answer is awaited; on another node, perhaps, when the ask was passed on. */
  callee: Callee;
  readonly type: string;
  readonly isStream: boolean;
  readonly span: Span | undefined;
  settled: boolean = false;
  /** As what the call can be given back, when it is one of a virtual actor. */
  origin: object | undefined;
  private readonly answers: Answers;
  private granted: number;
  private producer: Upstream | undefined = undefined;

  constructor(
    answers: Answers,
    node: string,
    envelope: Envelope,
    cell: Cell,
    deadlineMs: number,
    span: Span | undefined,
    origin: object | undefined,
  ) {
    this.answers = answers;
    this.node = node;
    this.correlation = envelope.correlation;
    this.deadlineMs = deadlineMs;
    this.chain = envelope.askChain;
    this.cell = cell;
    this.callee = cell;
    this.type = envelope.type;
    this.isStream = envelope.kind === EnvelopeKind.open;
    this.span = span;
    this.origin = origin;
    this.granted = envelope.sequence ?? 0;
  }

  get cause(): undefined {
    return undefined;
  }

  isPast(nowMs: number): boolean {
    return nowMs > this.deadlineMs;
  }

  attach(producer: Upstream): void {
    this.producer = producer;
    if (this.settled) producer.cancel();
    else producer.credit(this.granted);
  }

  credit(total: number): void {
    this.granted = Math.max(this.granted, total);
    this.producer?.credit(this.granted);
  }

  chunk(sequence: number, value: unknown): void {
    if (!this.settled) this.answers.chunk(this, sequence, value);
  }

  redirect(callee: Callee): void {
    this.callee = callee;
  }

  resolve(value: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.answers.reply(this, value);
  }

  reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    // It may wait for credit that will not come any more.
    this.producer?.cancel();
    this.answers.failure(this, errorRecord(error));
  }

  /** The caller gave up, or is gone. */
  abandon(): void {
    if (this.settled) return;
    this.settled = true;
    this.producer?.cancel();
    this.callee.cancel(this);
  }

  /** A stream cannot go on: its credit is lost with frames of the link, or a chunk is too large. */
  breakOff(error: unknown): void {
    if (!this.isStream || this.settled) return;
    this.reject(error);
    this.callee.cancel(this);
  }
}
