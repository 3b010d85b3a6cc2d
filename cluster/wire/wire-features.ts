/**
 * What of the wire a node reads beyond what every release does.
 *
 * Owns: the features' names, and which envelope needs one. A node tells its own in its lease and its
 * heartbeats, a client and its gateway in their greeting; `link.ts` sends nobody what he does not read.
 *
 * F1: a field that a peer may ignore without harm needs no feature; what would be misunderstood does.
 */
import {
  type Envelope,
  EnvelopeKind,
  type EnvelopeKindNumber,
} from "../../runtime/remote/envelope.ts";

/**
 * A feature of the wire: `claims` = bodies that are fetched from a store; `moved` = the kinds 14 to 16, by which
 * virtual actors change their node; `chunks` = chunks of a stream that travel together; `parts` = bodies in parts, on
 * the link of a client.
 */
export type WireFeature = "claims" | "moved" | "chunks" | "parts";

/** All that a node of this release reads from other nodes. */
export const WIRE_FEATURES: readonly WireFeature[] = ["claims", "moved", "chunks"];
/** All that a client and a gateway of this release read from one another. */
export const CLIENT_FEATURES: readonly WireFeature[] = ["chunks", "parts"];
/** All that this release reads from anybody. */
export const ALL_FEATURES: readonly WireFeature[] = [
  ...new Set([...WIRE_FEATURES, ...CLIENT_FEATURES]),
];

const MOST_FEATURES = 64;
const LONGEST_NAME = 64;

/** The feature without which a peer would not understand an envelope. Cost: two comparisons. */
export function featureOf({ kind, claim }: Envelope): WireFeature | undefined {
  if (kind > EnvelopeKind.topic) return featureOfKind(kind);
  if (claim === undefined) return undefined;
  return claim.key.startsWith("parts.") ? "parts" : "claims";
}

function featureOfKind(kind: EnvelopeKindNumber): WireFeature {
  if (kind === EnvelopeKind.part) return "parts";
  return kind === EnvelopeKind.chunks ? "chunks" : "moved";
}

/**
 * Features as users give them.
 *
 * @throws {TypeError} when this release knows no such feature
 */
export function checkedFeatures(features: readonly string[]): readonly WireFeature[] {
  const known: readonly string[] = ALL_FEATURES;
  const unknown = features.find((feature) => !known.includes(feature));
  if (unknown === undefined) return features as readonly WireFeature[];
  throw new TypeError(`wireFeatures: no feature ${JSON.stringify(unknown)} (${known.join(", ")})`);
}

/** The features that a peer says it reads, also those that this release has never heard of. */
export function parseFeatures(said: unknown): readonly string[] {
  if (!Array.isArray(said) || said.length > MOST_FEATURES) return [];
  return said.filter((name) => typeof name === "string" && name.length <= LONGEST_NAME);
}
