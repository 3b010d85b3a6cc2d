/**
 * Append-only logs with a fence, as a port: what journals and event-sourced actors stand on.
 *
 * Owns: order and the expected sequence. What events mean is their writer's business.
 *
 * J1: the sequences of a log grow strictly, not necessarily by one: logs may share a stream.
 * J2: an append that names the last sequence it knows is accepted only while that is the last. Of
 *     two writers who know the same, one is refused: the log is its own fence.
 * J3: an append is stored whole, with nothing in between, or not at all.
 * J4: `read` and `last` read from the leader: they see every append that was acknowledged before.
 * J5: a follower is told every entry from where it began, each once, in order, maybe late. It is no
 *     detector: silence says nothing.
 *
 * Events are plain data; what a method returns is shared with other readers and must not be changed.
 */
import type { Cancel } from "./clock.ts";

/** An event with its place in its log. */
export interface LogEntry {
  readonly sequence: number;
  readonly event: unknown;
}

/** The outcome of an append. */
export type Append =
  /** `sequence` is the last event's. */
  | { readonly ok: true; readonly sequence: number }
  /** `last` is what stands instead of what was expected; 0 = the log is empty. */
  | { readonly ok: false; readonly conflict: { readonly last: number } };

/** A log. All methods reject with `store.unavailable` when the store does not answer in time. */
export interface EventLog {
  readonly name: string;
  /**
   * Appends events. After `store.unavailable` the outcome is unknown: ask `last` or repeat with the
   * same `expected`.
   *
   * @param events - 1 to 1,000; together at most 1,000,000 bytes as they are stored
   * @param expected - the sequence of the last entry, 0 = the log is empty; absent = any
   * @throws {TroupeError} `payload.too-large`, before anything was stored
   * @throws {TypeError} when an event is not plain data
   */
  append(events: readonly unknown[], expected?: number): Promise<Append>;
  /**
   * The entries from a sequence on, oldest first.
   *
   * @param from - the first sequence wanted; 0 = from the beginning
   * @param limit - how many at most; default 1,000
   */
  read(from: number, limit?: number): Promise<readonly LogEntry[]>;
  /** The sequence of the last entry; 0 when there is none. */
  last(): Promise<number>;
  /** First the present entries from a sequence on, then every later one. */
  follow(from: number, listener: (entry: LogEntry) => void): Promise<Cancel>;
  /** Removes all entries. The next append expects 0; followers hear what comes later. */
  purge(): Promise<void>;
  /** Removes the entries before a sequence, but never the last one: the fence stands (J2). */
  trim(before: number): Promise<void>;
}

/** Opens logs by name; a log is empty until somebody appends to it. */
export interface EventLogs {
  /**
   * The log of that name.
   *
   * @param name - tokens of letters, digits, `_`, `-` and `=`, joined by `.`
   */
  open(name: string): Promise<EventLog>;
}
