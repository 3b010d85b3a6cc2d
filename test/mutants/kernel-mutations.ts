/**
 * Bugs to plant in the kernel, each a rewrite of one compiled file.
 *
 * Owns: what could go wrong and where. That every one of them is noticed is `main.ts`'s to show; that
 * each still fits the sources is a test.
 */
import type { Rewrite } from "./rewrite.ts";

/** A named bug. */
export interface Mutation extends Rewrite {
  readonly name: string;
  /** What it breaks. */
  readonly why: string;
}

const CELL = "runtime/kernel/cell.js";
const CHILDREN = "runtime/kernel/children.js";
const ENDING = "runtime/kernel/ending.js";
const FORWARD = "runtime/kernel/forward.js";
const GENERATION = "runtime/kernel/generation.js";
const HANDLING = "runtime/kernel/handling.js";
const IN_HAND = "runtime/kernel/in-hand.js";
const LOCAL_CALL = "runtime/kernel/local-call.js";
const OUTCOME = "runtime/kernel/message-outcome.js";
const PENDING_REPLY = "runtime/kernel/pending-reply.js";
const POOL_TURN = "runtime/kernel/pool-turn.js";
const QUEUE = "runtime/kernel/queue.js";
const INCOMING_STREAM = "runtime/kernel/incoming-stream.js";
const STREAM_PRODUCER = "runtime/kernel/stream-producer.js";
const SUPERVISION = "runtime/supervision.js";
const TAKE_DOWN = "runtime/kernel/take-down.js";
const TASK = "runtime/kernel/background-task.js";
const TIES = "runtime/kernel/ties.js";
const TIMERS = "runtime/kernel/actor-timers.js";
const TURN = "runtime/kernel/turn.js";
const TURN_END = "runtime/kernel/turn-end.js";

/** The bugs, by the part of the kernel that they sit in. */
export const kernelMutations: readonly Mutation[] = [
  // The mailbox.
  {
    name: "overflow-uncounted",
    why: "S6, S17: what finds no room vanishes without a dead letter",
    file: QUEUE,
    find: 'drop(cell, incoming, "mailbox-full");',
    replace: "",
  },
  {
    name: "capacity-off-by-one",
    why: "S6: a mailbox takes one message more than its capacity",
    file: QUEUE,
    find: "if (mailbox !== undefined) {\n        if (mailbox.length >= cell.options.capacity)",
    replace: "if (mailbox !== undefined) {\n        if (mailbox.length > cell.options.capacity)",
  },
  {
    name: "dropped-oldest-uncounted",
    why: "S6, S17: the message that makes room vanishes without a dead letter",
    file: QUEUE,
    find: 'drop(cell, oldest, "mailbox-full");',
    replace: "{}",
  },
  {
    name: "system-lane-last",
    why: "S3: the runtime's messages wait behind everybody's",
    file: TURN,
    find: "if ((cell.word & NEXT_MASK) !== Flag.handles) {",
    replace:
      "if ((cell.word & NEXT_MASK) !== Flag.handles && !((cell.word & (NEXT_MASK ^ Flag.hasSystem)) === Flag.handles && cell.mailbox.length > 0)) {",
  },
  {
    name: "async-handler-not-awaited",
    why: "S1: the next message is handled while an asynchronous handler is under way",
    file: TURN,
    find: "if ((cell.word & NEXT_MASK) !== Flag.handles) {",
    replace:
      "if (cell.word >= BUSY) release(cell);\n        if ((cell.word & NEXT_MASK & (BUSY - 1)) !== Flag.handles) {",
  },
  {
    name: "dead-letter-twice",
    why: "S17: a dead letter is counted twice",
    file: "runtime/kernel/dead-letters.js",
    find: "this.#count++;",
    replace: "this.#count += 2;",
  },
  {
    name: "failed-tell-uncounted",
    why: "S7: a tell whose handler threw vanishes without a dead letter",
    file: OUTCOME,
    find: 'deadLetter(cell, message, "failed");',
    replace: "{}",
  },
  // Asks.
  {
    name: "deadline-not-enforced-at-dequeue",
    why: "S6: a message is handled although its deadline has passed",
    file: HANDLING,
    find: "if (!reply.isPast(cell.kernel.dispatcher.readMs))",
    replace: "if (message !== undefined)",
  },
  {
    name: "cancelled-ask-runs",
    why: "S15: an ask that never ran, as its asker was told, is handled nevertheless",
    file: HANDLING,
    find: "if (reply.settled)\n        return true;",
    replace: "",
  },
  {
    name: "outcome-is-guessed",
    why: "S15: an asker is told that its ask never ran while it runs",
    file: CELL,
    find: "inHand.abortMessage();\n        return false;",
    replace: "inHand.abortMessage();\n        return true;",
  },
  {
    name: "pending-reply-not-released",
    why: "A4: an answer still counts as awaited after it came",
    file: PENDING_REPLY,
    find: "this.replies.closed();",
    replace: "",
  },
  {
    name: "deadline-does-not-shrink",
    why: "S15: an ask made for another outlives the deadline of that one",
    file: LOCAL_CALL,
    find: "const leftMs = Math.min(timeoutMs, deadlineMs - nowMs);",
    replace: "const leftMs = timeoutMs;",
  },
  {
    name: "ask-cycle-undetected",
    why: "S2: an ask that waits for itself waits until its deadline",
    file: "runtime/kernel/ask-chain.js",
    find: "if (isBusy && takesPlace(cell, message) && --free === 0) {",
    replace: "if (links.length < 1 && isBusy && takesPlace(cell, message) && --free === 0) {",
  },
  {
    name: "ask-cycle-imagined",
    why: "S2: an ask to an actor that has given its turn up is refused",
    file: "runtime/kernel/ask-chain.js",
    find: "if (isBusy && takesPlace(cell, message) && --free === 0) {",
    replace: "if (isBusy && --free === 0) {",
  },
  {
    name: "noted-deadline-never-hung",
    why: "A2: a deadline that was only noted never comes",
    file: "runtime/kernel/timer-wheel.js",
    find: "if (entry.settled)\n                continue;",
    replace: "continue;",
  },
  {
    name: "noted-deadline-hung-early",
    why: "A2: a deadline that was only noted comes before its time",
    file: "runtime/kernel/timer-wheel.js",
    find: "const dueMs = Math.ceil(nowMs - entry.dueMs);",
    replace: "const dueMs = Math.ceil(nowMs - entry.dueMs / 2);",
  },
  // Forwarding.
  {
    name: "forward-answers-too",
    why: "F1: who forwarded an ask answers it as well, before the last in line can",
    file: FORWARD,
    find: "return handedOn;",
    replace: "reply.resolve(undefined); return handedOn;",
  },
  {
    name: "forward-keeps-ask",
    why: "F1: an ask that was handed on ends with the generation that forwarded it",
    file: FORWARD,
    find: "context.release();",
    replace: "",
  },
  {
    name: "forward-not-redirected",
    why: "F1: giving up does not reach the actor that an ask was handed on to",
    file: FORWARD,
    find: "reply.redirect(target);",
    replace: "",
  },
  {
    name: "forward-refusal-untold",
    why: "F2: an ask that cannot be handed on is never answered",
    file: FORWARD,
    find: "reply.reject(checked.error);",
    replace: "",
  },
  // Generations.
  {
    name: "late-reply-unfenced",
    why: "S8: the late promise of an old generation ends the message in hand of the new one",
    file: CELL,
    find: "if (this.context === context.root)\n            return false;",
    replace: "return false;",
  },
  {
    name: "late-send-unfenced",
    why: "S8: a generation that is gone still sends",
    file: "runtime/kernel/sender.js",
    find: "if (sender === undefined || sender.isCurrent)",
    replace: "if (sender !== null)",
  },
  {
    name: "late-init-accepted",
    why: "S8, S10: the init of an old generation, ending late, starts the new one",
    file: GENERATION,
    find: "function started(cell, context, state) {\n    if (cell.isLate(context))\n        return;",
    replace: "function started(cell, context, state) {",
  },
  {
    name: "restart-forgets-queue",
    why: "S8: what was queued is gone after a restart",
    file: GENERATION,
    find: 'await takeDown(cell, "restart");',
    replace:
      'await takeDown(cell, "restart"); cell.first = undefined; while (cell.mailbox?.shift() !== undefined);',
  },
  {
    name: "restart-shuffles-queue",
    why: "S8: the oldest queued message comes last after a restart",
    file: GENERATION,
    find: 'await takeDown(cell, "restart");',
    replace:
      'await takeDown(cell, "restart"); const oldest = cell.mailbox?.shift(); if (oldest) cell.mailbox.push(oldest);',
  },
  {
    name: "failed-actor-goes-on",
    why: "G7 S4: an actor handles messages between its failure and the decision's effect",
    file: "runtime/kernel/cell-word.js",
    find: "if (phase === Phase.running || phase === Phase.draining)\n        next |= Flag.handles;",
    replace:
      "if (phase === Phase.running || phase === Phase.draining || phase === Phase.restarting)\n        next |= Flag.handles;",
  },
  // Ends.
  {
    name: "drain-drops-queue",
    why: "S9: drain ends an actor before its queue is empty",
    file: TURN_END,
    find: "cell.busy > 0 || hasQueued(cell))",
    replace: "cell.busy > 0)",
  },
  {
    name: "drain-forgets-crew",
    why: "S9: a pool that is drained ends before its workers are done",
    file: TURN_END,
    find: "if (holdings?.crew?.isIdle !== false)",
    replace: "",
  },
  {
    name: "drain-stops-restarting",
    why: "S9: an actor that is drained while it is restarted ends before its queue is empty",
    file: ENDING,
    find: "cell.holdings.drainsNext = true;",
    replace: 'endNow(cell, "stop", "normal");',
  },
  {
    name: "leftovers-uncounted",
    why: "S9: what a stopped actor leaves over vanishes",
    file: ENDING,
    find: 'drop(cell, left, "stopped");',
    replace: "",
  },
  {
    name: "children-stop-in-start-order",
    why: "S9: the eldest child ends first",
    file: CHILDREN,
    find: "for (let child = this.#last; child !== undefined; child = this.#last)",
    replace: "for (let child = this.#first; child !== undefined; child = this.#first)",
  },
  {
    name: "children-outlive-their-parent",
    why: "G7 S3: an actor ends while its children live on",
    file: TAKE_DOWN,
    find: "if (children !== undefined && children.size > 0)",
    replace: "if (children !== undefined && children.size > 1)",
  },
  // Supervision.
  {
    name: "intensity-off-by-one",
    why: "G7 S1: one restart more than the intensity allows",
    file: SUPERVISION,
    find: ".length >= limit.restarts",
    replace: ".length > limit.restarts",
  },
  {
    name: "intensity-never-expires",
    why: "S11: restarts count for ever",
    file: SUPERVISION,
    find: "nowMs - atMs < limit.withinMs",
    replace: "nowMs >= atMs",
  },
  {
    name: "temporary-restarts",
    why: "S11: a temporary child is started again",
    file: SUPERVISION,
    find: 'exit === "fatal" || restart === "temporary"',
    replace: 'exit === "fatal"',
  },
  {
    name: "rest-for-one-takes-the-elder",
    why: "G7 S2: rest-for-one restarts the sibling before the one that failed",
    file: SUPERVISION,
    find: "children.slice(children.indexOf(failed))",
    replace: "children.slice(Math.max(0, children.indexOf(failed) - 1))",
  },
  {
    name: "group-starts-in-reverse",
    why: "G7 S2: a group comes up youngest first",
    file: CHILDREN,
    find: "for (const child of touched)\n            if (isOurs(child))",
    replace: "for (const child of touched.toReversed())\n            if (isOurs(child))",
  },
  {
    name: "failed-start-uncounted",
    why: "S10: a first start that fails does not count against the intensity",
    file: CHILDREN,
    find: "this.#restarts = [...recent(allRestarts, limit, nowMs), nowMs];",
    replace: "",
  },
  // Watches, timers.
  {
    name: "told-after-unwatch",
    why: "S12: news that were queued are delivered after unwatch",
    file: TIES,
    find: "if (holdings.watching?.get(target) !== made || cell.context === undefined)",
    replace: "if (cell.context === undefined)",
  },
  {
    name: "watch-survives-restart",
    why: "S12: a new generation is told of what an old one watched",
    file: TAKE_DOWN,
    find: "unwatch(cell, address);",
    replace: "{}",
  },
  {
    name: "timer-after-cancel",
    why: "S13: the queued message of a cancelled timer is handled",
    file: TIMERS,
    find: "timer.settled = true;",
    replace: "",
  },
  {
    name: "timers-survive-restart",
    why: "S13: a timer of an old generation tells the new one",
    file: TAKE_DOWN,
    find: "holdings.timers?.end();",
    replace: "",
  },
  {
    name: "periodic-timer-piles-up",
    why: "S13: a periodic timer queues a second message while one waits",
    file: TIMERS,
    find: "if (timer.queued)\n            return;",
    replace: "",
  },
  {
    name: "receive-timeout-survives-restart",
    why: "V3: a receive time-out of an old generation tells the new one",
    file: TAKE_DOWN,
    find: "holdings.receiveTimeout?.cancel();",
    replace: "",
  },
  {
    name: "receive-timeout-ignores-activity",
    why: "V1: an actor is told of a silence that was none",
    file: "runtime/kernel/receive-timeout.js",
    find: "this.#activeMs = this.#cell.kernel.dispatcher.readMs;",
    replace: "",
  },
  // Tasks.
  {
    name: "late-task-accepted",
    why: "B2: the result of a task of an old generation is told to the new one",
    file: TASK,
    find: "return context === undefined || cell.isLate(context);",
    replace: "return false;",
  },
  {
    name: "task-failure-swallowed",
    why: "B1: an actor goes on although a task of its own failed",
    file: TASK,
    find: "throw new TaskFailed(operation, readable(error));",
    replace: "",
  },
  // Streams.
  {
    name: "credit-leak",
    why: "S16: a producer makes a chunk more than it has credit for",
    file: INCOMING_STREAM,
    find: "this.#granted = this.#taken + credit;",
    replace: "this.#granted += credit;",
  },
  {
    name: "credit-withheld",
    why: "S16: a producer waits although its consumer took all",
    file: STREAM_PRODUCER,
    find: "this.#credit = total;",
    replace: "this.#credit = Math.min(total, 64);",
  },
  {
    name: "producer-not-cancelled",
    why: "S16: a producer goes on although its consumer has left",
    file: STREAM_PRODUCER,
    find: "cancel() {\n        this.#isCancelled = true;",
    replace: "cancel() {",
  },
  {
    name: "wrong-last-sequence",
    why: "S16: stream.aborted names another chunk than the last one that came",
    file: INCOMING_STREAM,
    find: "streamAborted(this.#type, why, this.#received)",
    replace: "streamAborted(this.#type, why, this.#received + 1)",
  },
  // Stash and offers.
  {
    name: "stash-lost-on-restart",
    why: "S8: what was put aside is gone after a restart",
    file: TAKE_DOWN,
    find: "putBack(cell);",
    replace: "holdings.stash = undefined;",
  },
  {
    name: "stash-comes-back-last",
    why: "S8: what was put aside comes after what waits",
    file: QUEUE,
    find: "mailbox.unshift(messages[i]);",
    replace: "mailbox.push(messages[messages.length - 1 - i]);",
  },
  {
    name: "stash-unbounded",
    why: "S6: an actor puts aside more than its mailbox holds",
    file: "runtime/kernel/stash.js",
    find: "if (holdings.stash.length >= cell.options.capacity) {",
    replace: "if (holdings.stash.length > cell.options.capacity) {",
  },
  {
    name: "offer-forgotten",
    why: "S6: an offer waits although there is room",
    file: TURN_END,
    find: "holdings.offers.admit(cell);",
    replace: "{}",
  },
  {
    name: "offer-uncounted",
    why: "S6, S17: an offer whose time is up vanishes",
    file: "runtime/kernel/offers.js",
    find: "drop(cell, offer.message, reason);",
    replace: "",
  },
  // Actors that are not serial.
  {
    name: "concurrency-off-by-one",
    why: "S1: one handler more at a time than the actor allows",
    file: IN_HAND,
    find: "if (this.#serial < cell.options.concurrency)\n            return shift(cell);",
    replace: "if (this.#serial <= cell.options.concurrency)\n            return shift(cell);",
  },
  {
    name: "everything-interleaves",
    why: "S1: any message runs beside others once one operation may",
    file: QUEUE,
    find: "return ownMailbox(cell).take((message) => interleave.has(message.handler.operation));",
    replace: "return ownMailbox(cell).take(() => true);",
  },
  {
    name: "pool-hands-out-ahead",
    why: "S5: a worker that is busy is handed a message while another one is idle",
    file: POOL_TURN,
    find: "return worker.busy + waiting < concurrency;",
    replace: "return worker.busy < concurrency + 1;",
  },
  {
    name: "time-limit-not-enforced",
    why: "S11: a handler over its time limit runs on",
    file: "runtime/kernel/time-limit.js",
    find: "cell.overran(this.#context,",
    replace: "void (this.#context,",
  },
  {
    name: "insignificant-child-shuts-down",
    why: "S11: the end of a child that is not significant ends its supervisor",
    file: SUPERVISION,
    find: "if (!child.significant)",
    replace: 'if (auto === "all-significant" && !child.significant)',
  },
  {
    name: "pool-not-redirected",
    why: "S5, S15: giving up does not reach the worker that an ask was handed to",
    file: POOL_TURN,
    find: "reply?.redirect(worker);",
    replace: "",
  },
];
