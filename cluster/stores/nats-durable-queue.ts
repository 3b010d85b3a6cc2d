/**
 * The work queue in JetStream: the twin of `runtime/ports/memory-durable-queue.ts`.
 *
 * Owns: the stream of tasks, its consumers, and the stream of dead letters. Handing out on credit is
 * `task-puller.ts`.
 *
 * One work-queue stream `TROUPE_<cluster>_TASKS`, a subject and a durable consumer per capability and
 * priority; each subject holds at most `capacity` tasks and refuses more (`discard: new`), which is the
 * back-pressure.
 *
 * I1: a publish whose acknowledgement was lost is repeated (`standing-streams.ts`) under the same message id:
 *     the server knows it again for two minutes, so the task is queued once, and the answer says that it is.
 * I2: streams and consumers that the server has lost are made anew: what they held is lost, but the ledger
 *     knows nothing of it that would be wrong. A publish that nobody was there to hear is repeated until it
 *     is heard, for as long as the call may take.
 */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { createInbox, type NatsConnection, nanos } from "nats";
import { type Log, silentLog } from "../../runtime/log.ts";
import { type Clock, systemClock } from "../../runtime/ports/clock.ts";
import type {
  Delivery,
  DurableQueue,
  Priority,
  Published,
  QueuedTask,
} from "../../runtime/ports/durable-queue.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { pack } from "../wire/packing.ts";
import { ensureStream } from "./ensure-stream.ts";
import { StandingStreams } from "./standing-streams.ts";
import { checkedSize, isFull, isGone, storeFailure, storeUnavailable } from "./store-failure.ts";
import { storeName } from "./store-name.ts";
import { type DeadTask, deadTaskOf, queuedTaskOf } from "./task-message.ts";
import { PRIORITIES, TaskPuller } from "./task-puller.ts";
import {
  capabilityToken,
  deadLetterSubject,
  deadLetterSubjects,
  taskSubject,
  taskSubjects,
} from "./task-subject.ts";

/** Options of {@link natsDurableQueue}. */
export interface NatsDurableQueueOptions {
  readonly cluster: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** After how long an unacknowledged delivery is handed out again; default 3,000. */
  readonly ackWaitMs?: number;
  /** How many tasks of a capability and priority are held; default 10,000. */
  readonly capacity?: number;
  /** How long one request may take; default 2,000. A call makes at most three. */
  readonly requestTimeoutMs?: number;
  /** How many servers keep the tasks; default 1. */
  readonly replicas?: number;
  /** Where answers come; default `_INBOX`. */
  readonly inboxPrefix?: string;
}

const DUPLICATE_WINDOW_MS = 120_000;
/** Tasks in hand in the whole cluster, per capability and priority. */
const MOST_IN_HAND = 20_000;
const MOST_DEAD_LETTERS = 10_000;
const DEAD_LETTER_AGE_MS = 30 * 86_400_000;
/** How long a dead letter is known again; a crash between letter and acknowledgement repeats it. */
const DEAD_LETTER_WINDOW_MS = 3_600_000;

/** A queue over a connection, which stays the caller's. */
export function natsDurableQueue(
  connection: NatsConnection,
  options: NatsDurableQueueOptions,
): DurableQueue {
  return new NatsQueue(connection, options);
}

class NatsQueue implements DurableQueue {
  readonly #connection: NatsConnection;
  readonly #options: NatsDurableQueueOptions;
  readonly #streams: StandingStreams;
  readonly #tasks: string;
  readonly #dead: string;
  readonly #timeoutMs: number;
  readonly #pullers = new Map<string, Promise<TaskPuller>>();

  constructor(connection: NatsConnection, options: NatsDurableQueueOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? 2_000;
    this.#streams = new StandingStreams({
      connection,
      clock: options.clock ?? systemClock,
      timeoutMs: this.#timeoutMs,
      what: "the task streams",
      make: (manager) => this.#makeStreams(manager),
    });
    this.#tasks = storeName(options.cluster, "TASKS");
    this.#dead = storeName(options.cluster, "DLQ");
  }

  async publish(task: QueuedTask): Promise<Published> {
    const subject = taskSubject(this.#options.cluster, task.capability, task.priority);
    const bytes = checkedSize(this.#connection, pack({ v: 1, ...task }), `task ${task.id}`);
    try {
      return await this.#streams.publish(subject, bytes, { msgID: task.id });
    } catch (thrown) {
      if (isFull(thrown)) return "full";
      throw storeFailure(`task ${task.id} could not be queued`, thrown);
    }
  }

  async pull(
    capability: string,
    options: { readonly count: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly Delivery[]> {
    const puller = await this.#puller(capability);
    return puller.pull(options);
  }

  async deadLetter(task: QueuedTask, history: unknown): Promise<void> {
    const subject = deadLetterSubject(this.#options.cluster, task.capability);
    const bytes = pack({ v: 1, task, history });
    try {
      await this.#streams.publish(subject, bytes, { msgID: task.id });
    } catch (thrown) {
      throw storeFailure(`the dead letter of ${task.id} could not be kept`, thrown);
    }
  }

  async deadLetters(capability: string, limit: number): Promise<readonly DeadTask[]> {
    const manager = await this.#streams.open();
    const next_by_subj = deadLetterSubject(this.#options.cluster, capability);
    const letters: DeadTask[] = [];
    try {
      let seq = 1;
      while (letters.length < limit) {
        const message = await manager.direct.getMessage(this.#dead, { seq, next_by_subj });
        if (message === null) break;
        const letter = deadTaskOf(message.data);
        if (letter.ok) letters.push(letter.value);
        seq = message.seq + 1;
      }
      return letters;
    } catch (thrown) {
      throw storeUnavailable(`the dead letters of ${capability} could not be read`, thrown);
    }
  }

  #puller(capability: string): Promise<TaskPuller> {
    const known = this.#pullers.get(capability);
    if (known !== undefined) return known;
    const opening = this.#openPuller(capability);
    this.#pullers.set(capability, opening);
    opening.catch(() => this.#pullers.delete(capability)); // the next caller tries again
    return opening;
  }

  async #openPuller(capability: string): Promise<TaskPuller> {
    const ensure = async (): Promise<void> => {
      const manager = await this.#streams.open();
      try {
        await Promise.all(
          PRIORITIES.map((priority) => this.#consumer(manager, capability, priority)),
        );
      } catch (thrown) {
        if (isGone(thrown)) this.#streams.lost(); // made anew the next time (I2)
        throw thrown;
      }
    };
    try {
      await ensure();
    } catch (thrown) {
      throw storeFailure(`the consumers of ${capability} could not be made`, thrown);
    }
    return new TaskPuller({
      connection: this.#connection,
      stream: this.#tasks,
      consumerOf: (priority) => consumerName(capability, priority),
      inbox: createInbox(this.#options.inboxPrefix),
      clock: this.#options.clock ?? systemClock,
      log: this.#options.log ?? silentLog,
      requestTimeoutMs: this.#timeoutMs,
      parse: queuedTaskOf,
      ensure,
    });
  }

  async #consumer(
    manager: JetStreamManager,
    capability: string,
    priority: Priority,
  ): Promise<void> {
    await manager.consumers.add(this.#tasks, {
      durable_name: consumerName(capability, priority),
      filter_subject: taskSubject(this.#options.cluster, capability, priority),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#options.ackWaitMs ?? 3_000),
      max_deliver: -1, // the ledger counts attempts, and buries
      max_ack_pending: MOST_IN_HAND,
    });
  }

  async #makeStreams(manager: JetStreamManager): Promise<void> {
    const { cluster, capacity = 10_000, replicas = 1 } = this.#options;
    const tasks = await ensureStream(manager, {
      name: this.#tasks,
      subjects: [taskSubjects(cluster)],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      num_replicas: replicas,
      max_msgs_per_subject: capacity,
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    });
    if (tasks.discard_new_per_subject !== true)
      throw new TroupeError("nats.too-old", "the server does not limit tasks per subject");
    await ensureStream(manager, {
      name: this.#dead,
      subjects: [deadLetterSubjects(cluster)],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: replicas,
      max_msgs_per_subject: MOST_DEAD_LETTERS,
      max_age: nanos(DEAD_LETTER_AGE_MS),
      discard: DiscardPolicy.Old,
      duplicate_window: nanos(DEAD_LETTER_WINDOW_MS),
      allow_direct: true,
    });
  }
}

function consumerName(capability: string, priority: Priority): string {
  return `${capabilityToken(capability)}_${priority}`;
}
