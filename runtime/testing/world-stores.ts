/**
 * What the nodes of a seeded world share: links, members and stores, and all that can go wrong there.
 *
 * Owns: the one place of the world's faults. Each twin says in its own file what its switches do.
 */
import type { Clock } from "../ports/clock.ts";
import { type MemoryBlobStore, memoryBlobStore } from "../ports/memory-blob-store.ts";
import {
  type MemoryDurableQueue,
  type MemoryDurableQueueFaults,
  memoryDurableQueue,
} from "../ports/memory-durable-queue.ts";
import {
  type MemoryEventLogFaults,
  type MemoryEventLogs,
  memoryEventLogs,
} from "../ports/memory-event-log.ts";
import {
  type MemoryKeyValueFaults,
  type MemoryKeyValues,
  memoryKeyValues,
} from "../ports/memory-key-value.ts";
import { MemoryMembers, type MemoryMembersFaults } from "../ports/memory-membership.ts";
import { type MemoryModelFaults, noModelFaults } from "../ports/memory-model-client.ts";
import {
  type MemoryReminderFaults,
  type MemoryReminders,
  memoryReminders,
} from "../ports/memory-reminders.ts";
import { MemoryHub, type MemoryHubFaults } from "../ports/memory-transport.ts";
import type { Random } from "../ports/random.ts";
import type { StoreFaults } from "../ports/store-faults.ts";

/** Everything that can go wrong in a world; changed by tests while it runs. */
export interface WorldFaults {
  readonly links: MemoryHubFaults;
  readonly members: MemoryMembersFaults;
  readonly keyValues: MemoryKeyValueFaults;
  readonly queue: MemoryDurableQueueFaults;
  readonly eventLogs: MemoryEventLogFaults;
  readonly blobs: StoreFaults;
  readonly reminders: MemoryReminderFaults;
  readonly models: MemoryModelFaults;
}

/** Faults that a world begins with; what is not given is off. */
export type InitialFaults = {
  readonly [Part in keyof WorldFaults]?: Partial<WorldFaults[Part]>;
};

/** The shared parts of a world. */
export interface WorldStores {
  readonly links: MemoryHub;
  readonly members: MemoryMembers;
  readonly keyValues: MemoryKeyValues;
  readonly queue: MemoryDurableQueue;
  readonly eventLogs: MemoryEventLogs;
  readonly blobs: MemoryBlobStore;
  readonly reminders: MemoryReminders;
  readonly faults: WorldFaults;
}

/** Makes the shared parts. `deliver` gives what comes from one node to another its turn. */
export function worldStores(setting: {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: InitialFaults;
  readonly deliver: (from: string, to: string, arrive: () => void) => void;
}): WorldStores {
  const { clock, random, faults, deliver } = setting;
  const partOf = (part: keyof WorldStores) => ({ clock, random: random.fork(part) });
  const links = new MemoryHub({
    ...partOf("links"),
    deliver,
    ...(faults.links === undefined ? {} : { faults: faults.links }),
  });
  const members = new MemoryMembers({ ...partOf("members"), faults: faults.members ?? {} });
  const keyValues = memoryKeyValues({ ...partOf("keyValues"), faults: faults.keyValues ?? {} });
  const queue = memoryDurableQueue({ ...partOf("queue"), faults: faults.queue ?? {} });
  const eventLogs = memoryEventLogs({ ...partOf("eventLogs"), faults: faults.eventLogs ?? {} });
  const blobs = memoryBlobStore({ ...partOf("blobs"), faults: faults.blobs ?? {} });
  const reminders = memoryReminders({ ...partOf("reminders"), faults: faults.reminders ?? {} });
  return {
    links,
    members,
    keyValues,
    queue,
    eventLogs,
    blobs,
    reminders,
    faults: {
      links: links.faults,
      members: members.faults,
      keyValues: keyValues.faults,
      queue: queue.faults,
      eventLogs: eventLogs.faults,
      blobs: blobs.faults,
      reminders: reminders.faults,
      models: { ...noModelFaults(), ...faults.models },
    },
  };
}
