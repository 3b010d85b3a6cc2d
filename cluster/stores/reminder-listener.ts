/**
 * Hears what is due of one type of reminders.
 *
 * Owns: the type's consumer, and how many occurrences are in hand here. One durable consumer per type is
 * shared by all who listen; the server gives each occurrence to one of them.
 *
 * L1: occurrences are asked for a few at a time, and again when those are told; an occurrence that nobody
 *     acknowledges is given out again by the server.
 * L2: what breaks is begun anew: a request that ends early, a consumer that is gone, a server that is away.
 */
import {
  AckPolicy,
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
} from "@nats-io/jetstream";
import { nanos } from "nats";
import { Deferred } from "../../runtime/kernel/deferred.ts";
import type { Log } from "../../runtime/log.ts";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import { keyToken } from "../../runtime/ports/key-token.ts";
import type { DueReminder } from "../../runtime/ports/reminders.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { afterElection } from "./election.ts";
import { dueSubjects, occurrenceIn } from "./reminder-subject.ts";
import type { StandingStreams } from "./standing-streams.ts";
import { isGone, storeUnavailable } from "./store-failure.ts";

/** What a listener hears, and whom it tells. */
export interface ReminderListenerSetting {
  readonly streams: StandingStreams;
  readonly stream: string;
  readonly cluster: string;
  readonly type: string;
  readonly tell: (due: DueReminder) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly ackWaitMs: number;
  readonly requestTimeoutMs: number;
}

const MOST_IN_HAND = 64;
/** In hand in the whole cluster, per type. */
const MOST_IN_CLUSTER = 10_000;
/** How long one request for occurrences stands. */
const REQUEST_MS = 30_000;
/** How much longer an answer may take before the request counts as lost. */
const GRACE_MS = 5_000;
const AGAIN_MS = 1_000;

/** Listens until it is ended. */
export class ReminderListener {
  readonly #setting: ReminderListenerSetting;
  #over: boolean = false;
  #inHand = 0;
  #room: Deferred<void> | undefined;
  #messages: ConsumerMessages | undefined;
  #cancel: Cancel = () => {};

  constructor(setting: ReminderListenerSetting) {
    this.#setting = setting;
  }

  /** Makes the consumer and begins; rejects with `store.unavailable` when that cannot be. */
  async begin(): Promise<void> {
    const consumer = await this.#consumer();
    void this.#listen(consumer);
  }

  /** Hears nothing more; what is in hand stays with whoever was told. */
  end(): void {
    this.#over = true;
    this.#messages?.stop();
    this.#cancel();
    this.#room?.resolve();
  }

  async #listen(first: Consumer): Promise<void> {
    let consumer: Consumer | undefined = first;
    while (!this.#over) {
      try {
        consumer ??= await this.#consumer();
        await this.#request(consumer);
      } catch (thrown) {
        this.#setting.log.debug({ reason: messageOf(thrown) }, "reminders cannot be heard now");
        consumer = undefined;
        await this.#pause();
      }
    }
  }

  /** Asks for occurrences once, and tells those that come. */
  async #request(consumer: Consumer): Promise<void> {
    const { clock } = this.#setting;
    const messages = await consumer.fetch({ max_messages: MOST_IN_HAND, expires: REQUEST_MS });
    this.#messages = messages;
    if (this.#over) messages.stop();
    const cancel = clock.after(REQUEST_MS + GRACE_MS, () => messages.stop());
    try {
      for await (const message of messages) {
        if (this.#over) return;
        this.#tell(message);
        if (this.#inHand >= MOST_IN_HAND) {
          this.#room = new Deferred<void>();
          await this.#room.promise;
        }
      }
    } finally {
      cancel();
      messages.stop();
    }
  }

  #tell(message: JsMsg): void {
    const { log, tell } = this.#setting;
    const occurrence = occurrenceIn(message.data);
    if (!occurrence.ok) {
      // Nobody can deal with it, whatever it is: it must not come back for ever.
      log.error({ subject: message.subject, reason: occurrence.error }, "unreadable reminder");
      message.term();
      return;
    }
    this.#inHand++;
    const over = (): void => {
      this.#inHand--;
      this.#room?.resolve();
    };
    tell(this.#deliveryOf(message, occurrence.value)).then(over, over);
  }

  #deliveryOf(
    message: JsMsg,
    { reminder, dueMs }: Pick<DueReminder, "reminder" | "dueMs">,
  ): DueReminder {
    return {
      reminder,
      dueMs,
      deliveries: message.info.deliveryCount,
      working: () => message.working(),
      nak: (delayMs) => message.nak(Math.max(1, delayMs)),
      ack: async () => {
        const timeout = this.#setting.requestTimeoutMs;
        const isAcked = await message.ackAck({ timeout }).catch(() => false);
        if (!isAcked) throw storeUnavailable(`reminder ${reminder.name} could not be acknowledged`);
      },
    };
  }

  async #consumer(): Promise<Consumer> {
    const { ackWaitMs, clock, cluster, stream, streams, type } = this.#setting;
    const name = keyToken(type);
    const manager = await streams.open();
    try {
      await manager.consumers.add(stream, {
        durable_name: name,
        filter_subject: dueSubjects(cluster, type),
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: nanos(ackWaitMs),
        max_deliver: -1, // whoever is told counts
        max_ack_pending: MOST_IN_CLUSTER,
      });
      return await afterElection(clock, () => streams.client.consumers.get(stream, name));
    } catch (thrown) {
      if (isGone(thrown)) streams.lost();
      throw storeUnavailable(`the reminders of ${type} cannot be heard`, thrown);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#setting.clock.after(AGAIN_MS, resolve);
      this.#cancel = () => {
        cancel();
        resolve();
      };
    });
  }
}
