/** Versions of nats-server, and the oldest that Troupe runs on. */

/** A release, without its pre-release suffix. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Per-message times to live and delete markers came with 2.11, atomic batches with 2.12. Older servers
 * accept the same calls, do nothing, and say nothing.
 */
export const OLDEST_SERVER: ServerVersion = { major: 2, minor: 12, patch: 0 };

/** The first `1.2.3` in a text, with or without a leading `v`. */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Negative when `a` is older than `b`, positive when it is newer. */
export function compareServerVersions(a: ServerVersion, b: ServerVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `1.2.3`. */
export function serverVersionText(version: ServerVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}
