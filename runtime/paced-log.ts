/**
 * Log lines that somebody else causes, at a rate and a length that he does not choose.
 *
 * Owns: how many lines, and how long. Its neighbour `log.ts` owns how a line leaves the process. Whoever
 * may send a message to this process may send a million that are refused, or one whose address fills it:
 * neither may fill the disk.
 *
 * I1: of one kind, which is the line's message unless its caller says more, at most
 *     {@link LINES_PER_WINDOW} lines are written per window of ten seconds; the first line of a later window says how many were left out.
 * I2: a text in a line is cut after {@link MOST_CHARACTERS}.
 *
 * Cost: the clock is read once per line, also for those that are left out.
 */
import type { Log, LogFields } from "./log.ts";
import type { Clock } from "./ports/clock.ts";

const LINES_PER_WINDOW = 10;
const WINDOW_MS = 10_000;
const MOST_CHARACTERS = 300;

interface Window {
  endMs: number;
  lines: number;
  leftOut: number;
}

/** A paced log; see the file's header. */
export class PacedLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** By kind: they stand in the source, so they are few. */
  readonly #windows = new Map<string, Window>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Writes a warning, as far as there is room for it.
   *
   * @param kind - one of few, where a message stands for several
   */
  warn(fields: LogFields, message: string, kind: string = message): void {
    const leftOut = this.#leftOutBefore(kind);
    if (leftOut !== undefined) this.#log.warn(shortened(fields, leftOut), message);
  }

  /** Writes an error, as far as there is room for it. */
  error(fields: LogFields, message: string): void {
    const leftOut = this.#leftOutBefore(message);
    if (leftOut !== undefined) this.#log.error(shortened(fields, leftOut), message);
  }

  /** How many lines were left out before this one; `undefined` when it is to be left out too. */
  #leftOutBefore(kind: string): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    let window = this.#windows.get(kind);
    if (window === undefined) {
      window = { endMs: nowMs + WINDOW_MS, lines: 0, leftOut: 0 };
      this.#windows.set(kind, window);
    } else if (nowMs >= window.endMs) {
      window.endMs = nowMs + WINDOW_MS;
      window.lines = 0;
    }
    if (window.lines >= LINES_PER_WINDOW) {
      window.leftOut++;
      return undefined;
    }
    window.lines++;
    const { leftOut } = window;
    window.leftOut = 0;
    return leftOut;
  }
}

function shortened(fields: LogFields, leftOut: number): LogFields {
  const short: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    short[name] =
      typeof value === "string" && value.length > MOST_CHARACTERS
        ? `${value.slice(0, MOST_CHARACTERS)}… (${value.length} characters)`
        : value;
  return leftOut > 0 ? { ...short, leftOut } : short;
}
