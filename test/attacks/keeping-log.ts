/** A log that keeps its lines, for tests that wait for one. */
import type { Log } from "../../runtime/log.ts";

/** The log, and what was written. */
export function keepingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => {
    lines.push(`${message}: ${JSON.stringify(fields)}`);
  };
  const log: Log = {
    debug: () => {},
    info: write,
    warn: write,
    error: write,
    child: () => log,
  };
  return { log, lines };
}
