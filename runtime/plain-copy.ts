/**
 * Plain copies of what others made: of contexts, events and errors, which nobody made for a message.
 *
 * Owns: what of them a message may carry or a store may keep, and what becomes of the rest. The bytes
 * are the business of whoever packs them (`cluster/wire/packing.ts`), whose limits these are.
 *
 * P1: plain are null, booleans, numbers, strings, bigints, dates, byte arrays, and arrays and objects
 *     of these, at most 30 levels deep; a value with `toJSON` stands for what that returns.
 * P2: a copy shares nothing that can be changed with its original.
 * P3: fields that are `undefined` are left out.
 *
 * Cost: one pass and one copy.
 */

/** Two levels below what the wire carries, for whatever the value is sent in. */
const MAX_DEPTH = 30;

/** What to do with a value that is not plain: return what stands for it, or throw. */
type Otherwise = (what: string, path: string) => unknown;

/**
 * A copy of `value`.
 *
 * @throws {TypeError} naming the first part that is not plain and where it is
 */
export function plainCopy(value: unknown): unknown {
  return copy(value, "", new Set(), (what, path) => {
    throw new TypeError(`${path === "" ? "it" : path} is ${what}, which is no plain data`);
  });
}

/** A copy of what is plain in `value`; of an error its message, of what else is not, nothing. */
export function plainParts(value: unknown): unknown {
  return copy(value, "", new Set(), () => undefined);
}

function copy(value: unknown, path: string, above: Set<object>, otherwise: Otherwise): unknown {
  if (typeof value === "function") return otherwise("a function", path);
  if (typeof value === "symbol") return otherwise("a symbol", path);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (above.has(value)) return otherwise("a cycle", path);
  if (above.size >= MAX_DEPTH) return otherwise(`nested deeper than ${MAX_DEPTH} levels`, path);
  above.add(value);
  const copied = copyOf(value, path, above, otherwise);
  above.delete(value);
  return copied;
}

function copyOf(value: object, path: string, above: Set<object>, otherwise: Otherwise): unknown {
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return copy(toJSON.call(value), path, above, otherwise);
  if (Array.isArray(value)) {
    return value.map((item, i) => copy(item, `${path}[${i}]`, above, otherwise));
  }
  if (value instanceof Error) return { name: value.name, message: value.message };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return otherwise(`an instance of ${value.constructor.name}`, path);
  }
  const fields: [string, unknown][] = [];
  for (const [key, field] of Object.entries(value)) {
    const copied = copy(field, path === "" ? key : `${path}.${key}`, above, otherwise);
    if (copied !== undefined) fields.push([key, copied]);
  }
  // Unlike an assignment this makes a field even of a key like `__proto__`.
  return Object.fromEntries(fields);
}
