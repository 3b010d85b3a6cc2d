/**
 * A rival runtime as the benchmarks drive it: actors with handlers by name, messages of four fields.
 *
 * Owns: the shape that is common to them. Each rival's own way is in the file of its name. The
 * indirection costs a rival a nanosecond or two of its several hundred.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Setting } from "../benchmark.ts";

/** A message, new for each send; `type` names the operation. */
export interface RivalMessage {
  readonly type: string;
  readonly left: number;
  readonly seq: number;
  readonly from: number;
}

/** What an actor does with each operation; what a handler returns answers an ask. */
export type RivalHandlers = Readonly<Record<string, (message: RivalMessage) => unknown>>;

/** An actor of a rival. */
export interface RivalActor {
  tell(message: RivalMessage): void;
  /** With a time-out where the rival has one. */
  ask(message: RivalMessage): Promise<unknown>;
}

/** A running rival. */
export interface RivalSystem {
  /** Starts an actor whose handlers have these names. */
  spawn(handlers: RivalHandlers): Promise<RivalActor> | RivalActor;
  stop(): Promise<void> | void;
}

/**
 * A rival's module, from where it was installed.
 *
 * @throws {Error} when the rivals are not installed
 */
export function rivalModule<M>(name: string, { rivalsDir }: Setting): M {
  if (rivalsDir === undefined) throw new Error("the rivals are not installed");
  return createRequire(join(rivalsDir, "package.json"))(name) as M;
}
