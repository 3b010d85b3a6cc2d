/** A log that writes nothing and counts what it would have written. */
import type { Log, LogFields } from "../../runtime/log.ts";

/** What was logged. */
export class CountingLog implements Log {
  lines = 0;
  bytes = 0;
  longest = 0;
  /** How many lines said what. */
  readonly kinds: Map<string, number> = new Map();

  debug(): void {}

  info(): void {}

  warn(fields: LogFields, message: string): void {
    this.#write(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#write(fields, message);
  }

  child(): Log {
    return this;
  }

  #write(fields: LogFields, message: string): void {
    const length = JSON.stringify(fields).length + message.length;
    this.lines++;
    this.bytes += length;
    this.longest = Math.max(this.longest, length);
    this.kinds.set(message, (this.kinds.get(message) ?? 0) + 1);
  }
}
