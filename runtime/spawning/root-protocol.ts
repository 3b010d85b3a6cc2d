/**
 * What the cluster's root supervisor is asked, and what it keeps.
 *
 * Owns: the messages, version 1, and the kept records, which must stay readable by later releases. Its
 * neighbour `root-supervisor.ts` answers, `root-control.ts` asks.
 */
import type { Address } from "../address.ts";
import { type Ask, ask, type Protocol, protocol, type Tell, tell } from "../protocol.ts";
import type { RestartType } from "../supervision.ts";

/** The name that the root supervisor is registered under. */
export const ROOT_TYPE = "root";
/** The path, on whichever node runs the root supervisor, of the actor above what it starts. */
export const ROOT_NAME = "$root";

/** What is to be started, and started again wherever the root supervisor goes. */
export interface RootStart {
  /** The registered name. */
  readonly type: string;
  /** `name@version` of the protocol that the asker means. */
  readonly protocol: string;
  readonly name: string;
  readonly input?: unknown;
  readonly placement?: string;
  readonly restart?: RestartType;
}

/** A child of the root supervisor. */
export interface RootChild {
  readonly name: string;
  /** The registered name. */
  readonly type: string;
  readonly placement: string;
  /** Its reference's address now; absent while it waits for its start. */
  readonly address?: Address;
  /** Why it does not run yet. */
  readonly waitsFor?: string;
  /** How many restarts count against its intensity. */
  readonly restarts: number;
}

/** What a root supervisor answers. */
export type RootOperations = {
  /** Answers with the address once it runs. */
  readonly start: Ask<RootStart, { readonly address: Address }>;
  /** Answers once it has ended; `false` when there is none of that name. */
  readonly stop: Ask<{ readonly name: string }, boolean>;
  readonly list: Ask<undefined, readonly RootChild[]>;
  /** From itself to itself: its state is another's, or cannot be written. */
  readonly lost: Tell<undefined>;
};

/** The protocol of the root supervisor. */
export const Root: Protocol<RootOperations> = protocol("root@1", {
  start: ask<RootStart, { readonly address: Address }>(),
  stop: ask<{ readonly name: string }, boolean>(),
  list: ask<undefined, readonly RootChild[]>(),
  lost: tell(),
});

/** A child as it is kept. */
export interface KeptChild {
  readonly spec: RootStart;
  /** When it was restarted, in epoch milliseconds: those restarts that count. */
  readonly restarts: readonly number[];
}

/** All that is kept. */
export interface KeptChildren {
  readonly children: readonly KeptChild[];
}
