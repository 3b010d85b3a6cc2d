/**
 * The ports of a system that stands alone: everything in this process, nothing outlives it.
 *
 * Owns: which twin stands for which port. A port that is given is taken instead.
 */

import { createTasks } from "../durable/create-tasks.ts";
import { EventFeed } from "../event-feed.ts";
import { pinoLog } from "../log.ts";
import { TroupeError } from "../troupe-error.ts";
import { systemClock } from "./clock.ts";
import { memoryBlobStore } from "./memory-blob-store.ts";
import { memoryDurableQueue } from "./memory-durable-queue.ts";
import { memoryEventLogs } from "./memory-event-log.ts";
import { memoryKeyValues } from "./memory-key-value.ts";
import { MemoryMembers } from "./memory-membership.ts";
import { memoryReminders } from "./memory-reminders.ts";
import { MemoryHub } from "./memory-transport.ts";
import type { ModelClients } from "./model-client.ts";
import type { Ports } from "./ports.ts";
import { systemRandom } from "./random.ts";
import { systemScheduler } from "./scheduler.ts";

/** Knows no model. */
const noModels: ModelClients = {
  client: (name) => {
    throw new TroupeError("model.unknown", `no model ${name}: the system was given no models`);
  },
};

/** Complete ports for a node, in memory where none is given. */
export function memoryPorts(node: string, given: Partial<Ports> = {}): Ports {
  const clock = given.clock ?? systemClock;
  const scheduler = given.scheduler ?? systemScheduler;
  const random = given.random ?? systemRandom().fork(node);
  const log = given.log ?? pinoLog("warn");
  const events = given.events ?? new EventFeed(node, clock);
  const transport = given.transport ?? new MemoryHub({ scheduler }).join(node);
  const membership =
    given.membership ?? new MemoryMembers().join({ name: node, incarnation: random.id() });
  const keyValues = given.keyValues ?? memoryKeyValues({ clock });
  const queue = given.queue ?? memoryDurableQueue({ clock });
  const tasks =
    given.tasks ?? createTasks({ queue, keyValues, membership, clock, random, events, log });
  const models = given.models ?? noModels;
  // Stores that last come with logs, blobs and reminders that last, or with none.
  const standsAlone = given.keyValues === undefined;
  const eventLogs = given.eventLogs ?? (standsAlone ? memoryEventLogs({ clock }) : undefined);
  const reminders = given.reminders ?? (standsAlone ? memoryReminders({ clock }) : undefined);
  const blobs = given.blobs ?? (standsAlone ? memoryBlobStore({ clock }) : undefined);
  return {
    clock,
    scheduler,
    random,
    log,
    events,
    transport,
    membership,
    keyValues,
    queue,
    tasks,
    models,
    ...(eventLogs === undefined ? {} : { eventLogs }),
    ...(blobs === undefined ? {} : { blobs }),
    ...(reminders === undefined ? {} : { reminders }),
    ...(given.signatures === undefined ? {} : { signatures: given.signatures }),
  };
}
