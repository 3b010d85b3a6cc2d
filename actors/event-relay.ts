/**
 * Carries one node's events to whoever records them on any node.
 *
 * Owns: batching and the bound on what waits. What an event is, is `runtime/event.ts`.
 *
 * E1: events of one node arrive in their order.
 * E2: at most 10,000 wait; what does not fit is left out, and the gap shows in `seq`.
 * E3: the relaying is not itself an event, or one would follow from another without end.
 */
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type Cancel,
  type Duration,
  type EventFeed,
  type Protocol,
  protocol,
  type Tell,
  type TroupeEvent,
  tell,
} from "../runtime/index.ts";

/** The topic on which events travel, in batches. */
export const EVENTS_TOPIC = "events";

/** What a relay can be asked. */
export type EventRelayOperations = {
  /** Answers when everything that happened before has left this node. */
  readonly flush: Ask<undefined, null>;
  /** To itself. */
  readonly due: Tell<undefined>;
};

/** The protocol of relays. */
export const EventRelay: Protocol<EventRelayOperations> = protocol("event-relay@1", {
  flush: ask<undefined, null>(),
  due: tell(),
});

/** What a recorder can be told and asked. */
export type EventRecorderOperations = {
  readonly happened: Tell<readonly TroupeEvent[]>;
  /** Answers when everything that arrived before was recorded. */
  readonly settle: Ask<undefined, null>;
};

/** The protocol of recorders. */
export const EventRecorder: Protocol<EventRecorderOperations> = protocol("event-recorder@1", {
  happened: tell<readonly TroupeEvent[]>(),
  settle: ask<undefined, null>(),
});

const BATCH = 128;
const MOST_WAITING = 10_000;
const OWN = /^event-(relay|recorder)\./;

/**
 * Defines the relay of a node's feed.
 *
 * @param feed - the feed of the node that it is spawned on
 * @param options - how long an event may wait; default 40 ms
 */
export function eventRelay(
  feed: EventFeed,
  options: { readonly every?: Duration } = {},
): ActorDefinition<EventRelayOperations, undefined> {
  return actor(
    EventRelay,
    (_input: undefined, ctx): { readonly waiting: TroupeEvent[]; readonly unsubscribe: Cancel } => {
      const waiting: TroupeEvent[] = [];
      const unsubscribe = feed.subscribe((event) => {
        if (!isOwn(event) && waiting.length < MOST_WAITING) waiting.push(event);
      });
      ctx.timers.every("due", options.every ?? 40, "due");
      return { waiting, unsubscribe };
    },
    {
      flush: (ctx) => {
        sendAll(ctx);
        return null;
      },
      due: (ctx) => sendAll(ctx),
    },
    {
      stopping: (ctx) => {
        ctx.state.unsubscribe();
        sendAll(ctx);
      },
    },
  );
}

/** Defines a recorder: `record` is called with every event of every relay. */
export function eventRecorder(
  record: (event: TroupeEvent) => void,
): ActorDefinition<EventRecorderOperations, undefined> {
  return actor(
    EventRecorder,
    (_input: undefined, ctx) => {
      ctx.subscribe(EVENTS_TOPIC, "happened");
    },
    {
      happened: (_ctx, events) => {
        for (const event of events) record(event);
      },
      settle: () => null,
    },
  );
}

/** Whether an event tells only of the relaying. */
export function isOwn(event: TroupeEvent): boolean {
  return event.type === "message.handled" && OWN.test(event.message);
}

function sendAll(ctx: {
  readonly state: { readonly waiting: TroupeEvent[] };
  publish(topic: string, payload: unknown): boolean;
}): void {
  const { waiting } = ctx.state;
  while (waiting.length > 0) {
    // What is refused is kept: the next round offers it again.
    if (!ctx.publish(EVENTS_TOPIC, waiting.slice(0, BATCH))) return;
    waiting.splice(0, BATCH);
  }
}
