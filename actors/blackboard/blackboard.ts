/**
 * Blackboards: one actor owns a board, its bucket and its agenda, and activates knowledge sources.
 *
 * Owns: performing what `protocols/blackboard/blackboard.ts` decides: commits, asks to sources, timers. It is the
 * one writer of contended entries; what it remembers is in the bucket, so that it can be started again
 * anywhere and goes on from there. What is not in the bucket, it forgets: which sources were switched
 * on or off since it started, and boosts.
 *
 * BA1: an activation is an ask with a deadline; a source that dies, throws or is late loses it, and the
 *      board rates it again (BB4).
 * BA2: the handlers never wait for a source or for the bucket, but for `post`, which answers when its
 *      statements are stored and meanwhile does the board's other work.
 * BA3: a batch that is refused or unanswered is read after and offered again, ten times in a row; then
 *      this life of the actor ends, and its supervisor starts it again from the bucket.
 */

import { openBoard, step } from "../../protocols/blackboard/blackboard.ts";
import type { Batch } from "../../protocols/blackboard/board-batch.ts";
import type { BoardEffect, BoardEvent } from "../../protocols/blackboard/board-event.ts";
import { bucketOf } from "../../protocols/blackboard/board-key.ts";
import { isStanding, statusOf, subjectPage } from "../../protocols/blackboard/board-reading.ts";
import type { Blackboard, BoardOptions } from "../../protocols/blackboard/board-state.ts";
import type { RefusedDraft } from "../../protocols/blackboard/board-status.ts";
import { explain } from "../../protocols/blackboard/explanation.ts";
import type { ActorContext, ActorDefinition, ActorOptions } from "../../runtime/actor.ts";
import { actor } from "../../runtime/actor.ts";
import type { Duration } from "../../runtime/duration.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import { Inbox } from "../inbox.ts";
import {
  Board,
  type BoardOperations,
  boardsTopic,
  SOURCE_FAILED,
  Source,
  sourcesTopic,
} from "./board-protocol.ts";

/** What boards of one kind have in common: code, which stays where it is. */
export interface BlackboardOptions extends Pick<BoardOptions, "levels" | "goal">, ActorOptions {
  /** The knowledge sources it works with: those of the same domain; one token. */
  readonly domain: string;
}

/** What one board is started with. */
export interface BlackboardInput extends Omit<BoardOptions, "levels" | "goal"> {
  /** How long an activation may take; default 10 s. */
  readonly activationTimeout?: Duration;
  /** How long to wait for sources that are expected, or for any when none is named; default 2 s. */
  readonly patience?: Duration;
  /** Between two quiet passes; default 20 ms. */
  readonly quiet?: Duration;
}

/** What comes back from promises. */
type Arrival =
  | { readonly type: "stepped"; readonly event: BoardEvent }
  /** An instance could not be reached at all. */
  | { readonly type: "unreachable"; readonly instance: string; readonly event: BoardEvent }
  | { readonly type: "broken"; readonly error: unknown };

interface State {
  board: Blackboard;
  readonly bucket: KeyValue;
  readonly inbox: Inbox<Arrival>;
  /**
   * Effects that wait for a turn of the board's own: an ask made in the turn of somebody who asked the
   * board would have to keep that asker's deadline (S15).
   */
  due: BoardEffect[];
  readonly activations: Map<string, AbortController>;
  readonly watched: Set<string>;
  /** Commits in a row that did not succeed. */
  refusals: number;
}

type Context = ActorContext<BoardOperations, State, BlackboardInput>;

const ANNOUNCE_MS = 1_000;
/** With the pauses in between, longer than a store without a leader takes to find one. */
const MOST_REFUSALS = 10;
const PAUSE_MS = 100;
/** Codes that say that nobody lives there, so that asking again is of no use. */
const GONE: ReadonlySet<string> = new Set(["actor.not-found", "actor.stopped", "node.down"]);

/**
 * Defines a kind of blackboard. Spawn it with the board's name; its bucket is `board_<name>`.
 *
 * @throws {TypeError} at start for faulty levels, or a bucket of another format
 *
 * @example
 * const licences = blackboard({ domain: "licences", levels, goal: settle });
 * const board = node.spawn(licences, { name: "board", input: { board: "b1", expects: ["title"] } });
 * await board.ask("post", { author: "pipeline", drafts });
 */
export function blackboard(
  options: BlackboardOptions,
): ActorDefinition<BoardOperations, BlackboardInput> {
  const { domain, levels, goal, ...actorOptions } = options;
  return actor(
    Board,
    async (input: BlackboardInput, ctx): Promise<State> => {
      const bucket = await ctx.ports.keyValues.open(bucketOf(input.board));
      const spec = { ...input, levels, ...(goal === undefined ? {} : { goal }) };
      const [board, due] = openBoard(spec, await bucket.entries(">"));
      ctx.subscribe(sourcesTopic(domain), "register");
      const inbox = new Inbox<Arrival>(() => ctx.self.tell("wake", "inbox"));
      ctx.timers.every("announce", ANNOUNCE_MS, "wake", "announce");
      ctx.self.tell("wake", "announce");
      return {
        board,
        bucket,
        inbox,
        due: [...due],
        activations: new Map(),
        watched: new Set(),
        refusals: 0,
      };
    },
    {
      post: async (ctx, { author, drafts, id }) => {
        const post = id ?? ctx.random.id();
        const refused = run(ctx, { type: "posted", post, author, drafts });
        const bad = new Set(refused.map((one) => one.draft));
        const stored = () =>
          drafts.every((draft, at) => {
            return bad.has(at) || isStanding(ctx.state.board, draft.entry, `${post}/${at}`);
          });
        while (!stored()) {
          await ctx.state.inbox.arrived();
          takeArrivals(ctx);
        }
        return {
          accepted: drafts.length - refused.length,
          refused: refused.map(({ entry, reason }) => ({ entry, reason })),
        };
      },
      status: (ctx) => statusOf(ctx.state.board),
      subjects: (ctx, { from = 0, limit = 100 }) => subjectPage(ctx.state.board, from, limit),
      explain: (ctx, { entry, depth }) => {
        const explanation = explain(ctx.state.board, entry, depth);
        return explanation === undefined ? {} : { explanation };
      },
      enable: (ctx, { source }) => {
        run(ctx, { type: "switched", source, on: true });
        return statusOf(ctx.state.board);
      },
      disable: (ctx, { source }) => {
        run(ctx, { type: "switched", source, on: false });
        return statusOf(ctx.state.board);
      },
      boost: (ctx, boost) => {
        run(ctx, { type: "boosted", boost });
      },
      register: (ctx, { source, instance }) => {
        if (!ctx.state.watched.has(instance)) ctx.watch(instance);
        ctx.state.watched.add(instance);
        run(ctx, { type: "joined", source, instance });
      },
      wake: (ctx, why) => {
        switch (why) {
          case "announce":
            ctx.publish(boardsTopic(domain), { board: ctx.self.address });
            break;
          case "pass":
            run(ctx, { type: "passed" });
            break;
          case "patience":
            run(ctx, { type: "patienceEnded" });
            break;
          case "inbox":
            break;
        }
        takeArrivals(ctx);
        const { due } = ctx.state;
        ctx.state.due = [];
        for (const effect of due) performNow(ctx, effect);
      },
    },
    {
      ...actorOptions,
      terminated: (ctx, { address }) => {
        ctx.state.watched.delete(address);
        run(ctx, { type: "left", instance: address });
      },
      stopping: (ctx) => {
        for (const activation of ctx.state.activations.values()) activation.abort();
      },
    },
  );
}

function takeArrivals(ctx: Context): void {
  for (const arrival of ctx.state.inbox.takeAll()) {
    switch (arrival.type) {
      case "stepped":
        run(ctx, arrival.event);
        break;
      case "unreachable":
        run(ctx, { type: "left", instance: arrival.instance });
        // Of use only when it had left before and this attempt was started since.
        run(ctx, arrival.event);
        break;
      case "broken":
        throw arrival.error;
    }
  }
}

/** Steps the board and performs the effects; returns what was refused, with the draft's index. */
function run(ctx: Context, event: BoardEvent): readonly Refusal[] {
  const [board, effects] = step(ctx.state.board, event);
  ctx.state.board = board;
  const refused: Refusal[] = [];
  for (const effect of effects) {
    if (effect.type === "refuse") refused.push(effect);
    if (effect.type === "activate") postpone(ctx, effect);
    else performNow(ctx, effect);
  }
  return refused;
}

type Refusal = RefusedDraft & { readonly draft: number };

/** Leaves an effect to a turn of the board's own; `announce` wakes it when this wake-up is refused. */
function postpone(ctx: Context, effect: BoardEffect): void {
  if (ctx.state.due.push(effect) === 1) ctx.self.tell("wake", "inbox");
}

function performNow(ctx: Context, effect: BoardEffect): void {
  const { board } = ctx.state.board;
  switch (effect.type) {
    case "commit":
      commit(ctx, effect.batch);
      return;
    case "activate":
      activate(ctx, effect);
      return;
    case "withdraw":
      ctx.state.activations.get(effect.ksar)?.abort();
      ctx.state.due = ctx.state.due.filter(
        (one) => one.type !== "activate" || one.ksar.key !== effect.ksar,
      );
      return;
    case "refuse": {
      const { author, entry, reason } = effect;
      ctx.log.warn({ board, author, entry, reason }, "a statement was refused");
      return;
    }
    case "announce": {
      const { entry, author, confidence } = effect.contribution;
      const { level } = effect;
      ctx.ports.events.emit({ type: "entry.posted", board, entry, level, author, confidence });
      return;
    }
    case "pass":
      ctx.timers.after("pass", ctx.input.quiet ?? "20ms", "wake", "pass");
      return;
    case "awaitSources":
      ctx.timers.after("patience", ctx.input.patience ?? "2s", "wake", "patience");
      return;
    case "close":
      ctx.ports.events.emit({ type: "board.closed", board, outcome: effect.outcome });
      return;
  }
}

function activate(ctx: Context, effect: Extract<BoardEffect, { type: "activate" }>): void {
  const { inbox, activations, board } = ctx.state;
  const { ksar, instance, entry, context } = effect;
  const abort = new AbortController();
  activations.set(ksar.key, abort);
  const activation = {
    board: board.board,
    ksar: ksar.key,
    attempt: ksar.attempt,
    entry,
    context,
  };
  const options = { timeout: ctx.input.activationTimeout ?? "10s", signal: abort.signal };
  const ended = (arrival: Arrival): void => {
    if (activations.get(ksar.key) === abort) activations.delete(ksar.key);
    if (!abort.signal.aborted) inbox.push(arrival);
  };
  const { key, attempt } = ksar;
  ctx
    .refOf(Source, instance)
    .ask("activate", activation, options)
    .then(
      ({ drafts, cost }) => {
        const event = { type: "contributed", ksar: key, attempt, drafts, cost } as const;
        ended({ type: "stepped", event });
      },
      (error: unknown) => {
        const event = { type: "lost", ksar: key, attempt, reason: reasonOf(error) } as const;
        if (error instanceof TroupeError && GONE.has(error.code)) {
          ended({ type: "unreachable", instance, event });
        } else {
          ended({ type: "stepped", event });
        }
      },
    );
}

/** Why an activation failed, in one line: the source's own word where it has one. */
function reasonOf(error: unknown): string {
  if (error instanceof TroupeError && error.code === "refused") {
    const { code, data } = error.data as { readonly code: string; readonly data?: unknown };
    if (code === SOURCE_FAILED && typeof data === "string") return data;
  }
  return messageOf(error);
}

/** Commits a batch; when it is refused or its fate is unknown, reads what the bucket holds (BA3). */
function commit(ctx: Context, batch: Batch): void {
  const { inbox } = ctx.state;
  committed(ctx, batch).then(
    (event) => inbox.push({ type: "stepped", event }),
    (error: unknown) => inbox.push({ type: "broken", error }),
  );
}

async function committed(ctx: Context, batch: Batch): Promise<BoardEvent> {
  const { state, clock, log } = ctx;
  const { bucket } = state;
  const put = await answered(bucket.commit(batch.writes));
  if (put?.ok === true) {
    state.refusals = 0;
    return { type: "committed", batch: batch.number, revision: put.revision };
  }
  for (;;) {
    const refusals = state.refusals++;
    log.warn({ bucket: bucket.bucket, refusals }, "a batch was refused or not answered");
    if (refusals >= MOST_REFUSALS) {
      const message = `${bucket.bucket} took no batch, ${refusals} times in a row`;
      throw new TroupeError("store.unavailable", message);
    }
    await new Promise<void>((resolve) => {
      clock.after(PAUSE_MS * refusals, resolve);
    });
    const stored = await answered(bucket.entries(">"));
    if (stored !== undefined) return { type: "reread", batch: batch.number, stored };
  }
}

/** The store's answer, or nothing when it gave none in time. */
async function answered<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TroupeError && error.code === "store.unavailable") return undefined;
    throw error;
  }
}
