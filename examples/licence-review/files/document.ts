/**
 * A licence document: one licence file of one package, as data that messages can carry.
 *
 * Owns: what is known of a file before and after it is read. Its neighbours: `licence-files.ts`
 * finds documents, `licence-text.ts` reads them.
 *
 * L1: a document's id is a function of its path under the root and of nothing else, so a second run
 * names the same tasks. L2: the id is one subject token (`a-z`, `0-9`, `-`).
 */
import { createHash } from "node:crypto";

/** A stretch of a file, in bytes from its start; `endByte` is exclusive. */
export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
}

/** A stretch of a named file together with what stands there. */
export interface Evidence extends ByteRange {
  /** Relative to the root that was searched, `/` between the parts. */
  readonly path: string;
  /** The text of the range, exactly as in the file. */
  readonly quote: string;
}

/**
 * The package that a file belongs to: the nearest folder above it whose manifest has a name, or else its
 * own folder, named by its path.
 */
export interface PackageIdentity {
  readonly name: string;
  /** Empty when the manifest has none. */
  readonly version: string;
  /** The package's folder relative to the root; empty when it is the root itself. */
  readonly directory: string;
}

/** Does the file license the package itself, or code that lies in a subfolder of it? */
export type DocumentScope = "package" | "bundled";

/** One licence file. Plain data. */
export interface LicenceDocument {
  /** Stable and unique under one root; one subject token. */
  readonly id: string;
  readonly package: PackageIdentity;
  readonly scope: DocumentScope;
  /** Relative to the root that was searched, `/` between the parts. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** A file or folder that was passed over, with the one reason why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

const SLUG_LENGTH = 40;

/**
 * The id of the document at a path: readable first, then enough of a hash to be unique.
 *
 * @param path - relative to the root, `/` between the parts
 */
export function documentId(path: string): string {
  const slug = path
    .toLowerCase()
    .replace(/(^|\/)node_modules\//gu, "$1")
    .replace(/[^a-z0-9]+/gu, "-")
    .replace(/^-+|-+$/gu, "")
    .slice(-SLUG_LENGTH)
    .replace(/^-+/u, "");
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 10);
  return slug === "" ? hash : `${slug}-${hash}`;
}
