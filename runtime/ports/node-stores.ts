/**
 * Stores as one node reaches them: over a line that may be slow, cut, or closed for good.
 *
 * Owns: that every call of a store goes through the line, and all that a store brings too. What becomes
 * of a call is the line's business: in a seeded world a node may stand still, be cut off or be dead
 * (`testing/world-node.ts`), on a real one the line ends with the node's lease.
 *
 * I1: answers and changes of one store keep their order as far as the line keeps it.
 * I2: what is said without waiting for an answer is said only while the line is open.
 */

import type { BlobStore } from "./blob-store.ts";
import type { Cancel } from "./clock.ts";
import type { Delivery, DurableQueue } from "./durable-queue.ts";
import type { EventLog, EventLogs } from "./event-log.ts";
import type { KeyValue, KeyValues } from "./key-value.ts";
import type { DueReminder, Reminders } from "./reminders.ts";

/** The way between a node and the stores. */
export interface StoreLine {
  /** What `call` answers, as the node hears it; a call that the line does not take has no effect. */
  reach<T>(store: string, call: () => Promise<T>): Promise<T>;
  /** Runs `news`, when the node may hear them. */
  hear(store: string, news: () => void): void;
  /** Whether what the node says without waiting for an answer arrives. */
  readonly isOpen: boolean;
}

/** Buckets as a node reaches them. */
export function keyValuesOf(line: StoreLine, keyValues: KeyValues): KeyValues {
  const reach = <T>(call: () => Promise<T>): Promise<T> => line.reach("keyValues", call);
  const bucketOf = (bucket: KeyValue): KeyValue => ({
    bucket: bucket.bucket,
    get: (key) => reach(() => bucket.get(key)),
    create: (key, value, options) => reach(() => bucket.create(key, value, options)),
    update: (key, value, expected, options) =>
      reach(() => bucket.update(key, value, expected, options)),
    put: (key, value) => reach(() => bucket.put(key, value)),
    delete: (key, expected) => reach(() => bucket.delete(key, expected)),
    commit: (writes) => reach(() => bucket.commit(writes)),
    entries: (filter) => reach(() => bucket.entries(filter)),
    watch: (filter, listener) =>
      heard(line, "keyValues", (listening) =>
        bucket.watch(filter, (change) => listening(() => listener(change))),
      ),
  });
  return {
    open: async (name, options) => bucketOf(await reach(() => keyValues.open(name, options))),
  };
}

/** A queue as a node reaches it. */
export function queueOf(line: StoreLine, queue: DurableQueue): DurableQueue {
  const reach = <T>(call: () => Promise<T>): Promise<T> => line.reach("queue", call);
  const deliveryOf = (delivery: Delivery): Delivery => ({
    task: delivery.task,
    deliveries: delivery.deliveries,
    ...answersTo(line, "queue", delivery),
  });
  return {
    publish: (task) => reach(() => queue.publish(task)),
    pull: async (capability, options) => {
      const deliveries = await reach(() => queue.pull(capability, options));
      return deliveries.map(deliveryOf);
    },
    deadLetter: (task, history) => reach(() => queue.deadLetter(task, history)),
    deadLetters: (capability, limit) => reach(() => queue.deadLetters(capability, limit)),
  };
}

/** Event logs as a node reaches them. */
export function eventLogsOf(line: StoreLine, eventLogs: EventLogs): EventLogs {
  const reach = <T>(call: () => Promise<T>): Promise<T> => line.reach("eventLogs", call);
  const logOf = (log: EventLog): EventLog => ({
    name: log.name,
    append: (events, expected) => reach(() => log.append(events, expected)),
    read: (from, limit) => reach(() => log.read(from, limit)),
    last: () => reach(() => log.last()),
    purge: () => reach(() => log.purge()),
    trim: (before) => reach(() => log.trim(before)),
    follow: (from, listener) =>
      heard(line, "eventLogs", (listening) =>
        log.follow(from, (entry) => listening(() => listener(entry))),
      ),
  });
  return { open: async (name) => logOf(await reach(() => eventLogs.open(name))) };
}

/** Blobs as a node reaches them. */
export function blobsOf(line: StoreLine, blobs: BlobStore): BlobStore {
  const reach = <T>(call: () => Promise<T>): Promise<T> => line.reach("blobs", call);
  return {
    mostBytes: blobs.mostBytes,
    put: (bytes, key) => reach(() => blobs.put(bytes, key)),
    get: (key) => reach(() => blobs.get(key)),
    delete: (key) => reach(() => blobs.delete(key)),
  };
}

/** Reminders as a node reaches them. */
export function remindersOf(line: StoreLine, reminders: Reminders): Reminders {
  const reach = <T>(call: () => Promise<T>): Promise<T> => line.reach("reminders", call);
  const dueOf = (due: DueReminder): DueReminder => ({
    reminder: due.reminder,
    dueMs: due.dueMs,
    deliveries: due.deliveries,
    ...answersTo(line, "reminders", due),
  });
  return {
    arm: (reminder, dueMs) => reach(() => reminders.arm(reminder, dueMs)),
    cancel: (of) => reach(() => reminders.cancel(of)),
    listen: (type, listener) =>
      heard(line, "reminders", (listening) =>
        reminders.listen(type, async (due) => {
          // What is handed to a node that hears nothing comes again after its ack wait.
          if (!line.isOpen) return;
          await new Promise<void>((resolve) => {
            listening(() => {
              listener(dueOf(due)).then(resolve, resolve);
            });
          });
        }),
      ),
  };
}

/** What a node says to something that was handed to it. */
type Answers = Pick<Delivery, "working" | "ack" | "nak">;

/** I2. */
function answersTo(line: StoreLine, store: string, handed: Answers): Answers {
  return {
    working: () => {
      if (line.isOpen) handed.working();
    },
    ack: () => line.reach(store, () => handed.ack()),
    nak: (delayMs) => {
      if (line.isOpen) handed.nak(delayMs);
    },
  };
}

/** A subscription whose news stop when it is cancelled, also those that wait for their turn. */
async function heard(
  line: StoreLine,
  store: string,
  subscribe: (listening: (news: () => void) => void) => Promise<Cancel>,
): Promise<Cancel> {
  let isListening: boolean = true;
  const listening = (news: () => void) =>
    line.hear(store, () => {
      if (isListening) news();
    });
  const cancel = await line.reach(store, () => subscribe(listening));
  return () => {
    isListening = false;
    cancel();
  };
}
