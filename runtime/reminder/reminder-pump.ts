/**
 * Brings occurrences that are due to the actors whose they are, wherever those live.
 *
 * Owns: listening for the types that this node registers, and what follows from how an occurrence was
 * heard. Any node that registers a type may bring an occurrence of it; the way to the owner is that of any
 * message.
 *
 * P1: an occurrence is acknowledged once its actor has handled it, and kept alive until then.
 * P2: one that was not handled comes again, later and later, for ever as long as nobody could be asked;
 *     one whose handler failed 10 times is given up and logged.
 */
import type { Log } from "../log.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { Ports } from "../ports/ports.ts";
import type { DueReminder, Reminders } from "../ports/reminders.ts";
import type { Registration } from "../registration.ts";
import type { System } from "../system.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import { REMIND, remindProtocol } from "./reminded.ts";

/** What a pump works with. */
export interface ReminderPumpSetting {
  readonly ports: Ports;
  readonly registrations: Iterable<Registration>;
  readonly actorOf: System["actorOf"];
}

const ASK_MS = 30_000;
const WORKING_MS = 1_500;
const MOST_FAILURES = 10;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;
const LISTEN_AGAIN_MS = 2_000;

/** Brings occurrences until it is ended. */
export class ReminderPump {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #actorOf: System["actorOf"];
  readonly #cancels = new Set<Cancel>();
  #over: boolean = false;

  constructor({ ports, registrations, actorOf }: ReminderPumpSetting) {
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#actorOf = actorOf;
    const { reminders } = ports;
    if (reminders === undefined) return;
    for (const registration of registrations) {
      if (registration.kind !== "spawnable") void this.#listen(reminders, registration);
    }
  }

  /** Brings nothing more. */
  end(): void {
    this.#over = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  async #listen(reminders: Reminders, registration: Registration): Promise<void> {
    const { definition, name } = registration;
    const of = remindProtocol(definition.protocol);
    const bring = (due: DueReminder): Promise<void> =>
      this.#bring(due, async () =>
        this.#actorOf(of, due.reminder.key, name).ask(
          REMIND,
          { reminder: due.reminder, dueMs: due.dueMs },
          { timeout: ASK_MS },
        ),
      );
    try {
      const cancel = await reminders.listen(name, bring);
      if (this.#over) cancel();
      else this.#cancels.add(cancel);
    } catch (error) {
      this.#log.debug({ type: name, reason: messageOf(error) }, "reminders cannot be heard now");
      this.#after(LISTEN_AGAIN_MS, () => void this.#listen(reminders, registration));
    }
  }

  async #bring(due: DueReminder, ask: () => Promise<"done" | "again">): Promise<void> {
    if (this.#over) return;
    const rest = this.#keepAlive(due);
    try {
      if ((await ask()) === "done") await due.ack();
      else due.nak(delayMs(due));
    } catch (error) {
      await this.#unheard(due, error);
    } finally {
      rest();
    }
  }

  async #unheard(due: DueReminder, error: unknown): Promise<void> {
    const { reminder, deliveries } = due;
    const { type, key, name } = reminder;
    const code = error instanceof TroupeError ? error.code : "actor.failed";
    const isFailure = code === "actor.failed" && deliveries >= MOST_FAILURES;
    if (!isFailure && code !== "refused") {
      due.nak(delayMs(due));
      return;
    }
    const reason = messageOf(error);
    this.#log.error({ type, key, reminder: name, reason, deliveries }, "a reminder was given up");
    // Not acknowledged it comes once more, and is given up again.
    await due.ack().catch(() => {});
  }

  /** Tells the store that the occurrence is in hand, until called off. */
  #keepAlive(due: DueReminder): Cancel {
    let cancel: Cancel = () => {};
    const next = (): void => {
      cancel = this.#clock.after(WORKING_MS, () => {
        due.working();
        next();
      });
    };
    next();
    return () => cancel();
  }

  #after(delayMs: number, then: () => void): void {
    if (this.#over) return;
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      then();
    });
    this.#cancels.add(cancel);
  }
}

function delayMs({ deliveries }: DueReminder): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(deliveries - 1, 10));
}
