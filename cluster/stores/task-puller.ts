/**
 * Takes tasks of one capability from its two consumers, on credit.
 *
 * Owns: how many tasks the server may send, and what becomes of those that come when nobody waits.
 *
 * U1: interactive tasks are asked for first; batch tasks only for the room that is left.
 * U2: what the server was asked for and has not sent stays asked for until its request expires: the next
 *     pull asks only for the difference, so that an idle worker costs one request per lane and wait.
 * U3: a task that comes when nobody waits for it is put back at once, for others; at most as many as were
 *     asked for can come so.
 * U4: a pull ends by its `waitMs`, whatever the server does. Requests that a broken connection swallowed
 *     expire here too, so no count can be wrong for longer than one wait.
 *
 * Cost: one round trip while there are tasks, two when interactive ones must be ruled out first.
 */
import type { Msg, NatsConnection } from "nats";
import type { Log } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { Delivery, Priority, QueuedTask } from "../../runtime/ports/durable-queue.ts";
import type { Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { storeUnavailable } from "./store-failure.ts";

/** In the order in which they are handed out. */
export const PRIORITIES = ["interactive", "batch"] as const;

/** What a puller pulls from. */
export interface TaskPullerSetting {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly consumerOf: (priority: Priority) => string;
  /** A subject of our own; answers come one token below it. */
  readonly inbox: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly requestTimeoutMs: number;
  readonly parse: (bytes: Uint8Array) => Result<QueuedTask, string>;
  /** Makes the consumers anew, when the server has lost them. */
  readonly ensure: () => Promise<void>;
}

/** How a pull is made. */
export interface PullOptions {
  readonly count: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** Tasks of one priority. */
interface Lane {
  readonly priority: Priority;
  /** Came, and not yet handed out. */
  readonly arrived: Delivery[];
  /** Asked for and not yet sent, valid until `creditUntilMs`. */
  credit: number;
  creditUntilMs: number;
  /** Called when a request that does not wait is through. */
  through: () => void;
}

interface Waiting {
  readonly count: number;
  readonly settle: (deliveries: readonly Delivery[]) => void;
}

const SHORTEST_WAIT_MS = 50;
const ENSURE_AGAIN_MS = 250;

/** The tasks of one capability. */
export class TaskPuller {
  readonly #setting: TaskPullerSetting;
  readonly #lanes: readonly Lane[];
  readonly #waiting = new Set<Waiting>();
  #requests = 0;
  /** While a pull finds out what there is, nothing is handed out. */
  #phase: "open" | "asking" = "open";
  #flush: "idle" | "due" = "idle";
  #consumers: "present" | "making" = "present";
  /** Pulls take turns at asking, so that each counts what those before it were given. */
  #turn: Promise<void> = Promise.resolve();

  constructor(setting: TaskPullerSetting) {
    this.#setting = setting;
    this.#lanes = PRIORITIES.map((priority) => ({
      priority,
      arrived: [],
      credit: 0,
      creditUntilMs: 0,
      through: () => {},
    }));
    setting.connection.subscribe(`${setting.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#received(message);
        else setting.log.error({ reason: messageOf(error) }, "tasks cannot be received");
      },
    });
  }

  async pull(options: PullOptions): Promise<readonly Delivery[]> {
    const { clock, connection } = this.#setting;
    if (connection.isClosed()) throw storeUnavailable("the connection is closed");
    const { count, waitMs, signal } = options;
    return new Promise((resolve) => {
      const settle = (deliveries: readonly Delivery[]) => {
        this.#waiting.delete(waiting);
        cancel();
        signal?.removeEventListener("abort", giveUp);
        resolve(deliveries);
      };
      const giveUp = () => settle([]);
      const waiting: Waiting = { count, settle };
      const cancel = clock.after(waitMs, giveUp);
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", giveUp);
      if (signal?.aborted === true) giveUp();
      const isOver = () => !this.#waiting.has(waiting);
      this.#turn = this.#turn
        .then(() => this.#ask(count, Math.max(waitMs, SHORTEST_WAIT_MS), isOver))
        .catch((thrown: unknown) => {
          this.#phase = "open"; // the next pull asks anew
          this.#setting.log.error({ reason: messageOf(thrown) }, "asking for tasks failed");
        });
    });
  }

  /** Asks for what is there, and where there is nothing, for what will come. */
  async #ask(count: number, waitMs: number, isOver: () => boolean): Promise<void> {
    this.#phase = "asking";
    let room = count;
    for (const lane of this.#lanes) {
      if (isOver() || room <= 0) break;
      if (this.#creditOf(lane) === 0) await this.#askNow(lane, room, waitMs);
      room -= lane.arrived.length;
    }
    this.#phase = "open";
    this.#handOut();
    if (isOver()) return;
    for (const lane of this.#lanes) {
      const missing = count - this.#creditOf(lane);
      if (missing > 0) this.#request(lane, missing, waitMs);
    }
  }

  /** Resolves when the server has sent what it has, at most after `waitMs`. */
  #askNow(lane: Lane, count: number, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const through = () => {
        cancel();
        lane.through = () => {};
        resolve();
      };
      const cancel = this.#setting.clock.after(waitMs, through);
      lane.through = through;
      this.#request(lane, count, 0);
    });
  }

  /** @param waitMs - 0 asks only for what is there now */
  #request(lane: Lane, count: number, waitMs: number): void {
    const { clock, consumerOf, inbox, stream } = this.#setting;
    lane.credit = this.#creditOf(lane) + count;
    lane.creditUntilMs = clock.monotonicMs() + Math.max(waitMs, SHORTEST_WAIT_MS);
    const wish = waitMs === 0 ? { no_wait: true } : { expires: Math.floor(waitMs * 1e6) };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumerOf(lane.priority)}`;
    const reply = `${inbox}.${lane.priority}-${++this.#requests}`;
    this.#publish(subject, JSON.stringify({ batch: count, ...wish }), reply);
  }

  #creditOf(lane: Lane): number {
    return this.#setting.clock.monotonicMs() < lane.creditUntilMs ? lane.credit : 0;
  }

  #received(message: Msg): void {
    const { inbox } = this.#setting;
    if (message.subject.startsWith(inbox)) {
      const priority = message.subject.slice(inbox.length + 1).split("-")[0];
      const lane = this.#lanes.find((candidate) => candidate.priority === priority);
      if (lane !== undefined) this.#status(lane, message);
      return;
    }
    const priority = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const lane = this.#lanes.find((candidate) => candidate.priority === priority);
    if (lane === undefined) return;
    lane.credit = Math.max(0, lane.credit - 1);
    const delivery = this.#deliveryOf(message);
    if (delivery !== undefined) lane.arrived.push(delivery);
    this.#handOutSoon();
    if (lane.credit === 0) lane.through();
  }

  /** A request ended before it was filled. */
  #status(lane: Lane, message: Msg): void {
    const code = message.headers?.code ?? 0;
    const unsent = message.headers?.get("Nats-Pending-Messages");
    lane.credit = unsent ? Math.max(0, lane.credit - Number(unsent)) : 0;
    lane.through();
    // 404 and 408: there was nothing, or not enough in time. Else the consumer is gone or went.
    if (code !== 404 && code !== 408) this.#ensureLater();
  }

  #ensureLater(): void {
    const { clock, ensure, log } = this.#setting;
    if (this.#consumers === "making") return;
    this.#consumers = "making";
    clock.after(ENSURE_AGAIN_MS, () => {
      ensure()
        .catch((thrown: unknown) => log.debug({ reason: messageOf(thrown) }, "no consumers yet"))
        .finally(() => {
          this.#consumers = "present";
        });
    });
  }

  /** In a microtask, so that tasks which came together are handed out together. */
  #handOutSoon(): void {
    if (this.#flush === "due" || this.#phase === "asking") return;
    this.#flush = "due";
    queueMicrotask(() => {
      this.#flush = "idle";
      if (this.#phase === "open") this.#handOut();
    });
  }

  /** Hands out what came; what nobody waits for goes back (U3). */
  #handOut(): void {
    for (const waiting of this.#waiting) {
      const taken: Delivery[] = [];
      for (const { arrived } of this.#lanes)
        taken.push(...arrived.splice(0, waiting.count - taken.length));
      if (taken.length === 0) return;
      waiting.settle(taken);
    }
    for (const { arrived } of this.#lanes)
      for (const delivery of arrived.splice(0)) delivery.nak(0);
  }

  #deliveryOf(message: Msg): Delivery | undefined {
    const { connection, log, parse, requestTimeoutMs } = this.#setting;
    const { reply } = message;
    if (reply === undefined) return undefined;
    const task = parse(message.data);
    if (!task.ok) {
      // Nobody can do it, whatever it is: it must not come back for ever.
      log.error({ subject: message.subject, reason: task.error }, "unreadable task dropped");
      this.#publish(reply, "+TERM");
      return undefined;
    }
    return {
      task: task.value,
      deliveries: deliveriesIn(reply),
      working: () => this.#publish(reply, "+WPI"),
      nak: (delayMs) => {
        const delay = Math.floor(delayMs * 1e6);
        this.#publish(reply, delay > 0 ? `-NAK ${JSON.stringify({ delay })}` : "-NAK");
      },
      ack: async () => {
        try {
          await connection.request(reply, "+ACK", { timeout: requestTimeoutMs });
        } catch (thrown) {
          throw storeUnavailable(`task ${task.value.id} could not be acknowledged`, thrown);
        }
      },
    };
  }

  /** What is lost here comes back by itself: requests expire, tasks are handed out again. */
  #publish(subject: string, payload: string, reply?: string): void {
    try {
      this.#setting.connection.publish(subject, payload, reply === undefined ? {} : { reply });
    } catch (thrown) {
      this.#setting.log.debug({ reason: messageOf(thrown) }, "not sent");
    }
  }
}

/** `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.…` */
function deliveriesIn(reply: string): number {
  const tokens = reply.split(".");
  return Number(tokens[tokens.length === 9 ? 4 : 6]);
}
