/**
 * One event log in JetStream.
 *
 * Owns: appends whose outcome is known, and reads that the leader vouches for. The stream is
 * `nats-event-logs.ts`, the messages `log-append.ts`, following `log-follower.ts`.
 *
 * I1: each append carries a token of its own in the header `Troupe-Write`. When no acknowledgement
 *     comes, the leader is asked who wrote what follows the expected entry: a repeated append is refused
 *     as a conflict with itself, so without the token a writer could not tell its own success from
 *     another's.
 * I2: what was found missing is sent again under the same expectation: should the first try arrive
 *     after all, one of the two is refused.
 * I3: an append in doubt whose expected entry is gone, or that expects nothing, is not repeated: it is
 *     found, or reported as `store.unavailable`.
 * I4: what nobody was there to hear is sent or asked again until there is a leader, for as long as the
 *     call may take.
 * I5: the leader says where a read begins and ends; entries in between may come from any replica, and
 *     what a replica lacks is asked of the leader.
 *
 * Cost: an append one round trip; a read two.
 */
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Cancel, Clock } from "../../runtime/ports/clock.ts";
import type { Append, EventLog, LogEntry } from "../../runtime/ports/event-log.ts";
import type { TroupeError } from "../../runtime/troupe-error.ts";
import type { BatchGate } from "./batch-gate.ts";
import { afterElection, untilHeard } from "./election.ts";
import { appendHeaders, entryIn, isOf, type LogAppend, packedEvents } from "./log-append.ts";
import { LogFollower } from "./log-follower.ts";
import { checkedSize, isConflict, isInDoubt, storeUnavailable } from "./store-failure.ts";

/** What a log is reached through. */
export interface NatsEventLogSetting {
  readonly name: string;
  readonly subject: string;
  readonly stream: string;
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly lookEveryMs: number;
  readonly batches: BatchGate;
  /** Unique among the appends of all writers. */
  readonly nextToken: () => string;
}

/** Which message is asked for. */
interface Query {
  readonly seq?: number;
  readonly next_by_subj?: string;
  readonly last_by_subj?: string;
}

const MOST_ROUNDS = 4;
/** How many time-outs an append may take before its outcome is given up as unknown. */
const PATIENCE = 2;
const MOST_READ = 1_000;
/** How many bytes one request for entries may bring. */
const READ_BYTES = 4_000_000;

/** A log over a connection. */
export class NatsEventLog implements EventLog {
  readonly name: string;
  readonly #setting: NatsEventLogSetting;

  constructor(setting: NatsEventLogSetting) {
    this.name = setting.name;
    this.#setting = setting;
  }

  async append(events: readonly unknown[], expected?: number): Promise<Append> {
    const { batches, connection, nextToken } = this.#setting;
    const bodies = packedEvents(this.name, events);
    for (const body of bodies) checkedSize(connection, body, `an event for log ${this.name}`);
    const append: LogAppend = { bodies, expected, token: nextToken() };
    if (bodies.length === 1) return this.#append(append);
    return batches.through(() => this.#append(append));
  }

  async read(from: number, limit: number = MOST_READ): Promise<readonly LogEntry[]> {
    const { subject } = this.#setting;
    const [first, last] = await Promise.all([
      this.#message({ seq: Math.max(1, from), next_by_subj: subject }),
      this.#message({ last_by_subj: subject }),
    ]);
    const entries: LogEntry[] = [];
    if (first === null || last === null) return entries;
    entries.push(entryIn(this.name, first));
    for (let next = first.seq + 1; next <= last.seq && entries.length < limit; ) {
      const messages = await this.#replicated(next, limit - entries.length);
      // The replica is behind, or what stood there was removed meanwhile.
      if (messages.length === 0) {
        const message = await this.#message({ seq: next, next_by_subj: subject });
        if (message === null) break;
        messages.push(message);
      }
      for (const message of messages) entries.push(entryIn(this.name, message));
      next = (entries.at(-1)?.sequence ?? next) + 1;
    }
    return entries.slice(0, limit);
  }

  async last(): Promise<number> {
    return (await this.#message({ last_by_subj: this.#setting.subject }))?.seq ?? 0;
  }

  async follow(from: number, listener: (entry: LogEntry) => void): Promise<Cancel> {
    const { clock, connection, lookEveryMs, subject } = this.#setting;
    const follower = new LogFollower({
      from,
      read: (next) => this.read(next),
      listener,
      clock,
      lookEveryMs,
    });
    const hints = connection.subscribe(subject, { callback: () => follower.hint() });
    const cancel = (): void => {
      hints.unsubscribe();
      follower.end();
    };
    try {
      await follower.begin();
    } catch (thrown) {
      cancel();
      throw thrown;
    }
    return cancel;
  }

  async purge(): Promise<void> {
    await this.#purge({ filter: this.#setting.subject });
  }

  async trim(before: number): Promise<void> {
    const seq = Math.min(before, await this.last());
    // The server would take a purge of what comes before 0 for one of everything.
    if (seq > 0) await this.#purge({ filter: this.#setting.subject, seq });
  }

  /** Sends until the outcome is known, a bounded number of times. */
  async #append(append: LogAppend): Promise<Append> {
    const { clock, requestTimeoutMs } = this.#setting;
    const giveUpAtMs = clock.monotonicMs() + PATIENCE * requestTimeoutMs;
    let inDoubt = false;
    let doubt: unknown;
    for (let round = 0; round < MOST_ROUNDS && clock.monotonicMs() < giveUpAtMs; round++) {
      try {
        return { ok: true, sequence: await this.#sendHeard(append, round, giveUpAtMs) };
      } catch (thrown) {
        const refused = isConflict(thrown);
        if (!refused && !isInDoubt(thrown)) throw this.#failure("refused an append", thrown);
        inDoubt ||= !refused;
        if (!refused) doubt = thrown;
      }
      try {
        const found = inDoubt ? await this.#found(append) : await this.#conflict();
        if (found === "lost") break;
        if (found !== "missing") return found;
      } catch {
        // The leader is silent too.
      }
    }
    throw storeUnavailable(`log ${this.name}: whether the events were appended is unknown`, doubt);
  }

  /** Sends again for as long as nobody is there to hear it: the stream's leader is being elected. */
  async #sendHeard(append: LogAppend, round: number, untilMs: number): Promise<number> {
    return untilHeard(this.#setting.clock, untilMs, (tries) =>
      this.#send(append, `${round}-${tries}`),
    );
  }

  /** Publishes the events as one; returns the sequence of the last. */
  async #send(append: LogAppend, round: string): Promise<number> {
    const { client, connection, requestTimeoutMs, subject } = this.#setting;
    const { bodies } = append;
    const at = bodies.length - 1;
    for (let i = 0; i < at; i++) {
      const headers = appendHeaders(append, i, round);
      connection.publish(subject, bodies[i] as Uint8Array, { headers });
    }
    const headers = appendHeaders(append, at, round);
    const options = { headers, timeout: requestTimeoutMs };
    return (await client.publish(subject, bodies[at] as Uint8Array, options)).seq;
  }

  async #conflict(): Promise<Append> {
    const last = await this.#stored({ last_by_subj: this.#setting.subject });
    return { ok: false, conflict: { last: last?.seq ?? 0 } };
  }

  /** What became of an append in doubt: I1 to I3. */
  async #found(append: LogAppend): Promise<Append | "missing" | "lost"> {
    const { subject } = this.#setting;
    const { bodies, expected } = append;
    if (expected === undefined) {
      const last = await this.#stored({ last_by_subj: subject });
      if (last === null || !isOf(append, last)) return "lost";
      return { ok: true, sequence: last.seq };
    }
    const next = await this.#stored({ seq: expected + 1, next_by_subj: subject });
    if (next !== null && isOf(append, next)) {
      // The messages of a batch have consecutive sequences.
      return { ok: true, sequence: next.seq + bodies.length - 1 };
    }
    if (expected > 0) {
      const before = await this.#stored({ seq: expected, next_by_subj: subject });
      // Ours may have stood after it and gone with it.
      if (before?.seq !== expected) return "lost";
    }
    return next === null ? "missing" : this.#conflict();
  }

  /** Entries from `seq` on as some replica has them; may be none. */
  async #replicated(seq: number, batch: number): Promise<StoredMsg[]> {
    const { clock, manager, requestTimeoutMs, stream, subject } = this.#setting;
    const messages: StoredMsg[] = [];
    const query = {
      seq,
      next_by_subj: subject,
      batch: Math.min(batch, MOST_READ),
      max_bytes: READ_BYTES,
    };
    const arriving = await manager.direct.getBatch(stream, query);
    let late: TroupeError | undefined;
    const cancel = clock.after(PATIENCE * requestTimeoutMs, () => {
      late = storeUnavailable(`log ${this.name} could not be read in time`);
      arriving.stop(late);
    });
    try {
      for await (const message of arriving) messages.push(message);
    } catch (thrown) {
      // An answer cut short is a prefix of the whole, and an empty one is asked of the leader.
      if (late !== undefined) throw thrown;
    } finally {
      cancel();
    }
    return messages;
  }

  async #purge(what: { readonly filter: string; readonly seq?: number }): Promise<void> {
    const { manager, stream } = this.#setting;
    try {
      const purge = what as Parameters<typeof manager.streams.purge>[1];
      await afterElection(this.#setting.clock, () => manager.streams.purge(stream, purge));
    } catch (thrown) {
      throw this.#failure("could not be purged", thrown);
    }
  }

  /** A message as the leader has it, when there is a leader now. */
  #stored(query: Query): Promise<StoredMsg | null> {
    const { manager, stream } = this.#setting;
    return manager.streams.getMessage(
      stream,
      query as Parameters<typeof manager.streams.getMessage>[1],
    );
  }

  /** A message as the leader has it. */
  async #message(query: Query): Promise<StoredMsg | null> {
    try {
      return await afterElection(this.#setting.clock, () => this.#stored(query));
    } catch (thrown) {
      throw this.#failure("could not be read", thrown);
    }
  }

  #failure(what: string, thrown: unknown): unknown {
    if (thrown instanceof TypeError || thrown instanceof RangeError) return thrown;
    const reason = thrown instanceof JetStreamApiError ? `${what} (${thrown.code})` : what;
    return storeUnavailable(`log ${this.name} ${reason}`, thrown);
  }
}
