/**
 * The actors of a chaos run: what they are sent, and what they record of it.
 *
 * Owns: the protocols and their handlers. What is sent to them is `chaos-flows.ts`; how it is recorded
 * `test/invariants/recorder.ts`.
 */
import { auctioneer } from "../../actors/market/auctioneer.ts";
import { bidder } from "../../actors/market/bidder.ts";
import {
  type ActorDefinition,
  type ActorRegistration,
  type Ask,
  actor,
  ask,
  type ChildSpec,
  child,
  durableState,
  eventSourced,
  type Protocol,
  protocol,
  type Tell,
  tell,
  virtual,
} from "../../runtime/index.ts";
import type { Random } from "../../runtime/ports/random.ts";
import type { Mark } from "../invariants/record.ts";
import type { Recorder } from "../invariants/recorder.ts";

/** Every message carries its mark. */
export interface Marked {
  readonly mark: Mark;
}

/** What an account answers once its state is written. */
export interface Added {
  readonly answers: string;
  /** How much was added so far: orders the writes of a key. */
  readonly revision: number;
  readonly token: number;
}

type PeerOperations = {
  readonly hear: Tell<Marked>;
  readonly echo: Ask<Marked, { readonly answers: string }>;
};
type TallyOperations = { readonly hear: Tell<Marked> };
type AccountOperations = { readonly add: Ask<Marked, Added> };

/** An actor of each node, known by its address. */
export const Peer: Protocol<PeerOperations> = protocol("peer@1", {
  hear: tell<Marked>(),
  echo: ask<Marked, { readonly answers: string }>(),
});
/** A virtual actor without a state. */
export const Tally: Protocol<TallyOperations> = protocol("tally@1", { hear: tell<Marked>() });
/** A virtual actor whose state is durable. */
export const Account: Protocol<AccountOperations> = protocol("account@1", {
  add: ask<Marked, Added>(),
});

/** The same with a log instead of a state. */
export const Book: Protocol<AccountOperations> = protocol("book@1", {
  add: ask<Marked, Added>(),
});

/** The name of each node's peer. */
export const PEER = "peer";
/** The name of each node's auctioneer. */
export const HALL = "hall";
/** What is auctioned. */
export const SOLD = "sold@1";
const ROOMY = { capacity: 20_000 } as const;
const MOST_MICROS = 100;

/** What a node starts as its own. */
export function chaosChildren(recorder: Recorder, random: Random): readonly ChildSpec[] {
  const hand = bidder({
    kind: "hand",
    capability: SOLD,
    price: () => 1 + random.int(MOST_MICROS),
    perform: () => ({ result: "done" }),
    concurrency: 4,
  });
  return [
    child(peerOf(recorder), { name: PEER, restart: "permanent", mailbox: ROOMY }),
    child(hand, { name: "hand", restart: "permanent" }),
    // A lease that a quiet window can wait for.
    child(auctioneer({ lease: "2s" }), { name: HALL, restart: "permanent" }),
  ];
}

/** What a node registers. */
export function chaosActors(recorder: Recorder): readonly ActorRegistration[] {
  const tally = actor(Tally, (_: undefined, ctx) => recorder.started(ctx), {
    hear: (ctx, { mark }) => recorder.received(ctx, ctx.state, mark),
  });
  const account = durableState(
    Account,
    { version: 1, initial: () => ({ added: 0 }) },
    {
      add: (ctx, { mark }) => {
        const token = ctx.activation?.token ?? 0;
        // Its state outlives its starts, so that they are told apart by their token.
        recorder.received(ctx, token, mark);
        ctx.state.added++;
        return { ...recorder.answer(mark), revision: ctx.state.added, token };
      },
    },
  );
  const book = eventSourced(
    Book,
    {
      version: 1,
      initial: () => 0,
      apply: (added, by: number) => added + by,
      snapshotEvery: 10,
      keep: "since-snapshot",
    },
    {
      add: (ctx, { mark }) => {
        const token = ctx.activation?.token ?? 0;
        recorder.received(ctx, token, mark);
        ctx.persist(1);
        return { ...recorder.answer(mark), revision: ctx.state, token };
      },
    },
  );
  return [virtual(tally), virtual(account), virtual(book)];
}

function peerOf(recorder: Recorder): ActorDefinition<PeerOperations, undefined> {
  return actor(Peer, (_: undefined, ctx) => recorder.started(ctx), {
    hear: (ctx, { mark }) => recorder.received(ctx, ctx.state, mark),
    echo: (ctx, { mark }) => {
      recorder.received(ctx, ctx.state, mark);
      return recorder.answer(mark);
    },
  });
}
