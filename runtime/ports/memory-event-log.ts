/**
 * Logs in this process's memory: the twin of those in a stream of events.
 *
 * Owns: sequences, the fence and followers as JetStream has them. The rules J1–J5 are the port's
 * (`event-log.ts`).
 *
 * I1: all logs of one store share one sequence, so that nobody comes to rely on gapless numbers (J1).
 * I2: events are copied on the way in.
 * I3: followers hear of entries later, in order; while they are silent what they miss is kept.
 * I4: after a power cut sequences are given anew, as the server does. A follower that was told a lost
 *     entry is told nothing more up to its sequence.
 */
import type { Cancel, Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { Append, EventLog, EventLogs, LogEntry } from "./event-log.ts";
import { checkedKey } from "./key-filter.ts";
import type { Random } from "./random.ts";
import {
  type Leadership,
  noStoreFaults,
  type Power,
  StoreCalls,
  type StoreFaults,
} from "./store-faults.ts";
import { storedCopy } from "./stored-copy.ts";

/** What can go wrong with logs; all off at first, changed by tests while they run. */
export interface MemoryEventLogFaults extends StoreFaults {
  /** Followers are told nothing; what they missed comes with the first entry after it is off. */
  followsSilent: boolean;
}

/** Options of {@link memoryEventLogs}. */
export interface MemoryEventLogsOptions {
  /** Default the process's clock. */
  readonly clock?: Clock;
  /** Decides what goes wrong; default one that draws the same each time. */
  readonly random?: Random;
  readonly faults?: Partial<MemoryEventLogFaults>;
}

/** Logs in memory, with their faults. */
export interface MemoryEventLogs extends EventLogs, Leadership, Power {
  readonly faults: MemoryEventLogFaults;
}

const MOST_EVENTS = 1_000;
const MOST_BYTES = 1_000_000;

/** Logs that live as long as the returned object. */
export function memoryEventLogs(options: MemoryEventLogsOptions = {}): MemoryEventLogs {
  const { clock = systemClock, random } = options;
  const faults: MemoryEventLogFaults = {
    ...noStoreFaults(),
    followsSilent: false,
    ...options.faults,
  };
  const store: Store = {
    faults,
    calls: new StoreCalls("the event log", faults, { clock, random }),
    sequence: 0,
  };
  const logs = new Map<string, MemoryEventLog>();
  const hearAgain = (): void => {
    for (const log of logs.values()) log.tellSoon();
  };
  return {
    faults,
    open: async (name) => {
      checkedKey(name);
      const log = logs.get(name) ?? new MemoryEventLog(name, store);
      logs.set(name, log);
      return log;
    },
    loseLeader: (forMs) => store.calls.loseLeader(forMs, hearAgain),
    cutPower: (forMs) => store.calls.cutPower(forMs, hearAgain),
  };
}

/** What the logs of one store share. */
interface Store {
  readonly faults: MemoryEventLogFaults;
  readonly calls: StoreCalls;
  sequence: number;
}

interface Follower {
  readonly listener: (entry: LogEntry) => void;
  missed: LogEntry[];
  /** The first sequence that it was not told. */
  next: number;
}

class MemoryEventLog implements EventLog {
  readonly name: string;
  readonly #store: Store;
  #entries: LogEntry[] = [];
  readonly #followers = new Set<Follower>();

  constructor(name: string, store: Store) {
    this.name = name;
    this.#store = store;
  }

  async append(events: readonly unknown[], expected?: number): Promise<Append> {
    if (events.length < 1 || events.length > MOST_EVENTS)
      throw new RangeError(`an append holds 1 to ${MOST_EVENTS} events: ${events.length}`);
    const copies = storedCopy(events, "the events", MOST_BYTES);
    return this.#store.calls.write<Append>(
      () => {
        const last = this.#last;
        if (expected !== undefined && expected !== last) return { ok: false, conflict: { last } };
        this.#undoable();
        for (const event of copies) this.#add({ sequence: ++this.#store.sequence, event });
        this.tellSoon();
        return { ok: true, sequence: this.#last };
      },
      (append) => append.ok,
    );
  }

  read(from: number, limit: number = MOST_EVENTS): Promise<readonly LogEntry[]> {
    return this.#store.calls.read(() => this.#from(from).slice(0, limit));
  }

  last(): Promise<number> {
    return this.#store.calls.read(() => this.#last);
  }

  follow(from: number, listener: (entry: LogEntry) => void): Promise<Cancel> {
    return this.#store.calls.read(() => {
      const follower: Follower = { listener, missed: this.#from(from), next: from };
      this.#followers.add(follower);
      this.tellSoon();
      return () => {
        this.#followers.delete(follower);
      };
    });
  }

  async purge(): Promise<void> {
    await this.#store.calls.write(
      () => {
        const { length } = this.#entries;
        this.#undoable();
        this.#entries = [];
        return length;
      },
      (removed) => removed > 0,
    );
  }

  async trim(before: number): Promise<void> {
    await this.#store.calls.write(
      () => {
        const kept = this.#entries.findIndex(({ sequence }) => sequence >= before);
        this.#undoable();
        return this.#entries.splice(0, kept < 0 ? this.#entries.length - 1 : kept).length;
      },
      (removed) => removed > 0,
    );
  }

  /** Tells followers what they missed, unless they are silent. */
  tellSoon(): void {
    queueMicrotask(() => {
      const { faults, calls } = this.#store;
      for (const follower of this.#followers) {
        if (faults.followsSilent || calls.isAway) return;
        for (const entry of follower.missed.splice(0)) {
          if (entry.sequence < follower.next || !this.#followers.has(follower)) continue;
          follower.next = entry.sequence + 1;
          follower.listener(entry);
        }
      }
    });
  }

  get #last(): number {
    return this.#entries.at(-1)?.sequence ?? 0;
  }

  /** The log as it is now comes back, should the power go before the next sync. */
  #undoable(): void {
    const { calls, faults, sequence } = this.#store;
    const entries = faults.syncEveryMs > 0 ? [...this.#entries] : [];
    calls.changed(() => {
      this.#entries = entries;
      this.#store.sequence = sequence;
      for (const follower of this.#followers)
        follower.missed = follower.missed.filter((entry) => entry.sequence <= sequence);
    });
  }

  #add(entry: LogEntry): void {
    this.#entries.push(entry);
    for (const follower of this.#followers) follower.missed.push(entry);
  }

  #from(sequence: number): LogEntry[] {
    return this.#entries.filter((entry) => entry.sequence >= sequence);
  }
}
