/**
 * Protocols: the operations an actor answers, with their types, apart from any implementation.
 *
 * Owns: the type shape of operations and their optional schemas. Its neighbour `actor.ts` owns
 * implementations, `actor-ref.ts` the calling side.
 *
 * P1: a protocol is data; holding one imports no behaviour.
 * P2: payloads, replies, chunks and results are plain data that msgpack can carry.
 */
declare const request: unique symbol;
declare const reply: unique symbol;
declare const chunk: unique symbol;

/** Standard Schema v1, structurally: zod, valibot, arktype and others satisfy it. */
export interface Schema<T = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** The value as the schema reads it, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** The schemas of an operation, where it has any; checked at the node's border. */
export interface OperationSchemas {
  readonly request?: Schema;
  readonly chunk?: Schema;
  readonly reply?: Schema;
}

/** A message without an answer. */
export interface Tell<Q> {
  readonly kind: "tell";
  readonly schemas?: OperationSchemas;
  /** See {@link signed}. */
  readonly signed?: true;
  readonly [request]: Q;
}
/** A message with exactly one answer. */
export interface Ask<Q, R> {
  readonly kind: "ask";
  readonly schemas?: OperationSchemas;
  readonly signed?: true;
  readonly [request]: Q;
  readonly [reply]: R;
}
/** A message answered by chunks and then a result. */
export interface Stream<Q, C, R> {
  readonly kind: "stream";
  readonly schemas?: OperationSchemas;
  readonly signed?: true;
  readonly [request]: Q;
  readonly [chunk]: C;
  readonly [reply]: R;
}
/** Any operation. */
export type Operation = Tell<unknown> | Ask<unknown, unknown> | Stream<unknown, unknown, unknown>;
/** Operations by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** A named, versioned set of operations. */
export interface Protocol<O extends Operations = Operations> {
  /** `name@version`, for example `summariser@1`. */
  readonly name: string;
  readonly operations: O;
}

/** The payload type of an operation. */
export type Request<T> = T extends { readonly [request]: infer Q } ? Q : never;
/** The reply or result type of an operation. */
export type Reply<T> = T extends { readonly [reply]: infer R } ? R : never;
/** The chunk type of a stream. */
export type Chunk<T> = T extends { readonly [chunk]: infer C } ? C : never;
/** The names of the operations of one kind. */
export type Named<O, K> = {
  [N in keyof O]: O[N] extends { readonly kind: K } ? N : never;
}[keyof O] &
  string;
/** An operation without a payload takes none; before options its place is held by `undefined`. */
export type Args<Q, Rest extends unknown[]> = [Q] extends [undefined]
  ? Rest extends []
    ? []
    : [payload?: undefined, ...rest: Rest]
  : [payload: Q, ...rest: Rest];

// The overload without type parameters comes first: in the position of an argument, `tell()` would
// otherwise infer its payload as `unknown` from the constraint of `protocol`.
/** Declares a message without an answer. */
export function tell(): Tell<undefined>;
export function tell<Q>(request?: Schema<Q>): Tell<Q>;
export function tell(request?: Schema): unknown {
  return operation("tell", { request });
}

/** Declares a message with exactly one answer. */
export function ask<Q, R>(request?: Schema<Q>, reply?: Schema<R>): Ask<Q, R> {
  return operation("ask", { request, reply }) as Ask<Q, R>;
}

/** Declares a message answered by chunks and then a result. */
export function stream<Q, C, R = undefined>(
  request?: Schema<Q>,
  chunk?: Schema<C>,
  reply?: Schema<R>,
): Stream<Q, C, R> {
  return operation("stream", { request, chunk, reply }) as Stream<Q, C, R>;
}

/**
 * Declares an operation signed: between nodes its messages carry a signature of the sending node, and are
 * refused without one, with a wrong one, a second time, or from a former incarnation. For messages that
 * control something: awards, approvals. Programs that are no nodes cannot send them, operators excepted;
 * what is published on a topic is never signed. A message that a virtual actor's former owner sends back is
 * refused as well (`signature.refused`, never ran): send it again. Within a process it changes nothing.
 *
 * Cost: about 0.1 ms at either end; none for other operations.
 *
 * @example
 * const Gate = protocol("gate@1", { open: signed(ask<undefined, boolean>()), knock: tell() });
 */
export function signed<T extends Operation>(of: T): T {
  return { ...of, signed: true };
}

function operation(kind: Operation["kind"], given: Record<string, Schema | undefined>): unknown {
  const schemas = Object.fromEntries(Object.entries(given).filter(([, s]) => s !== undefined));
  return Object.keys(schemas).length === 0 ? { kind } : { kind, schemas };
}

const NAME = /^[a-z][a-z0-9.-]*@[1-9][0-9]*$/;
// Events of state machines are operations too, hence upper case and dots: `TOGGLE`, `user.login`. How
// a dot stays apart from those of protocol names on the wire is `kernel/message-type.ts`.
const OPERATION = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/;

/**
 * Declares a protocol.
 *
 * @param name - `name@version`: lower case letters, digits, `.` and `-`, then a version from 1
 * @param operations - by name: words of letters, digits, `_` and `-`, joined by dots, the first one
 *   starting with a letter; camelCase where nothing else prescribes the name
 * @throws {TypeError} when the name or an operation's name has another form
 *
 * @example
 * const Counter = protocol("counter@1", { add: tell<number>(), total: ask<undefined, number>() });
 */
export function protocol<const O extends Operations>(name: string, operations: O): Protocol<O> {
  if (!NAME.test(name)) throw new TypeError(`not a protocol name: ${name} (like summariser@1)`);
  for (const key of Object.keys(operations)) {
    if (!OPERATION.test(key))
      throw new TypeError(`not an operation name: ${key} (like toggle or user.login)`);
  }
  return { name, operations };
}
