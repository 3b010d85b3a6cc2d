/**
 * What a generator process is told, and what it says: plain data over its channel to the command.
 *
 * Owns: the messages. `generator-process.ts` is the command's end, `generator.ts` the process.
 */

import type { Arrivals, LiveLoad, LoadPart, ProcessSample } from "../../runtime/index.ts";
import type { CredentialFlags } from "../credential-flags.ts";

/** An operation, without its schemas: those are checked where the actor lives. */
export interface PlainProtocol {
  readonly name: string;
  readonly operations: Readonly<Record<string, { readonly kind: "tell" | "ask" | "stream" }>>;
}

/** An actor: by its address, by the key of a virtual one, or the cluster's one of that name. */
export type Recipient =
  | { readonly by: "address"; readonly address: string }
  | { readonly by: "key"; readonly type: string; readonly key: string }
  | { readonly by: "singleton"; readonly name: string };

/** What requests are sent to. */
export type GeneratorTarget =
  | {
      readonly kind: "actor";
      readonly protocol: PlainProtocol;
      readonly operation: string;
      /** Each request takes the next. */
      readonly to: readonly Recipient[];
    }
  | { readonly kind: "capability"; readonly capability: string; readonly run: string };

/** How requests are started. */
export type GeneratorPace =
  | { readonly kind: "rate"; readonly rateHz: number; readonly arrivals: Arrivals }
  | { readonly kind: "instants"; readonly instants: Float64Array }
  | { readonly kind: "concurrency"; readonly concurrency: number };

/** What one generator is to do. */
export interface GeneratorPlan {
  readonly name: string;
  /** 0 to `of - 1`. */
  readonly index: number;
  readonly of: number;
  readonly nats: string;
  readonly cluster: string;
  readonly credentials: CredentialFlags;
  readonly target: GeneratorTarget;
  readonly payloads: readonly unknown[];
  readonly pace: GeneratorPace;
  /** The same for all generators of a run: they share one schedule. */
  readonly seed: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly timeoutMs: number;
  readonly drainMs: number;
  readonly maxInFlight: number;
}

/** The role of generators' nodes: nothing that asks for another role is placed on them. */
export const GENERATOR_ROLE = "load-generator";

/** To a generator. */
export type ToGenerator =
  | { readonly type: "prepare"; readonly plan: GeneratorPlan }
  /** The instant at which all generators begin, in epoch milliseconds. */
  | { readonly type: "begin"; readonly atMs: number }
  /** End early, and report what was measured. */
  | { readonly type: "stop" };

/** From a generator. */
export type FromGenerator =
  | { readonly type: "ready" }
  | { readonly type: "live"; readonly live: LiveLoad; readonly sample: ProcessSample }
  | { readonly type: "done"; readonly part: LoadPart }
  | { readonly type: "failed"; readonly code: string; readonly message: string };
