/**
 * Reminders in this process's memory: the twin of those in a stream of schedules.
 *
 * The rules M1–M4 are the port's (`reminders.ts`).
 *
 * I1: reminders are copied on the way in.
 * I2: listeners of a type are told in turn; what one does not acknowledge the next is told.
 */
import { type Cancel, type Clock, systemClock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { DueReminder, Reminder, ReminderOf, Reminders } from "./reminders.ts";
import {
  type Leadership,
  noStoreFaults,
  type Power,
  StoreCalls,
  type StoreFaults,
} from "./store-faults.ts";
import { storedCopy } from "./stored-copy.ts";

/** What can go wrong with reminders; all off at first, changed by tests while they run. */
export interface MemoryReminderFaults extends StoreFaults {
  /** The next so many acknowledgements resolve, and are lost. */
  acksLost: number;
}

/** Options of {@link memoryReminders}. */
export interface MemoryRemindersOptions {
  /** Default the process's clock. */
  readonly clock?: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryReminderFaults>;
  /** After how long an unacknowledged occurrence is handed out again; default 5,000. */
  readonly ackWaitMs?: number;
}

/** Reminders in memory, with their faults. */
export interface MemoryReminders extends Reminders, Leadership, Power {
  readonly faults: MemoryReminderFaults;
}

const MOST_IN_HAND = 64;
const ACK_WAIT_MS = 5_000;

/** Reminders that live as long as the returned object. */
export function memoryReminders(options: MemoryRemindersOptions = {}): MemoryReminders {
  return new Store(options);
}

/** An occurrence that is armed. */
interface Armed {
  readonly reminder: Reminder;
  readonly dueMs: number;
  readonly cancel: Cancel;
}

/** An occurrence that is due and not acknowledged. */
interface Due {
  readonly reminder: Reminder;
  readonly dueMs: number;
  deliveries: number;
  phase: "waiting" | "in-hand" | "over";
  /** Ends its ack wait, or the delay that it was put back for. */
  cancel: Cancel;
}

interface Listener {
  readonly tell: (due: DueReminder) => Promise<void>;
  inHand: number;
}

class Store implements MemoryReminders {
  readonly faults: MemoryReminderFaults;
  readonly #clock: Clock;
  readonly #calls: StoreCalls;
  readonly #ackWaitMs: number;
  readonly #armed = new Map<string, Armed>();
  readonly #due = new Map<string, Set<Due>>();
  readonly #listeners = new Map<string, Listener[]>();

  constructor({ clock = systemClock, random, faults, ackWaitMs }: MemoryRemindersOptions) {
    this.faults = { ...noStoreFaults(), acksLost: 0, ...faults };
    this.#clock = clock;
    this.#calls = new StoreCalls("the store of reminders", this.faults, { clock, random });
    this.#ackWaitMs = ackWaitMs ?? ACK_WAIT_MS;
  }

  async arm(reminder: Reminder, dueMs: number): Promise<void> {
    const copy = storedCopy(reminder, "the reminder");
    await this.#calls.write(
      () => {
        this.#undoable(copy);
        this.#arm(copy, dueMs);
      },
      () => true,
    );
  }

  async cancel(of: ReminderOf): Promise<void> {
    await this.#calls.write(
      () => {
        this.#undoable(of);
        this.#disarm(keyOf(of));
        for (const due of this.#dueOf(of.type)) {
          if (keyOf(due.reminder) === keyOf(of)) this.#end(due);
        }
      },
      () => true,
    );
  }

  listen(type: string, tell: (due: DueReminder) => Promise<void>): Promise<Cancel> {
    return this.#calls.read(() => {
      const listener: Listener = { tell, inHand: 0 };
      const listeners = this.#listeners.get(type) ?? [];
      this.#listeners.set(type, listeners);
      listeners.push(listener);
      this.#handOutSoon(type);
      return () => {
        const at = listeners.indexOf(listener);
        if (at >= 0) listeners.splice(at, 1);
      };
    });
  }

  loseLeader(forMs?: number): number {
    return this.#calls.loseLeader(forMs, () => this.#handOutAll());
  }

  cutPower(forMs?: number): number {
    return this.#calls.cutPower(forMs, () => this.#handOutAll());
  }

  #arm(reminder: Reminder, dueMs: number): void {
    const key = keyOf(reminder);
    this.#disarm(key);
    const delayMs = Math.max(0, dueMs - this.#clock.nowMs());
    const cancel = this.#clock.after(delayMs, () => {
      this.#armed.delete(key);
      // A clock's longest span may be shorter.
      if (this.#clock.nowMs() < dueMs) this.#arm(reminder, dueMs);
      else this.#becomeDue(reminder, dueMs);
    });
    this.#armed.set(key, { reminder, dueMs, cancel });
  }

  /** What is armed under that name comes back, should the power go before the next sync. */
  #undoable(of: ReminderOf): void {
    const key = keyOf(of);
    const before = this.#armed.get(key);
    this.#calls.changed(() => {
      if (before === undefined) this.#disarm(key);
      else this.#arm(before.reminder, before.dueMs);
    });
  }

  #disarm(key: string): void {
    this.#armed.get(key)?.cancel();
    this.#armed.delete(key);
  }

  #becomeDue(reminder: Reminder, dueMs: number): void {
    const { type } = reminder;
    const due: Due = { reminder, dueMs, deliveries: 0, phase: "waiting", cancel: () => {} };
    this.#dueOf(type).add(due);
    this.#calls.changed(() => {
      due.cancel();
      due.phase = "over";
      this.#dueOf(type).delete(due);
      this.#arm(reminder, dueMs);
    });
    this.#handOutSoon(type);
  }

  #dueOf(type: string): Set<Due> {
    const due = this.#due.get(type) ?? new Set<Due>();
    this.#due.set(type, due);
    return due;
  }

  #end(due: Due): void {
    if (due.phase === "over") return;
    due.cancel();
    due.phase = "over";
    this.#dueOf(due.reminder.type).delete(due);
    this.#calls.changed(() => {
      due.phase = "waiting";
      this.#dueOf(due.reminder.type).add(due);
    });
  }

  #putBack(due: Due): void {
    if (due.phase === "over") return;
    due.cancel();
    due.phase = "waiting";
    this.#handOutSoon(due.reminder.type);
  }

  #handOutAll(): void {
    for (const type of this.#due.keys()) this.#handOutSoon(type);
  }

  #handOutSoon(type: string): void {
    queueMicrotask(() => {
      if (this.#calls.isAway) {
        this.#clock.after(this.#ackWaitMs, () => this.#handOutSoon(type));
        return;
      }
      for (const due of this.#dueOf(type)) if (due.phase === "waiting") this.#handOut(due);
    });
  }

  #handOut(due: Due): void {
    const listeners = this.#listeners.get(due.reminder.type) ?? [];
    const listener = listeners.find(({ inHand }) => inHand < MOST_IN_HAND);
    if (listener === undefined) return;
    // The others come first next time (I2).
    listeners.push(...listeners.splice(listeners.indexOf(listener), 1));
    listener.inHand++;
    due.phase = "in-hand";
    due.deliveries++;
    this.#wait(due, this.#ackWaitMs);
    const over = () => {
      listener.inHand--;
      this.#handOutSoon(due.reminder.type);
    };
    listener.tell(this.#deliveryOf(due)).then(over, over);
  }

  /** Puts it back after a while, unless something else happens to it. */
  #wait(due: Due, forMs: number): void {
    due.cancel();
    due.cancel = this.#clock.after(forMs, () => this.#putBack(due));
  }

  #deliveryOf(due: Due): DueReminder {
    const { reminder, dueMs, deliveries } = due;
    return {
      reminder,
      dueMs,
      deliveries,
      working: () => {
        if (due.phase === "in-hand" && !this.#calls.isAway) this.#wait(due, this.#ackWaitMs);
      },
      ack: async () => {
        await this.#calls.write(
          () => {
            if (this.faults.acksLost > 0) this.faults.acksLost--;
            else this.#end(due);
          },
          () => true,
        );
      },
      nak: (delayMs) => {
        if (due.phase === "in-hand" && !this.#calls.isAway) this.#wait(due, delayMs);
      },
    };
  }
}

function keyOf({ type, key, name }: ReminderOf): string {
  return JSON.stringify([type, key, name]);
}
