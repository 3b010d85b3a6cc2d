/**
 * The actor at `$node`: it answers operators.
 *
 * Owns: nothing that it tells of; it reads what others own at the moment it is asked.
 *
 * O1: several questions, and readers of events, are served side by side, up to {@link SIDE_BY_SIDE}.
 * O2: while nobody reads events nothing is told; messages are told of only to those who ask for them.
 * O3: who reads events keeps no node from ending: it is told of what ends there, and let go once nothing
 *     has happened for {@link QUIET_MS}.
 */
import { type ActorDefinition, actor } from "../../runtime/actor.ts";
import type { EventFeed } from "../../runtime/event-feed.ts";
import { addAbortListener, removeAbortListener } from "../../runtime/kernel/abort-listeners.ts";
import type { Cancel } from "../../runtime/ports/clock.ts";
import type { System } from "../../runtime/system.ts";
import { EventBuffer, wantsMessages } from "./event-buffer.ts";
import type { NodeOutlook } from "./node-outlook.ts";
import { type NodeOperations, NodeProtocol } from "./node-protocol.ts";
import { ProcessorShare } from "./processor-share.ts";

/** Readers of events and questions at a time. */
const SIDE_BY_SIDE = 64;
const CAPACITY = 256;
/** How long a reader waits for what else happens on a node that ends. */
const QUIET_MS = 250;
/** So rare that, for all who watch, no message is told of. */
const NO_MESSAGES = 1_000_000_000;

/** What a node's actor is made of. */
export interface NodeActorParts {
  readonly system: System;
  readonly events: EventFeed;
  readonly outlook: () => NodeOutlook;
  /** Aborts when the node's actors are about to be stopped. */
  readonly ending: AbortSignal;
}

/** Defines it. */
export function nodeActor(parts: NodeActorParts): ActorDefinition<NodeOperations, undefined> {
  const { system, events, outlook, ending } = parts;
  const { clock } = system.ports;
  const processor = new ProcessorShare(clock);
  const startedAtMs = clock.monotonicMs();
  return actor(
    NodeProtocol,
    () => undefined,
    {
      status: () => {
        const { rss, heapUsed } = process.memoryUsage();
        return {
          v: 1 as const,
          ...outlook(),
          pid: process.pid,
          actors: system.actorCount,
          rssBytes: rss,
          heapBytes: heapUsed,
          cpuShare: processor.share(),
          uptimeMs: Math.round(clock.monotonicMs() - startedAtMs),
          pendingReplies: system.pendingReplies,
          streamsOut: system.streamsOut,
          deadLetters: system.deadLetters,
          fenced: system.fenced,
          registered: [...system.registrations.keys()],
        };
      },
      actors: (_ctx, query) => system.actors(query),
      actor: (_ctx, { path }) => system.actor(path) ?? null,
      async *events(ctx, query) {
        const buffer = new EventBuffer(query);
        const every = wantsMessages(query) ? 1 : NO_MESSAGES;
        const left = { handleEvent: () => buffer.end() };
        let hush: Cancel | undefined;
        const quieten = (): void => {
          hush?.();
          hush = clock.after(QUIET_MS, () => buffer.end());
        };
        const begun = { handleEvent: quieten };
        const cancel = events.subscribe(
          (event) => {
            buffer.add(event);
            if (ending.aborted) quieten();
          },
          { every },
        );
        addAbortListener(ctx.signal, left);
        addAbortListener(ending, begun);
        if (ending.aborted) quieten();
        try {
          for (let batch = await buffer.take(); batch !== undefined; batch = await buffer.take())
            yield batch;
        } finally {
          cancel();
          hush?.();
          removeAbortListener(ctx.signal, left);
          removeAbortListener(ending, begun);
        }
        return undefined;
      },
    },
    {
      restart: "permanent",
      concurrency: SIDE_BY_SIDE,
      mailbox: { capacity: CAPACITY },
      shutdown: 100,
    },
  );
}
