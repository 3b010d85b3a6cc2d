/**
 * The name under which an actor's state is kept.
 *
 * Owns: the key. A virtual actor's is its type and key, whatever node it is on; another actor's is the id
 * that its definition gives.
 *
 * I1: keys of both kinds never meet, and no two ids make one key.
 */
import type { Activation } from "../activation.ts";
import { keyToken } from "../ports/key-token.ts";

/** Whose state it is. */
export interface PersistenceId {
  /** As errors name it: `session/user-42`. */
  readonly name: string;
  /** As stores name it (`ports/key-filter.ts`). */
  readonly key: string;
}

/** The id of an actor that is neither virtual nor a singleton; its input is known at the start. */
export type GivenId<I> = string | ((input: I) => string);

/**
 * The id of an actor that starts.
 *
 * @throws {TypeError} when it is not virtual, and no id is given
 */
export function persistenceIdOf<I>(
  protocol: string,
  activation: Activation | undefined,
  given: GivenId<I> | undefined,
  input: I,
): PersistenceId {
  if (activation !== undefined) {
    const { type, key } = activation;
    return { name: `${type}/${key}`, key: `virtual.${keyToken(type)}.${keyToken(key)}` };
  }
  const id = typeof given === "function" ? given(input) : given;
  if (typeof id === "string" && id !== "") return { name: id, key: `named.${keyToken(id)}` };
  throw new TypeError(
    `an actor of ${protocol} keeps state but has no id: register it as virtual, or give it an "id"`,
  );
}
