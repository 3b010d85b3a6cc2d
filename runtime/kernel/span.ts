/**
 * Where a message stands in the tree of messages that one cause brought about.
 *
 * Owns: trace and span identifiers and their form on the wire. Made only while somebody watches.
 *
 * Source: W3C Trace Context, `traceparent` version 00.
 */
import type { Random } from "../ports/random.ts";

/** One message in a trace. Identifiers are hexadecimal, 32 and 16 digits. */
export interface Span {
  readonly trace: string;
  readonly span: string;
  readonly parent: string | undefined;
  /** Wall clock. */
  readonly sentAtMs: number;
  /** When its handler began; 0 before. */
  receivedAtMs: number;
}

/** A span below `parent`, or the first of a new trace. */
export function spanUnder(
  parent: Pick<Span, "trace" | "span"> | undefined,
  random: Random,
  sentAtMs: number,
): Span {
  return {
    trace: parent?.trace ?? hex(random, 4),
    span: hex(random, 2),
    parent: parent?.span,
    sentAtMs,
    receivedAtMs: 0,
  };
}

/** A span as it travels. */
export function traceparentOf(span: Span): string {
  return `00-${span.trace}-${span.span}-01`;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The trace and span of a `traceparent`; `undefined` when it is none. */
export function parseTraceparent(
  text: string | undefined,
): { readonly trace: string; readonly span: string } | undefined {
  const match = text === undefined ? null : TRACEPARENT.exec(text);
  const [, trace, span] = match ?? [];
  return trace === undefined || span === undefined ? undefined : { trace, span };
}

function hex(random: Random, words: number): string {
  let digits = "";
  for (let i = 0; i < words; i++)
    digits += random
      .int(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return digits;
}
