/**
 * Wrong messages made of right ones: pure functions of a seed.
 *
 * Owns: how bytes and envelopes are changed. What is done with them is `fuzz-world.ts`.
 *
 * X1: changed bytes find out what decoding makes of anything; most of them go no further.
 * X2: changed envelopes are well-formed messages that say something wrong: they go through to the actors.
 */
import { pack } from "../../cluster/wire/packing.ts";
import type { Random } from "../../runtime/ports/random.ts";

/** One of several; there must be one. */
export function oneOf<T>(random: Random, of: readonly T[]): T {
  return of[random.int(of.length)] as T;
}

/** Heads of MessagePack that promise much, and bytes that mean something in it. */
const HEADS = [
  "dd00010000",
  "ddffffffff",
  "dfffffffff",
  "dcffff",
  "deffff",
  "c6ffffffff",
  "dbffffffff",
  "c97fffffff00",
  "c70cff",
  "c1",
  "c0",
  "d40000",
  "d501",
  "d6ff",
  "d7ff",
  "cfffffffffffffffff",
  "cb7ff8000000000000",
  "cb7ff0000000000000",
  "91",
  "81",
  "a0",
].map((hex) => Buffer.from(hex, "hex"));
const MOST_BYTES = 4_096;

/** Changes the bytes of a message in one to four places. */
export function changedBytes(random: Random, of: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes: Buffer = Buffer.from(of);
  for (let changes = 1 + random.int(4); changes > 0; changes--)
    bytes = changedOnce(random, bytes, other).subarray(0, MOST_BYTES);
  return bytes;
}

function changedOnce(random: Random, bytes: Buffer, other: Uint8Array): Buffer {
  const at = random.int(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.int(24));
  const [before, within, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, to),
    bytes.subarray(to),
  ];
  switch (random.int(8)) {
    case 0: // one bit
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
      return bytes;
    case 1: // any byte
      if (at < bytes.length) bytes[at] = random.int(256);
      return bytes;
    case 2: // cut short
      return Buffer.from(before);
    case 3: // something taken out
      return Buffer.concat([before, after]);
    case 4: // something twice
      return Buffer.concat([before, within, within, after]);
    case 5: // a head that promises much
      return Buffer.concat([before, oneOf(random, HEADS), after]);
    case 6: {
      // the end of another message
      const from = random.int(other.length + 1);
      return Buffer.concat([before, other.subarray(from)]);
    }
    default: // levels
      return Buffer.concat([before, Buffer.alloc(1 + random.int(40), 0x91), after]);
  }
}

/** What a field may be told to be. */
const ODD: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1.5,
  7,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -(2n ** 63n),
  "",
  "/",
  "$",
  "a",
  "a".repeat(200),
  "\u0000\n\u001b[31m",
  "__proto__",
  "constructor",
  new Date(0),
  new Uint8Array(),
  new Uint8Array(64),
  [],
  {},
  [[[[[[[[]]]]]]]],
  { toString: 1, valueOf: 2, length: -1 },
  { code: "actor.failed", message: {} },
  { code: {}, message: "no" },
  { code: "__proto__", message: "no", outcome: "maybe", data: { a: 1 } },
  Array.from({ length: 40 }, (_, i) => i),
];

/** Of each field what its neighbours might wrongly take for right; by position in an envelope. */
export interface Pools {
  readonly to: readonly string[];
  readonly from: readonly string[];
  readonly types: readonly string[];
  /** By the number of an envelope's kind, what such a one is for. */
  readonly typesOfKinds: Readonly<Record<number, string>>;
  readonly correlations: readonly number[];
}

/** A message that is mostly right: one to three of its fields are not. */
export function changedEnvelope(
  random: Random,
  envelope: readonly unknown[],
  pools: Pools,
): readonly unknown[] {
  const { to, from, types, typesOfKinds, correlations } = pools;
  const fields = [...envelope];
  // Mostly to somebody and of something that exists, or nothing would come of the rest.
  if (random.int(10) < 8) fields[2] = oneOf(random, to);
  if (random.int(10) < 8) fields[3] = oneOf(random, from);
  if (random.int(10) < 6 && correlations.length > 0) fields[4] = oneOf(random, correlations);
  if (random.int(4) === 0) fields[0] = random.int(20);
  const right = typesOfKinds[Number(fields[0])];
  if (random.int(10) < 8) fields[5] = oneOf(random, types);
  if (random.int(10) < 7 && right !== undefined) fields[5] = right;
  if (random.int(2) === 0) fields[6] = oneOf(random, ODD);
  for (let changes = Math.max(0, random.int(6) - 2); changes > 0; changes--) {
    const at = random.int(17);
    while (fields.length <= at) fields.push(undefined);
    fields[at] = random.int(3) === 0 ? changedValue(random, fields[at]) : oneOf(random, ODD);
  }
  return fields;
}

/** A value with something else in it. */
export function changedValue(random: Random, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0) {
    const at = random.int(value.length);
    return value.map((item, i) => (i === at ? changedValue(random, item) : item));
  }
  if (typeof value === "number") return value + oneOf(random, [1, -1, 0.5, 2 ** 32]);
  if (typeof value === "string") return `${value}${oneOf(random, ["", "/", ".", "@1", "~", "\n"])}`;
  const isMap = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
  if (isMap && !(value instanceof Date))
    return { ...value, [oneOf(random, ["v", "__proto__", "x"])]: oneOf(random, ODD) };
  return oneOf(random, ODD);
}

/** The bytes of a frame around envelopes that no writer of ours would write. */
export function oddFrame(header: readonly unknown[], envelopes: readonly unknown[]): Uint8Array {
  const [version, incarnation, linkSeq, ackSeq, ...rest] = header;
  return pack([version, incarnation, linkSeq, ackSeq, envelopes, ...rest]);
}
