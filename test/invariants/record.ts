/**
 * The records of a history that invariants are judged by, version 1.
 *
 * Owns: what can be recorded. A record is an event of the runtime (`runtime/event.ts`) or an observation
 * of whoever makes the history: a harness that sends, asks, submits and injects faults, and its actors.
 * Writing records is `recorder.ts`, judging them the files named after the invariants.
 *
 * R1: a history is append-only, one record after the other; as text one line of JSON each.
 * R2: `atMs` is one clock for the whole history, which never goes back: a world's own time, or what
 *     all processes of one machine share (`CLOCK_MONOTONIC`). It is not a node's wall clock.
 * R3: records of one life (`node`, `life`) stand in the order in which it wrote them, counted by
 *     `seq` from 1; between lives only `atMs` tells, so that the files of many processes can be merged.
 * R4: what announces an act (`message.sent`, `ask.started`, `task.submitted`, `task.acknowledged`,
 *     `register.called`, `fault.began`) is written before the act, what tells of an effect after it: a process that
 *     is killed in between has promised too little, never too much.
 * R5: fields and types are only added within a version; a checker ignores what it does not know.
 */
import type { Happening } from "../../runtime/event.ts";

/** The version that is written. */
export const RECORD_VERSION = 1;

/**
 * One message from one sender to one receiver. Receivers get it as part of the message's body.
 *
 * `pair` names a life of a sender and a receiver by its address or key, for one delivery class, like
 * `n1.2/teller>account/k3`; `sequence` counts what this sender sent to this receiver from 1: tells, asks
 * and opened streams alike, as S3 orders them.
 */
export interface Mark {
  readonly pair: string;
  readonly sequence: number;
}

/** What befell the world: who was touched, when it began and when it was over. */
export type Befalling =
  /**
   * Something goes wrong from now on. `fault` is unique in the history; `touches` are the names of the
   * nodes that it concerns, empty when it may concern any (a store, a server, all links).
   */
  | {
      readonly type: "fault.began";
      readonly fault: string;
      /** `kill`, `pause`, `isolate`, `cut`, `leader-lost`, `loss`, …; for people. */
      readonly kind: string;
      readonly touches: readonly string[];
      /** Absent = until `fault.ended`; 0 = it is over at once, like a kill. */
      readonly forMs?: number;
      /** The nodes that it touches stand still meanwhile, or their clock jumps: they cannot keep a deadline. */
      readonly stalls?: boolean;
    }
  | { readonly type: "fault.ended"; readonly fault: string }
  /** A process or a node of a world begins; the record is its own. */
  | { readonly type: "life.began" }
  /** It is over, and what it held in memory is lost. Written by whoever ended it or saw it end. */
  | {
      readonly type: "life.ended";
      readonly of: string;
      readonly ofLife: string;
      readonly how: "killed" | "fenced" | "stopped";
    }
  /** Every fault is over. Bounds count from here until the next `fault.began`. */
  | { readonly type: "run.healed" }
  /**
   * The bounds have passed since the last `run.healed`, and nothing is under way: what must be true in
   * the end is true now. A history has one at its end, and one per quiet window.
   */
  | { readonly type: "run.quiet" };

/** Messages: T1 to T3, and S4. */
export type MessageObservation =
  | ({
      readonly type: "message.sent";
      readonly kind: "tell" | "ask" | "stream";
      /** The node it is meant for; absent when the sender cannot know. */
      readonly to?: string;
    } & Mark)
  /** `tell` returned `false`, or an ask or a stream rejected as `never-ran`. */
  | ({ readonly type: "message.refused" } & Mark)
  /** A dead-letter listener was shown it. */
  | ({ readonly type: "message.dropped"; readonly reason: string } & Mark)
  /** A handler began with it. */
  | ({
      readonly type: "message.received";
      readonly path: string;
      /** Counts the starts of actors at that path in this life, from 1. */
      readonly start: number;
    } & Mark);

/** Asks: A1 to A4. */
export type AskObservation =
  | {
      readonly type: "ask.started";
      /** Unique in the history. */
      readonly ask: string;
      /** On the history's clock. */
      readonly deadlineAtMs: number;
    }
  /** A handler is about to answer; its answer carries the name of the ask that it answers. */
  | { readonly type: "ask.answered"; readonly ask: string }
  | {
      readonly type: "ask.settled";
      readonly ask: string;
      readonly outcome: "ok" | "never-ran" | "failed" | "unknown";
      /** Which ask the reply that came answers; with `ok` only. */
      readonly answers?: string;
    }
  /** What the runtime of this life counts as pending now, of the asks of this history. */
  | { readonly type: "asks.counted"; readonly pending: number };

/** Durable tasks, beside the events `task.…`: D1 to D6. */
export type TaskObservation =
  | { readonly type: "task.submitted"; readonly task: string; readonly capability: string }
  /** `submit` said so: from now on the task must not get lost. */
  | { readonly type: "task.confirmed"; readonly task: string; readonly capability: string }
  /** A follower was told, or `outcomeOf` answered. `none` = it has no outcome yet. */
  | {
      readonly type: "task.seen";
      readonly task: string;
      readonly phase: "done" | "failed" | "dead-lettered" | "cancelled" | "none";
      readonly attempt?: number;
      readonly owner?: string;
      /** Whom the result itself names as its maker, `<node>#<life> <attempt>`: see `makerName`. */
      readonly maker?: string;
    }
  /** How many messages are left in the queue of a capability; just before a `run.quiet`. */
  | { readonly type: "queue.counted"; readonly capability: string; readonly messages: number };

/** Virtual actors and singletons, beside `shard.…` and `activation.…`: V1 to V3. */
export type ActivationObservation =
  /** Somebody sends to a key and expects it to act. */
  | { readonly type: "activation.wanted"; readonly actor: string; readonly key: string }
  /** It acts: a handler runs. `holds` is what its activation says at that moment. */
  | {
      readonly type: "activation.acted";
      readonly actor: string;
      readonly key: string;
      readonly token: number;
      readonly holds: boolean;
      /** The node's own monotonic clock, where `lease.held` is recorded too. */
      readonly ownMs?: number;
    }
  /**
   * A durable write of it was accepted; `revision` orders the writes of one key. It may be a count in
   * what is written, told by the answer that left once the write stood.
   */
  | {
      readonly type: "activation.wrote";
      readonly actor: string;
      readonly key: string;
      readonly token: number;
      readonly revision: number;
    }
  /** The lease of this life was written; it may act until then, on its own monotonic clock. */
  | { readonly type: "lease.held"; readonly untilMs: number };

/** Supervision, beside `actor.…`: S1 to S3. */
export type SupervisionObservation =
  /** How a supervisor was made; `path` is its own, of its life. */
  | {
      readonly type: "supervisor.declared";
      readonly path: string;
      readonly strategy: "one-for-one" | "one-for-all" | "rest-for-one";
      readonly intensity: { readonly restarts: number; readonly withinMs: number };
      readonly childIntensity: { readonly restarts: number; readonly withinMs: number };
      /** In start order. */
      readonly children: readonly {
        readonly path: string;
        readonly restart: "permanent" | "transient" | "temporary";
      }[];
    }
  /** Every actor that lives in this life now, by path; just before a `run.quiet`. */
  | { readonly type: "actors.listed"; readonly paths: readonly string[] };

/** Auctions, beside `auction.…` and `bid.…`: U1 to U5. */
export type AuctionObservation =
  /** A client asks for an auction; its terms. */
  | {
      readonly type: "auction.requested";
      readonly auction: string;
      readonly budgetMicros: number;
    }
  /** A bidder has done what it was awarded. */
  | {
      readonly type: "auction.performed";
      readonly auction: string;
      readonly bidder: string;
      readonly round: number;
    }
  /** The client was given an outcome; the winner's round and the prices paid when there is one. */
  | {
      readonly type: "auction.settled";
      readonly auction: string;
      readonly outcome: string;
      readonly bidder?: string;
      readonly round?: number;
      readonly paidMicros: number;
    };

/** Registers that are moved by compare-and-set, such as the heads of a board's entries: B1 and B2. */
export type RegisterObservation =
  | {
      readonly type: "register.called";
      /** Unique in the history. */
      readonly op: string;
      readonly key: string;
      readonly action: "read" | "write" | "compare-and-set";
      /** With `compare-and-set`; 0 = only if there is none. */
      readonly expected?: number;
    }
  /** `unknown` = it may have happened or not, now or later. */
  | {
      readonly type: "register.returned";
      readonly op: string;
      readonly outcome: "ok" | "conflict" | "unknown";
      /** What was read, written, or found instead; 0 = there is none. */
      readonly revision?: number;
    }
  | {
      readonly type: "register.watched";
      /** Unique per watch: a watch that began anew is another watcher. */
      readonly watcher: string;
      readonly key: string;
      readonly revision: number;
    };

/** What a record says, without who wrote it and when. */
export type Observation =
  | Befalling
  | MessageObservation
  | AskObservation
  | TaskObservation
  | ActivationObservation
  | SupervisionObservation
  | AuctionObservation
  | RegisterObservation;

/** Everything that a history can say. */
export type Fact = Happening | Observation;

/** Who wrote a record, and when. */
export interface Stamp {
  readonly v: typeof RECORD_VERSION;
  /** Its node, or the harness's name. */
  readonly node: string;
  /** The incarnation of the node, or whatever tells its lives apart. */
  readonly life: string;
  /** Counts the records of this life from 1. */
  readonly seq: number;
  readonly atMs: number;
}

/** A record of a history. */
export type HistoryRecord = Fact & Stamp;

/** The record of one type. */
export type RecordOf<T extends Fact["type"]> = Extract<Fact, { readonly type: T }> & Stamp;

/** Who wrote a record: a node in one of its lives. */
export function writerOf({ node, life }: Stamp): string {
  return lifeName(node, life);
}

/** A name for one life of a node. */
export function lifeName(node: string, life: string): string {
  return `${node}#${life}`;
}
