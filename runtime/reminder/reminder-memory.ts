/**
 * What one generation of an actor remembers of its reminders.
 *
 * R1: an occurrence that was handled here is not handled here again, however often it is delivered.
 * R2: a reminder that was replaced or called off here is not heard any more, also when an occurrence of it
 *     was already on its way.
 *
 * Both are forgotten with the generation, and the oldest past 1,000: nothing rests on them but comfort.
 */
import type { Reminder } from "../ports/reminders.ts";

const MOST = 1_000;
const CALLED_OFF = "";

/** The memory of one generation. */
export class ReminderMemory {
  readonly #handled = new Set<string>();
  /** The present setting of each name that was set or called off here. */
  readonly #settings = new Map<string, string>();

  /** A reminder was set under a name, or, without an id, called off. */
  set(name: string, id: string = CALLED_OFF): void {
    this.#settings.delete(name);
    this.#settings.set(name, id);
    forget(this.#settings);
  }

  /** Whether an occurrence is not to be handled any more. */
  isOver({ id, name }: Reminder, dueMs: number): boolean {
    return (this.#settings.get(name) ?? id) !== id || this.#handled.has(`${id} ${dueMs}`);
  }

  handled({ id }: Reminder, dueMs: number): void {
    this.#handled.add(`${id} ${dueMs}`);
    forget(this.#handled);
  }
}

function forget(kept: Set<string> | Map<string, string>): void {
  if (kept.size <= MOST) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    return;
  }
}

const memories = new WeakMap<object, ReminderMemory>();

/** The memory of a generation, named by its own context. */
export function memoryOf(generation: object): ReminderMemory {
  const memory = memories.get(generation) ?? new ReminderMemory();
  memories.set(generation, memory);
  return memory;
}
