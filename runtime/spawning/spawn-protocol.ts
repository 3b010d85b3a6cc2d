/**
 * What nodes say to each other about children that live on another node than their supervisor.
 *
 * Owns: the messages, version 1. Its neighbours `hosting.ts` and `seat.ts` are the two ends.
 *
 * P1: code never travels: a start names a registered definition, and the version of its protocol.
 * P2: every try to start a child has an id of its own, so that a try whose answer was lost can be told
 *     from the one that replaced it.
 */
import type { ActorOptions } from "../actor.ts";
import type { ExitReason } from "../exit-reason.ts";
import { type Ask, ask, type Protocol, protocol, type Tell, tell } from "../protocol.ts";
import type { Exit } from "../supervision.ts";
import type { ErrorRecord } from "../troupe-error.ts";

/** The path at which every node with registered actors has its `spawn@1` actor. */
export const SPAWN_NAME = "$spawn";

/** Options of a spawn that can travel: plain data. */
export type SentOptions = Omit<ActorOptions, "decide">;

/** Who supervises a child. */
export interface Home {
  readonly node: string;
  readonly incarnation: string;
  /** What stands in for the child below its supervisor. */
  readonly address: string;
}

/** Starts a registered definition. */
export interface StartRequest {
  readonly id: string;
  /** The registered name. */
  readonly type: string;
  /** `name@version` of the protocol that the supervisor means. */
  readonly protocol: string;
  readonly input?: unknown;
  readonly options: SentOptions;
  readonly home: Home;
}

/** Ends what supervisors at or below a path had started. */
export interface DisownRequest {
  readonly path: string;
  /** Who supervises there from now on: nobody else's starts are heeded any more. */
  readonly by?: Pick<Home, "node" | "incarnation">;
}

/** Why a node does not start a child. */
export type SpawnRefusal =
  /** It has no registration of that name. */
  | { readonly kind: "unknown-type"; readonly registered: readonly string[] }
  /** Its registration speaks another version, or another protocol. */
  | { readonly kind: "other-protocol"; readonly has: string }
  /** It is about to leave. */
  | { readonly kind: "draining" }
  | { readonly kind: "invalid-input"; readonly why: string }
  | { readonly kind: "failed"; readonly exit: Exit; readonly error: ErrorRecord };

/** What comes of a start. */
export type Started =
  | { readonly ok: true; readonly address: string; readonly incarnation: string }
  | { readonly ok: false; readonly refusal: SpawnRefusal };

/** What comes of starting a child's next generation where it is. */
export type StartedAgain =
  | { readonly ok: true }
  /** There is no such child any more. */
  | { readonly ok: false; readonly gone: true }
  | { readonly ok: false; readonly exit: Exit; readonly error: ErrorRecord };

/** A child failed, or ended without being told to. */
export interface ExitReport {
  readonly id: string;
  readonly exit: Exit;
  readonly operation: string;
  readonly error: ErrorRecord;
  readonly reason: ExitReason;
  /** It is gone; otherwise it stands still until its supervisor decides. */
  readonly isOver: boolean;
  /** It could go on as if nothing had happened. */
  readonly canGoOn: boolean;
}

/** Names a child. */
export interface ChildId {
  readonly id: string;
}

/** Starts a child's next generation where it is. */
export interface AgainRequest extends ChildId {
  /** Counted by the supervisor's node: the same number asks for the same generation again. */
  readonly generation: number;
}

/** Ends a child. */
export interface StopRequest extends ChildId {
  readonly how: "stop" | "drain" | "kill";
  readonly reason?: ExitReason;
}

/** See the file's header. The host answers the first seven, the supervisor's node the others. */
export type SpawnOperations = {
  readonly start: Ask<StartRequest, Started>;
  /** Takes the present generation down; the queue stays. */
  readonly down: Ask<ChildId, undefined>;
  readonly again: Ask<AgainRequest, StartedAgain>;
  readonly resume: Tell<ChildId>;
  /** Answered once the child has ended, also when there is none. */
  readonly stop: Ask<StopRequest, undefined>;
  /** The same, of whoever does not wait for it. */
  readonly release: Tell<StopRequest>;
  /** Ends all whose supervisors are at or below a path, on any node; answered once they have ended. */
  readonly disown: Ask<DisownRequest, undefined>;
  /** `later` asks for the same again: the supervisor has not yet heard that the child started. */
  readonly exited: Ask<ExitReport, "taken" | "later" | "unknown">;
  /** The host is about to leave the cluster: its children are to live elsewhere. */
  readonly leaving: Tell<readonly string[]>;
  /** The host has left, and its child with it. */
  readonly left: Tell<ChildId>;
  /** Of these the ones that nobody holds here. */
  readonly unheld: Ask<readonly string[], readonly string[]>;
  /** From itself to itself: time to look for children that nobody holds. */
  readonly audit: Tell<undefined>;
};

/** The protocol of the actor at {@link SPAWN_NAME}. */
export const Spawn: Protocol<SpawnOperations> = protocol("spawn@1", {
  start: ask<StartRequest, Started>(),
  down: ask<ChildId, undefined>(),
  again: ask<AgainRequest, StartedAgain>(),
  resume: tell<ChildId>(),
  stop: ask<StopRequest, undefined>(),
  release: tell<StopRequest>(),
  disown: ask<DisownRequest, undefined>(),
  exited: ask<ExitReport, "taken" | "later" | "unknown">(),
  leaving: tell<readonly string[]>(),
  left: tell<ChildId>(),
  unheld: ask<readonly string[], readonly string[]>(),
  audit: tell(),
});
