/**
 * What stands in an asker's place where nobody waits for what a message brings about.
 *
 * Owns: nothing but that nobody is told. A tell has one only while somebody watches, to carry its span.
 */
import type { ReplyTo } from "./message.ts";
import type { Span } from "./span.ts";

/** Nobody, with the message's span. */
export class NoAsker implements ReplyTo {
  readonly span: Span | undefined;

  constructor(span: Span | undefined) {
    this.span = span;
  }

  get settled(): boolean {
    return false;
  }

  get deadlineMs(): number {
    return 0;
  }

  get cause(): undefined {
    return undefined;
  }

  get chain(): undefined {
    return undefined;
  }

  isPast(): boolean {
    return false;
  }

  redirect(): void {}

  resolve(): void {}

  reject(): void {}
}
