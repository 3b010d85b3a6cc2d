/**
 * Reads what lies beside a licence file: the package's manifest and its README.
 *
 * Owns: these two reads. What they mean is for `declared.ts` and `readme.ts`; reading itself, with
 * its bounds, is that of `licence-text.ts`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { LicenceDocument } from "./document.ts";
import { type LicenceText, readLicence } from "./licence-text.ts";

/** A README and its path relative to the root. */
export interface ReadmeFile {
  readonly path: string;
  readonly text: LicenceText;
}

const README_NAME = /^readme(?:\.(?:md|markdown|txt|rst))?$/iu;

/** The README of the document's package; `undefined` when there is none that can be read. */
export function readReadme(root: string, document: LicenceDocument): ReadmeFile | undefined {
  const { directory } = document.package;
  let names: readonly string[];
  try {
    names = readdirSync(join(root, directory));
  } catch {
    // The folder went away since the search: then there is no README either.
    return undefined;
  }
  const name = names.filter((entry) => README_NAME.test(entry)).sort()[0];
  if (name === undefined) return undefined;
  const path = directory === "" ? name : `${directory}/${name}`;
  const read = readLicence(root, { path });
  return read.ok ? { path, text: read.value } : undefined;
}

/** The parsed manifest of the document's package; `undefined` when there is none that can be read. */
export function readManifest(root: string, document: LicenceDocument): unknown {
  const { directory } = document.package;
  const path = directory === "" ? "package.json" : `${directory}/package.json`;
  const read = readLicence(root, { path });
  if (!read.ok) return undefined;
  try {
    return JSON.parse(read.value.text);
  } catch {
    // A manifest that is no JSON declares nothing.
    return undefined;
  }
}
