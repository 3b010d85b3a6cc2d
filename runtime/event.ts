/**
 * The one format of everything that is shown or checked, version 1.
 *
 * Owns: what can be said to have happened. Dashboards, command line, traces and invariant checkers
 * read the same events; each is emitted at one point.
 *
 * V1: fields are only added; a reader ignores what it does not know.
 * V2: `atMs` is the emitting node's wall clock; order within a node is `seq`.
 */
import type { Address } from "./address.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { MemberPhase } from "./ports/membership.ts";

/** What a node's connection is for: leases, watches and stores, or messages. */
export type NodeConnection = "control" | "data";

/** What happened, without who saw it and when. */
export type Happening =
  | { readonly type: "actor.started"; readonly path: string; readonly generation: number }
  | {
      readonly type: "actor.failed";
      readonly path: string;
      readonly generation: number;
      readonly operation: string;
      readonly message: string;
      readonly decision: "restart" | "stop" | "escalate" | "resume";
    }
  | { readonly type: "actor.stopped"; readonly path: string; readonly reason: ExitReason }
  | {
      readonly type: "message.handled";
      readonly trace: string;
      readonly span: string;
      readonly parent: string | undefined;
      readonly from: Address;
      readonly to: Address;
      /** Protocol and operation, for example `auction.bid@1`. */
      readonly message: string;
      readonly sentAtMs: number;
      readonly receivedAtMs: number;
      readonly doneAtMs: number;
      readonly outcome: "ok" | "failed" | "refused" | "cancelled";
      readonly attempt: number;
    }
  | {
      readonly type: "message.dead-lettered";
      readonly from: Address;
      readonly to: Address;
      readonly message: string;
      readonly reason: string;
    }
  /** This node owns a unit of virtual actors or a singleton from now on. */
  | { readonly type: "shard.taken"; readonly unit: string; readonly token: number }
  /** It owns it no more; `to` is empty when nobody was given it. */
  | {
      readonly type: "shard.given";
      readonly unit: string;
      readonly token: number;
      readonly to: string;
    }
  | {
      readonly type: "activation.started";
      /** What it is registered as. */
      readonly actor: string;
      readonly key: string;
      readonly token: number;
    }
  | {
      readonly type: "activation.passivated";
      readonly actor: string;
      readonly key: string;
      readonly token: number;
      /** `moved`, or why its actor ended. */
      readonly reason: string;
    }
  | { readonly type: "task.accepted"; readonly task: string; readonly capability: string }
  | {
      readonly type: "task.claimed";
      readonly task: string;
      readonly capability: string;
      readonly attempt: number;
      readonly token: number;
      /** How often the task was handed out, this time included. */
      readonly deliveries: number;
      /** The owner that this claim took the task from. */
      readonly takenFrom: string | undefined;
    }
  | {
      readonly type: "task.done";
      readonly task: string;
      readonly capability: string;
      readonly attempt: number;
      readonly token: number;
    }
  | {
      readonly type: "task.failed";
      readonly task: string;
      readonly capability: string;
      readonly attempt: number;
      readonly message: string;
      /** Whether it will be tried again. */
      readonly again: boolean;
    }
  | { readonly type: "task.dead-lettered"; readonly task: string; readonly capability: string }
  /** Its end stands, as far as this node has read, and its message is let go. */
  | { readonly type: "task.acknowledged"; readonly task: string }
  /** A result came from a worker that no longer owned the task, and was refused. */
  | { readonly type: "task.fenced"; readonly task: string; readonly token: number }
  | {
      readonly type: "assignment.settled";
      readonly job: string;
      readonly assignment: string;
      readonly phase: string;
    }
  | { readonly type: "auction.opened"; readonly auction: string; readonly capability: string }
  | {
      readonly type: "bid.received";
      readonly auction: string;
      readonly bidder: string;
      readonly priceMicros: number;
    }
  | {
      readonly type: "auction.awarded";
      readonly auction: string;
      readonly bidder: string;
      readonly priceMicros: number;
      readonly round: number;
    }
  | { readonly type: "auction.closed"; readonly auction: string; readonly outcome: string }
  | {
      readonly type: "entry.posted";
      readonly board: string;
      readonly entry: string;
      readonly level: string;
      readonly author: string;
      readonly confidence: number;
    }
  | { readonly type: "board.closed"; readonly board: string; readonly outcome: string }
  | {
      readonly type: "question.routed";
      readonly question: string;
      readonly intent: string;
      readonly confidence: number;
    }
  | {
      readonly type: "model.called";
      readonly model: string;
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly costMicros: number;
      readonly firstTokenMs: number;
      readonly outcome: "ok" | "failed" | "cancelled";
    }
  | {
      readonly type: "node.changed";
      readonly name: string;
      readonly incarnation: string;
      readonly phase: MemberPhase;
      /** How late its event loop was at its last heartbeat; past a second it is `degraded`. */
      readonly lagMs?: number;
    }
  /** A connection of this node to the server was lost, or stands again. */
  | { readonly type: "server.lost"; readonly connection: NodeConnection }
  | {
      readonly type: "server.returned";
      readonly connection: NodeConnection;
      /** The server that it is connected to now. */
      readonly server: string;
    };

/** An event of the feed. */
export type TroupeEvent = Happening & {
  readonly v: 1;
  readonly node: string;
  readonly seq: number;
  readonly atMs: number;
};

/** Where events are emitted. */
export interface EventSink {
  /** Whether anyone watches; detailed events are built only then. */
  readonly watched: boolean;
  /** Of how many messages one is told of, with all that it brings about; absent tells of all. */
  readonly every?: number;
  /** Says that something happened; never throws. */
  emit(happening: Happening): void;
}
