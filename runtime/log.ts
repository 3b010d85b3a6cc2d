/**
 * Structured logging as a port, and its pino implementation: the one home of `pino`.
 *
 * Owns: how a line leaves the process, without the secrets that `scrubber.ts` knows. Logs go to standard error; standard output belongs to data.
 */
import { destination, pino } from "pino";
import { processScrubber } from "./scrubber.ts";

/** How loud a log is; `silent` writes nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Values that a log line carries beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes structured lines; a child adds its fields to every line. */
export interface Log {
  /** Writes what only somebody who looks for a fault wants to read. */
  debug(fields: LogFields, message: string): void;
  /** Writes what an operator may want to know. */
  info(fields: LogFields, message: string): void;
  /** Writes what was dealt with but should not have happened. */
  warn(fields: LogFields, message: string): void;
  /** Writes what somebody has to see to. */
  error(fields: LogFields, message: string): void;
  /** A log whose lines carry `fields` as well. */
  child(fields: LogFields): Log;
}

/** A log that writes one JSON line per entry to standard error, synchronously so that a crash loses none. */
export function pinoLog(level: LogLevel, fields: LogFields = {}): Log {
  const hooks = { streamWrite: (line: string) => processScrubber.scrubbed(line) };
  return pino({ level, base: fields, hooks }, destination({ fd: 2, sync: true }));
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
