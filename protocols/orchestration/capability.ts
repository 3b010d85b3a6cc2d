/**
 * What a worker can do, by name and version: `classify@1`.
 *
 * Owns: the name that a durable task, a worker and an assignment share, with the types of what goes
 * in and what comes out. Its neighbours: `assignment.ts` asks for a capability, `actors/orchestration/worker.ts`
 * offers one.
 *
 * A capability is plain data: both sides may live in different programs.
 */
import type { Schema } from "../../runtime/protocol.ts";

declare const input: unique symbol;
declare const result: unique symbol;

/** A capability with the types of its input and result; the default one fits any. */
export interface Capability<I = unknown, R = unknown> {
  /** `name@version`, for example `classify@1`. */
  readonly name: string;
  /** Checks a task's input before it is worked on. */
  readonly schema?: Schema<I>;
  readonly [input]?: I;
  readonly [result]?: R;
}

const NAME = /^[a-z][a-z0-9-]*@[1-9][0-9]*$/;

/** Whether `name` has the form of a capability's name. */
export function isCapabilityName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Declares a capability.
 *
 * @param name - lower case letters, digits and `-`, then `@` and a version from 1
 * @throws {TypeError} when the name has another form
 *
 * @example
 * const Classify = capability<{ text: string }, { licence: string }>("classify@1");
 */
export function capability<I = unknown, R = unknown>(
  name: string,
  options: { readonly schema?: Schema<I> } = {},
): Capability<I, R> {
  if (!isCapabilityName(name)) {
    throw new TypeError(`not a capability: ${JSON.stringify(name)} (like classify@1)`);
  }
  return { name, ...options };
}
