/**
 * The actor at `$node`: it answers operators.
 *
 * Owns: nothing that it tells of; it reads what others own at the moment it is asked.
 *
 * O1: several questions, and readers of events, are served side by side, up to {@link SIDE_BY_SIDE}.
 * O2: while nobody reads events nothing is told; messages are told of only to those who ask for them.
 */
import { type ActorDefinition, actor } from "../../runtime/actor.ts";
import type { EventFeed } from "../../runtime/event-feed.ts";
import type { System } from "../../runtime/system.ts";
import { EventBuffer, wantsMessages } from "./event-buffer.ts";
import type { NodeOutlook } from "./node-outlook.ts";
import { type NodeOperations, NodeProtocol } from "./node-protocol.ts";
import { ProcessorShare } from "./processor-share.ts";

/** Readers of events and questions at a time. */
const SIDE_BY_SIDE = 64;
const CAPACITY = 256;
/** So rare that, for all who watch, no message is told of. */
const NO_MESSAGES = 1_000_000_000;

/** What a node's actor is made of. */
export interface NodeActorParts {
  readonly system: System;
  readonly events: EventFeed;
  readonly outlook: () => NodeOutlook;
}

/** Defines it. */
export function nodeActor(parts: NodeActorParts): ActorDefinition<NodeOperations, undefined> {
  const { system, events, outlook } = parts;
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
        const cancel = events.subscribe((event) => buffer.add(event), { every });
        try {
          while (!ctx.signal.aborted) yield await buffer.take(ctx.signal);
        } finally {
          cancel();
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
