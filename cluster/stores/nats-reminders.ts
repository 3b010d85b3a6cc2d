/**
 * Reminders as schedules in JetStream: the twin of `runtime/ports/memory-reminders.ts`.
 *
 * Owns: the stream, arming and calling off. Hearing what is due is `reminder-listener.ts`.
 *
 * One work-queue stream `TROUPE_<cluster>_REMINDERS` holds both: a schedule per reminder, and what is
 * due until it is acknowledged. The server moves the one to the other at its time and removes it,
 * whether or not a node runs.
 *
 * I1: each schedule is for one instant (`@at`): what repeats is armed anew as it is heard. So the oldest
 *     server that has schedules, 2.12, will do, and a cluster that was down finds one occurrence due, not
 *     one for each period.
 * I2: the stream may not refuse what is new (`discard: new`): the server makes no schedules in such a one.
 * I3: a stream and consumers that the server has lost are made anew; what they held is lost.
 * I4: arming again on the same subject replaces the schedule, so one in doubt is simply repeated.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { headers, type NatsConnection, nanos } from "nats";
import { type Log, silentLog } from "../../runtime/log.ts";
import { type Cancel, type Clock, systemClock } from "../../runtime/ports/clock.ts";
import type {
  DueReminder,
  Reminder,
  ReminderOf,
  Reminders,
} from "../../runtime/ports/reminders.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { afterElection } from "./election.ts";
import { ensureStream } from "./ensure-stream.ts";
import { ReminderListener } from "./reminder-listener.ts";
import { packedOccurrence, reminderSubject, reminderSubjects } from "./reminder-subject.ts";
import { StandingStreams } from "./standing-streams.ts";
import { checkedSize, storeFailure, storeUnavailable } from "./store-failure.ts";
import { storeName } from "./store-name.ts";

/** Options of {@link natsReminders}. */
export interface NatsRemindersOptions {
  readonly cluster: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** After how long an unacknowledged occurrence is handed out again; default 5,000. */
  readonly ackWaitMs?: number;
  /** How long one request may take; default 2,000. A call makes at most three. */
  readonly requestTimeoutMs?: number;
  /** How many servers keep the reminders; default 1. */
  readonly replicas?: number;
}

const DUPLICATE_WINDOW_MS = 120_000;
const ACK_WAIT_MS = 5_000;

/** Reminders over a connection, which stays the caller's. */
export function natsReminders(
  connection: NatsConnection,
  options: NatsRemindersOptions,
): Reminders {
  return new NatsReminders(connection, options);
}

class NatsReminders implements Reminders {
  readonly #connection: NatsConnection;
  readonly #options: NatsRemindersOptions;
  readonly #streams: StandingStreams;
  readonly #stream: string;
  readonly #timeoutMs: number;

  constructor(connection: NatsConnection, options: NatsRemindersOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? 2_000;
    this.#stream = storeName(options.cluster, "REMINDERS");
    this.#streams = new StandingStreams({
      connection,
      clock: options.clock ?? systemClock,
      timeoutMs: this.#timeoutMs,
      what: "the stream of reminders",
      make: (manager) => this.#makeStream(manager),
    });
  }

  async arm(reminder: Reminder, dueMs: number): Promise<void> {
    const { cluster } = this.#options;
    const what = `reminder ${reminder.name} of ${reminder.type}/${reminder.key}`;
    const bytes = checkedSize(this.#connection, packedOccurrence({ reminder, dueMs }), what);
    const marks = headers();
    marks.set("Nats-Schedule", `@at ${new Date(dueMs).toISOString()}`);
    marks.set("Nats-Schedule-Target", reminderSubject(cluster, "due", reminder));
    const subject = reminderSubject(cluster, "at", reminder);
    try {
      await this.#streams.publish(subject, bytes, { headers: marks });
    } catch (thrown) {
      throw storeFailure(`${what} could not be armed`, thrown);
    }
  }

  async cancel(of: ReminderOf): Promise<void> {
    const { clock = systemClock } = this.#options;
    const manager = await this.#streams.open();
    try {
      for (const place of ["at", "due"] as const) {
        const filter = reminderSubject(this.#options.cluster, place, of);
        await afterElection(clock, () => manager.streams.purge(this.#stream, { filter }));
      }
    } catch (thrown) {
      throw storeUnavailable(`reminder ${of.name} could not be called off`, thrown);
    }
  }

  async listen(type: string, tell: (due: DueReminder) => Promise<void>): Promise<Cancel> {
    const { cluster, clock = systemClock, log = silentLog, ackWaitMs } = this.#options;
    const listener = new ReminderListener({
      streams: this.#streams,
      stream: this.#stream,
      cluster,
      type,
      tell,
      clock,
      log,
      ackWaitMs: ackWaitMs ?? ACK_WAIT_MS,
      requestTimeoutMs: this.#timeoutMs,
    });
    await listener.begin();
    return () => listener.end();
  }

  async #makeStream(manager: JetStreamManager): Promise<void> {
    const { cluster, replicas = 1 } = this.#options;
    const config = await ensureStream(manager, {
      name: this.#stream,
      subjects: [reminderSubjects(cluster)],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      num_replicas: replicas,
      discard: DiscardPolicy.Old,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_msg_schedules: true,
    });
    if (config.allow_msg_schedules !== true)
      throw new TroupeError(
        "nats.too-old",
        `the server ignores what stream ${this.#stream} asks for: schedules need 2.12`,
      );
  }
}
