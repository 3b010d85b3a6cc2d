/**
 * Reminders that outlive whoever asked for them, as a port.
 *
 * Owns: keeping an occurrence until it is due, and handing it out until somebody has dealt with it. Which
 * occurrence comes next, and what being reminded means, is the business of `reminder/`.
 *
 * M1: of one actor and name there is one armed occurrence: arming again replaces it, whatever its time.
 * M2: an occurrence is handed out at its time or later, to one of those who listen for its type, until it
 *     is acknowledged: when nobody listens it waits.
 * M3: what is neither acknowledged nor kept alive for the ack wait is handed out again: at least once.
 * M4: arming is not fenced: whoever arms last wins.
 */
import type { Schedule } from "../reminder/schedule.ts";
import type { Cancel } from "./clock.ts";

/** Whose reminder it is. */
export interface ReminderOf {
  /** The registered name of a virtual actor or singleton. */
  readonly type: string;
  readonly key: string;
  /** Unique among that actor's; any text. */
  readonly name: string;
}

/** A reminder, as it is kept; plain data. */
export interface Reminder extends ReminderOf {
  /** Of this setting: a later one under the same name has another. */
  readonly id: string;
  readonly operation: string;
  readonly payload?: unknown;
  readonly schedule: Schedule;
}

/** An occurrence that is due. */
export interface DueReminder {
  readonly reminder: Reminder;
  /** When it was to be, in epoch milliseconds. */
  readonly dueMs: number;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** Restarts the ack wait. */
  working(): void;
  /** It is dealt with; resolves when the store has it. */
  ack(): Promise<void>;
  /** Puts it back, to be handed out after `delayMs`. */
  nak(delayMs: number): void;
}

/** Reminders. Methods reject with `store.unavailable` when the store does not answer in time. */
export interface Reminders {
  /**
   * Arms the next occurrence in place of what is armed (M1). An instant that is past is due at once.
   *
   * @throws {TroupeError} `payload.too-large`
   * @throws {TypeError} when the payload is not plain data
   */
  arm(reminder: Reminder, dueMs: number): Promise<void>;
  /** Calls off what is armed and what is due; what is in hand is not handed out again. */
  cancel(of: ReminderOf): Promise<void>;
  /**
   * Hears of occurrences of a type as they are due. At most 64 are in hand at a time: it is told of more
   * as its promises resolve.
   */
  listen(type: string, listener: (due: DueReminder) => Promise<void>): Promise<Cancel>;
}
