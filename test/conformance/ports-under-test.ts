/** The ports as the conformance model uses them, whichever store is behind them. */
import type { DurableQueue } from "../../runtime/ports/durable-queue.ts";
import type { EventLogs } from "../../runtime/ports/event-log.ts";
import type { KeyValues } from "../../runtime/ports/key-value.ts";
import type { Reminders } from "../../runtime/ports/reminders.ts";

/** How many tasks of a priority the queue holds. */
export const CAPACITY = 3;

/** Ports of a fresh cluster. */
export interface PortsUnderTest {
  readonly keyValues: KeyValues;
  readonly queue: DurableQueue;
  readonly eventLogs: EventLogs;
  readonly reminders: Reminders;
  /** The store's wall clock. */
  nowMs(): number;
  /** Time that has passed. */
  elapsedMs(): number;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** What a call comes to; lets as much time pass as it takes. */
  done<T>(call: Promise<T>): Promise<T>;
  /** Resolves when what was said without waiting for an answer has been heard. */
  heard(): Promise<void>;
  /** Resolves when what was asked for in vain has run out: what is published now is nobody's yet. */
  forgotten(): Promise<void>;
  /** How long a pull waits for the first of so many tasks as should come. */
  pullWaitMs(wanted: number): number;
  /** The connection breaks and is made anew. */
  reconnect(): Promise<void>;
  end(): Promise<void>;
}
