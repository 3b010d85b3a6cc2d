/**
 * A plan, carried out on some ports: what every command came to, line by line.
 *
 * Owns: doing commands, and a form of what they come to in which two stores can be compared. The commands
 * are `command.ts`, the comparison is `conformance.ts`.
 *
 * N1: revisions and sequences are compared as they are: each run has streams of its own.
 * N2: what listeners were told is compared after each wait: of a watch the last change of each key, since a
 *     bucket keeps one message a key, and no deletion of a key that it was not told of; of a follower the
 *     entries that still stand, since what was purged before it read was never there for it.
 * N4: where it is known that a pull brings nothing, one a round is made, since it takes long to learn that.
 * N3: what was told must also be in order and without a repeat, whatever N2 leaves out.
 */
import type { Delivery, Published } from "../../runtime/ports/durable-queue.ts";
import type { Append, EventLog, LogEntry } from "../../runtime/ports/event-log.ts";
import type { KeyValue, KeyValueChange, Put } from "../../runtime/ports/key-value.ts";
import type { DueReminder, Reminder } from "../../runtime/ports/reminders.ts";
import type { Basis, Command, Plan } from "./command.ts";
import type { PortsUnderTest } from "./ports-under-test.ts";
import type { Spans } from "./spans.ts";

const CAPABILITY = "work@1";
const TYPE = "session";
const BUCKETS = ["plain", "aging"] as const;
const LOGS = ["one", "two"] as const;

/** What came of a plan. */
export interface CommandRun {
  /** What each command and each wait came to. */
  readonly lines: readonly string[];
  /** How often a kind of command had a kind of outcome, for example `ack: stale`. */
  readonly kinds: ReadonlyMap<string, number>;
  /** How many tasks each pull brought, in order. */
  readonly pulled: readonly number[];
  /** The longest round and the longest wait, in milliseconds. */
  readonly roundMs: number;
  readonly waitMs: number;
}

/**
 * Carries out a plan.
 *
 * @param pulled - how many tasks each pull should bring, where that is known: then a pull that should bring some
 *   waits for them
 */
export async function runCommands(
  ports: PortsUnderTest,
  spans: Spans,
  plan: Plan,
  pulled?: readonly number[],
): Promise<CommandRun> {
  const performer = new Performer(ports, spans, pulled);
  await performer.open();
  let [roundMs, waitMs] = [0, 0];
  for (const round of plan) {
    const beganMs = ports.elapsedMs();
    await performer.round(round);
    const waitsMs = ports.elapsedMs();
    roundMs = Math.max(roundMs, waitsMs - beganMs);
    if (roundMs > spans.roundMs) break; // it says nothing any more
    await ports.pass(spans.waitMs);
    await performer.look();
    waitMs = Math.max(waitMs, ports.elapsedMs() - waitsMs);
    if (waitMs > spans.longestWaitMs) break; // it says nothing any more
  }
  const { kinds, lines, taken } = performer;
  return { lines, kinds, pulled: taken, roundMs, waitMs };
}

/** A watch, and what it was told since the last look. */
interface Watched {
  readonly name: string;
  news: KeyValueChange[];
  toldUpTo: number;
  /** The keys that it was told of. */
  readonly keys: Set<string>;
}

/** A follower, and what it was told since the last look. */
interface Followed {
  readonly name: "one" | "two";
  news: LogEntry[];
  toldUpTo: number;
}

class Performer {
  readonly lines: string[] = [];
  readonly taken: number[] = [];
  readonly kinds = new Map<string, number>();
  readonly #ports: PortsUnderTest;
  readonly #spans: Spans;
  readonly #pulled: readonly number[] | undefined;
  readonly #buckets = new Map<string, KeyValue>();
  readonly #logs = new Map<string, EventLog>();
  /** The revisions that writes of a key are known to have had, oldest first. */
  readonly #revisions = new Map<string, number[]>();
  /** The last sequences that a log is known to have had, oldest first. */
  readonly #sequences = new Map<string, number[]>();
  readonly #deliveries: Delivery[] = [];
  readonly #watched: Watched[] = [];
  readonly #followed: Followed[] = [];
  readonly #heard: string[] = [];
  #values = 0;
  /** Whether what was published has reached its consumer. */
  #isQueued: boolean = true;
  /** Pulls of this round that brought nothing. */
  #vain = 0;

  constructor(ports: PortsUnderTest, spans: Spans, pulled: readonly number[] | undefined) {
    this.#ports = ports;
    this.#spans = spans;
    this.#pulled = pulled;
  }

  /** Makes streams and consumers, so that no round pays for them. */
  async open(): Promise<void> {
    const { eventLogs, keyValues, queue, reminders, done } = this.#ports;
    const { lifeMs } = this.#spans;
    this.#buckets.set("plain", await done(keyValues.open("plain")));
    this.#buckets.set("aging", await done(keyValues.open("aging", { ttlMs: lifeMs })));
    for (const name of LOGS) this.#logs.set(name, await done(eventLogs.open(name)));
    await done(queue.deadLetters(CAPABILITY, 1));
    await done(queue.pull(CAPABILITY, { count: 1, waitMs: this.#ports.pullWaitMs(0) }));
    await done(reminders.listen(TYPE, (due) => this.#due(due)));
  }

  async round(commands: readonly Command[]): Promise<void> {
    this.#vain = 0;
    for (const command of commands) await this.#perform(command);
  }

  async #perform(command: Command): Promise<void> {
    const what = await this.#outcome(command).catch((thrown: unknown) => failureOf(thrown));
    const kind = `${command.type}: ${this.#kindOf(what)}`;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    this.lines.push(`${textOf(command)} -> ${textOf(what)}`);
  }

  /** What stands after a wait, and what listeners were told meanwhile. */
  async look(): Promise<void> {
    const what = await this.#stands().catch((thrown: unknown) => failureOf(thrown));
    this.lines.push(`wait -> ${textOf(what)}`);
  }

  async #stands(): Promise<unknown> {
    const stands: Record<string, unknown> = {};
    const { done, queue } = this.#ports;
    for (const name of BUCKETS) stands[name] = await done(this.#bucket(name).entries(">"));
    for (const name of LOGS) stands[name] = await done(this.#log(name).read(0));
    stands["dead"] = await done(queue.deadLetters(CAPABILITY, 10));
    stands["told"] = this.#watched.map((watched) => toldTo(watched));
    stands["followed"] = this.#followed.map((followed) =>
      followedBy(followed, stands[followed.name] as readonly LogEntry[]),
    );
    stands["reminded"] = this.#heard.splice(0).sort((a, b) => (a < b ? -1 : 1));
    return stands;
  }

  #kindOf(what: unknown): string {
    if (Array.isArray(what)) return what.length === 0 ? "none" : "some";
    if (typeof what !== "object" || what === null) return typeof what === "string" ? what : "value";
    if ("failed" in what) return String(what.failed);
    if ("ok" in what) return what.ok === true ? "ok" : "refused";
    if (!("id" in what && "nth" in what)) return "value";
    const isStale = this.#deliveries.some(
      ({ task, deliveries }) => task.id === what.id && deliveries > Number(what.nth),
    );
    return isStale ? "stale" : "fresh";
  }

  async #outcome(command: Command): Promise<unknown> {
    const { done, eventLogs, queue, reminders } = this.#ports;
    switch (command.type) {
      case "put": {
        const { bucket, key } = command;
        const put = done(this.#bucket(bucket).put(key, this.#value()));
        return this.#written(command, { ok: true, revision: await put });
      }
      case "create": {
        const { bucket, key, ages } = command;
        const put = this.#bucket(bucket).create(key, this.#value(), this.#life(ages));
        return this.#written(command, await done(put));
      }
      case "update": {
        const { bucket, key, basis, ages } = command;
        const expected = this.#revision(bucket, key, basis);
        const put = this.#bucket(bucket).update(key, this.#value(), expected, this.#life(ages));
        return this.#written(command, await done(put));
      }
      case "delete": {
        const { bucket, key, basis } = command;
        const expected = basis === undefined ? undefined : this.#revision(bucket, key, basis);
        return this.#written(command, await done(this.#bucket(bucket).delete(key, expected)));
      }
      case "commit":
        return this.#commit(command);
      case "get":
        return (await done(this.#bucket(command.bucket).get(command.key))) ?? "nothing";
      case "entries":
        return done(this.#bucket(command.bucket).entries(command.filter));
      case "watch":
        return this.#watch(command.bucket, command.filter);
      case "publish": {
        const { task, priority } = command;
        const body = { n: this.#value() };
        const queued = { id: `task.${task}`, capability: CAPABILITY, priority, body };
        const published: Published = await done(queue.publish(queued));
        this.#isQueued = false;
        return published;
      }
      case "pull":
        return this.#pull(command.count);
      case "ack":
      case "bury":
      case "working":
      case "nak":
        return this.#deal(command);
      case "append":
        return this.#append(command);
      case "read": {
        const { log, back, limit } = command;
        return done(this.#log(log).read(this.#sequence(log, back), limit));
      }
      case "last":
        return done(this.#log(command.log).last());
      case "purge":
        await done(this.#log(command.log).purge());
        this.#sequencesOf(command.log).push(0);
        return "purged";
      case "trim":
        await done(this.#log(command.log).trim(this.#sequence(command.log, command.back)));
        return "trimmed";
      case "follow": {
        const followed: Followed = { name: command.log, news: [], toldUpTo: 0 };
        const log = await done(eventLogs.open(command.log));
        await done(log.follow(0, (entry) => followed.news.push(entry)));
        this.#followed.push(followed);
        return "follows";
      }
      case "arm": {
        const { name } = command;
        const dueMs = this.#ports.nowMs() + this.#spans.delayMs;
        await done(reminders.arm(this.#reminder(name), dueMs));
        return "armed";
      }
      case "cancel":
        await done(reminders.cancel({ type: TYPE, key: "k", name: command.name }));
        return "called off";
      case "reconnect":
        await this.#ports.reconnect();
        return "connected";
    }
  }

  // Buckets

  async #commit(command: Extract<Command, { readonly type: "commit" }>): Promise<unknown> {
    const { bucket, writes } = command;
    const put = await this.#ports.done(
      this.#bucket(bucket).commit(
        writes.map(({ key, basis }) => ({
          key,
          value: this.#value(),
          ...(basis === undefined ? {} : { expected: this.#revision(bucket, key, basis) }),
        })),
      ),
    );
    if (!put.ok) return put;
    // The writes of a batch have consecutive revisions.
    for (const [at, { key }] of writes.entries())
      this.#revisionsOf(bucket, key).push(put.revision - (writes.length - 1 - at));
    return put;
  }

  async #watch(bucket: string, filter: string): Promise<unknown> {
    const watched: Watched = {
      name: `${bucket} ${filter}`,
      news: [],
      toldUpTo: 0,
      keys: new Set(),
    };
    const { done } = this.#ports;
    await done(this.#bucket(bucket).watch(filter, (change) => watched.news.push(change)));
    this.#watched.push(watched);
    return "watches";
  }

  #written(of: { readonly bucket: string; readonly key: string }, put: Put): Put {
    if (put.ok) this.#revisionsOf(of.bucket, of.key).push(put.revision);
    return put;
  }

  #bucket(name: string): KeyValue {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new RangeError(`no bucket ${name}`);
    return bucket;
  }

  #revisionsOf(bucket: string, key: string): number[] {
    return listIn(this.#revisions, `${bucket} ${key}`);
  }

  #revision(bucket: string, key: string, basis: Basis): number {
    const known = this.#revisionsOf(bucket, key);
    if (basis === "absent") return 0;
    return (basis === "current" ? known.at(-1) : known.at(-2)) ?? 0;
  }

  #life(ages: boolean): { readonly ttlMs?: number } {
    return ages ? { ttlMs: this.#spans.lifeMs } : {};
  }

  #value(): number {
    return ++this.#values;
  }

  // The queue

  async #pull(count: number): Promise<unknown> {
    const { done, forgotten, heard, pullWaitMs, queue } = this.#ports;
    const wanted = this.#pulled?.[this.taken.length];
    // A server acknowledges a task before it tells the consumer of it.
    if (!this.#isQueued) await heard();
    this.#isQueued = true;
    // N4.
    if (wanted === 0 && this.#vain > 0) {
      this.taken.push(0);
      return [];
    }
    const deliveries = await done(
      queue.pull(CAPABILITY, { count, waitMs: pullWaitMs(wanted ?? 0) }),
    );
    if (deliveries.length === 0) {
      this.#vain++;
      await forgotten();
    }
    this.taken.push(deliveries.length);
    this.#deliveries.push(...deliveries);
    return deliveries.map(({ task, deliveries: nth }) => ({ ...task, nth }));
  }

  async #deal(
    command: Extract<Command, { readonly type: "ack" | "bury" | "working" | "nak" }>,
  ): Promise<unknown> {
    const { done, heard, queue } = this.#ports;
    const delivery = this.#deliveries.at(-1 - (command.back % this.#deliveries.length));
    if (delivery === undefined) return "no such delivery";
    const which = { id: delivery.task.id, nth: delivery.deliveries };
    if (command.type === "bury") await done(queue.deadLetter(delivery.task, [which]));
    if (command.type === "bury" || command.type === "ack") {
      await done(delivery.ack());
      return which;
    }
    if (command.type === "nak") delivery.nak(command.delayed ? this.#spans.delayMs : 0);
    else delivery.working();
    await heard();
    return which;
  }

  // Logs

  async #append(command: Extract<Command, { readonly type: "append" }>): Promise<Append> {
    const { log, count, basis } = command;
    const events = Array.from({ length: count }, () => ({ n: this.#value() }));
    const known = this.#sequencesOf(log);
    const expected = basis === "absent" ? 0 : (known.at(basis === "stale" ? -2 : -1) ?? 0);
    const append = await this.#ports.done(
      this.#log(log).append(events, ...(basis === undefined ? [] : [expected])),
    );
    if (append.ok) known.push(append.sequence);
    return append;
  }

  #log(name: string): EventLog {
    const log = this.#logs.get(name);
    if (log === undefined) throw new RangeError(`no log ${name}`);
    return log;
  }

  #sequencesOf(log: string): number[] {
    return listIn(this.#sequences, log);
  }

  #sequence(log: string, back: number): number {
    return this.#sequencesOf(log).at(-1 - back) ?? 0;
  }

  // Reminders

  #reminder(name: string): Reminder {
    const id = `${name} ${this.#value()}`;
    return { type: TYPE, key: "k", name, id, operation: "wake", schedule: { kind: "once" } };
  }

  /** Deals with what is due as its name says; what comes again is taken. */
  async #due(due: DueReminder): Promise<void> {
    const { id, name } = due.reminder;
    this.#heard.push(`${id} for the ${due.deliveries}. time`);
    if (due.deliveries > 1 || name === "taken") await due.ack();
    else if (name === "put-back") due.nak(0);
  }
}

function listIn(lists: Map<string, number[]>, name: string): number[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** N2, N3. */
function toldTo(watched: Watched): unknown {
  const { name, news } = watched;
  watched.news = [];
  const last = new Map<string, KeyValueChange>();
  for (const change of news) {
    if (change.revision <= watched.toldUpTo) return `${name}: ${change.revision} out of order`;
    watched.toldUpTo = change.revision;
    if (change.type === "put") watched.keys.add(change.key);
    if (watched.keys.has(change.key)) last.set(change.key, change);
  }
  return { name, last: [...last.values()].sort((a, b) => a.revision - b.revision) };
}

/** N2, N3. */
function followedBy(followed: Followed, stands: readonly LogEntry[]): unknown {
  const { name, news } = followed;
  followed.news = [];
  const standing = new Set(stands.map(({ sequence }) => sequence));
  for (const { sequence } of news) {
    if (sequence <= followed.toldUpTo) return `${name}: ${sequence} out of order`;
    followed.toldUpTo = sequence;
  }
  return { name, told: news.filter(({ sequence }) => standing.has(sequence)) };
}

/** JSON with sorted keys, without what only a server can tell: when something was written. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (name, part: unknown) => {
    if (name === "atMs") return undefined;
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function failureOf(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return { thrown: String(thrown) };
  const { code } = thrown as { readonly code?: unknown };
  return { failed: typeof code === "string" ? code : thrown.name };
}
