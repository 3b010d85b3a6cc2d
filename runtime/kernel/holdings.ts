/**
 * What only some actors have: children, watchers, timers, and records of restarts.
 *
 * Made by the cell when the first of these is needed, so that an idle actor pays one empty field.
 */

import type { DeferredReplies } from "../deferred-reply.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Log } from "../log.ts";
import type { Random } from "../ports/random.ts";
import type { ActorTimers } from "./actor-timers.ts";
import type { BackgroundTasks } from "./background-task.ts";
import type { Children } from "./children.ts";
import type { Watch } from "./death-watch.ts";
import type { Deferred } from "./deferred.ts";
import type { Delay } from "./delay.ts";
import type { InHand } from "./in-hand.ts";
import type { IncomingStream } from "./incoming-stream.ts";
import type { Message, ReplyTo } from "./message.ts";
import type { Offers } from "./offers.ts";
import type { Crew } from "./pool-turn.ts";
import type { ReceiveTimeout } from "./receive-timeout.ts";
import type { Keeper, StandIn } from "./stand-in.ts";
import type { Tenancy } from "./tenancy.ts";

/** How an actor failed the last time. */
export interface LastFailure {
  readonly operation: string;
  readonly message: string;
  /** Epoch, on its node's clock. */
  readonly atMs: number;
}

/** The rarer belongings of a cell; all start absent or empty. */
export class Holdings {
  /** How many generations were begun. */
  generation: number;
  path: string | undefined = undefined;
  address: string | undefined = undefined;
  children: Children | undefined = undefined;
  timers: ActorTimers | undefined = undefined;
  log: Log | undefined = undefined;
  random: Random | undefined = undefined;
  /** Who waits for this actor's end. */
  watchers: Set<Watch> | undefined = undefined;
  /** Whose end this actor waits for, by address. */
  watching: Map<string, Watch> | undefined = undefined;
  topics: Set<string> | undefined = undefined;
  /** Streams of others that this actor consumes. */
  streams: Set<IncomingStream> | undefined = undefined;
  /** Of an actor that is not serial: the handlers that run now. */
  inHand: InHand | undefined = undefined;
  /** Messages put aside, in the order of their stashing. */
  stash: Message[] | undefined = undefined;
  /** The askers of messages that ever were put aside: their handlers have run. */
  stashed: WeakSet<ReplyTo> | undefined = undefined;
  /** Senders that wait for room. */
  offers: Offers | undefined = undefined;
  /** Of a pool: its workers. */
  crew: Crew | undefined = undefined;
  /** Of a worker: its pool wants to know when it has room. */
  isPooled: boolean = false;
  receiveTimeout: ReceiveTimeout | undefined = undefined;
  /** Who decides about its exits in place of its parent: its supervisor lives on another node. */
  keeper: Keeper | undefined = undefined;
  /** Set in an actor that stands in for one on another node. */
  standIn: StandIn | undefined = undefined;
  tasks: BackgroundTasks | undefined = undefined;
  /** Asks whose handler returned before their answer. */
  deferred: DeferredReplies | undefined = undefined;
  /** Of an activation. */
  tenancy: Tenancy | undefined = undefined;
  /** Settles with the first start. */
  ready: Deferred<void> | undefined = undefined;
  startError: unknown = undefined;
  /** Settles when the start under way succeeded or failed. */
  startup: Deferred<void> | undefined = undefined;
  /** Settles when the actor has ended. */
  ended: Deferred<void> | undefined = undefined;
  exitReason: ExitReason | undefined = undefined;
  /** The taking down under way. */
  takingDown: Promise<void> | undefined = undefined;
  /** The wait for a handler, or a hook, to end. */
  wait: Delay | undefined = undefined;
  /** It ends because of what it did itself, and not because somebody stopped it. */
  endsByItself: boolean = false;
  /** It is to be drained as soon as a generation runs. */
  drainsNext: boolean = false;
  /** The actor is being taken down without waiting. */
  inHurry: boolean = false;
  /** When it was restarted, on the monotonic clock; those that still count. */
  restarts: readonly number[] = [];
  /** Failures in a row. */
  inRow = 0;
  startedAtMs = 0;
  lastFailure: LastFailure | undefined = undefined;
  /** Which restart of its group it belongs to. */
  ticket = 0;

  /** Nothing here must be given back before the actor can end. */
  get isEmpty(): boolean {
    return (
      this.children === undefined &&
      this.timers === undefined &&
      this.watching === undefined &&
      this.topics === undefined &&
      this.streams === undefined &&
      this.stash === undefined &&
      this.receiveTimeout === undefined &&
      this.tasks === undefined &&
      this.deferred === undefined &&
      this.takingDown === undefined
    );
  }

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Takes a message off the stash; `false` when it is not there. */
  unstashed(message: Message): boolean {
    const at = this.stash?.indexOf(message) ?? -1;
    if (at >= 0) this.stash?.splice(at, 1);
    return at >= 0;
  }
}
