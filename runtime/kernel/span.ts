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

/**
 * Makes the spans of one node.
 *
 * Identifiers are a random part per node and a count: unique, and cheap enough to be made per message.
 */
export class Spans {
  readonly #trace: string;
  readonly #span: string;
  #made = 0;

  constructor(random: Random) {
    const own = random.fork("spans");
    this.#trace = hex(own, 3);
    this.#span = hex(own, 1);
  }

  /** A span below `parent`, or the first of a new trace. */
  under(parent: Pick<Span, "trace" | "span"> | undefined, sentAtMs: number): Span {
    const count = (++this.#made >>> 0).toString(16).padStart(8, "0");
    return {
      trace: parent === undefined ? this.#trace + count : parent.trace,
      span: this.#span + count,
      parent: parent?.span,
      sentAtMs,
      receivedAtMs: 0,
    };
  }
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
