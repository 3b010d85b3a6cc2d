/**
 * Finds the licence files of every package under a folder.
 *
 * Owns: which names count, which package a file belongs to, which links are followed. It reads
 * manifests but no licence: `licence-text.ts` does that.
 *
 * F1: the order is that of the paths, compared part by part by code unit: the same on every machine.
 * F2: every folder is entered once. A link is followed only where a package manager puts one (below
 * `node_modules`) and only when it leaves the trees already being walked: a pnpm link into `.pnpm`
 * would only repeat what is found there, a workspace link is a package found nowhere else, and no
 * cycle can pass both tests.
 * F3: what counts as a licence by name but cannot be one is reported with a reason, never dropped
 * silently. NOTICE files are left out: they name authors and grant nothing.
 *
 * Cost: one `readdir` per folder, one small read per manifest above a licence file.
 */
import type { Dirent } from "node:fs";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join, resolve, sep } from "node:path";
import {
  documentId,
  type LicenceDocument,
  type PackageIdentity,
  type SkippedFile,
} from "./document.ts";

/** What a search found; both lists in the order of F1. */
export interface LicenceFiles {
  readonly documents: readonly LicenceDocument[];
  readonly skipped: readonly SkippedFile[];
}

/** Bounds of a search. */
export interface FindOptions {
  /** Larger files are skipped; default 1 MiB (the longest SPDX text has 64 KB). */
  readonly maxBytes?: number;
  /** How deep folders may nest; default 64. */
  readonly maxDepth?: number;
  /** How many documents at most; default 20,000. */
  readonly maxDocuments?: number;
  /** How many folders are entered at most; default 500,000. */
  readonly maxFolders?: number;
}

/** The default bound on the size of a licence file. */
export const MAX_LICENCE_BYTES: number = 1024 * 1024;

const LICENCE_NAME = /^(?:(?:un)?licen[cs]es?|copying)(?:[-._ ].*)?$/iu;
/** A folder of this very name stands where a licence is looked for; `licenses/` and the like hold some. */
const LICENCE_FOLDER = /^(?:(?:un)?licen[cs]e|copying)$/iu;
const CODE_SUFFIX =
  /\.(?:[cm]?[jt]sx?|json[c5]?|map|py|rb|rs|go|java|c|cc|cpp|h|hpp|php|sh|ya?ml|toml|xml|css|s[ac]ss|svg|png|jpe?g|gif|ico|wasm|node|snap|lock)$/iu;

/** Does a file of this name claim to be a licence? */
export function isLicenceName(name: string): boolean {
  return LICENCE_NAME.test(name) && !CODE_SUFFIX.test(name);
}

/**
 * Searches a folder, its packages and the packages inside those.
 *
 * @param root - an existing folder
 * @throws {RangeError} when `root` is not a folder that can be read
 */
export function findLicenceFiles(root: string, options: FindOptions = {}): LicenceFiles {
  const bounds = {
    maxBytes: options.maxBytes ?? MAX_LICENCE_BYTES,
    maxDepth: options.maxDepth ?? 64,
    maxDocuments: options.maxDocuments ?? 20_000,
    maxFolders: options.maxFolders ?? 500_000,
  };
  const search = new Search(root, bounds);
  const inPackages = basename(resolve(root)) === "node_modules";
  search.walk({ path: "", owner: namedPackage(root, ""), depth: 0, inPackages });
  return {
    documents: search.documents.sort((a, b) => comparePaths(a.path, b.path)),
    skipped: search.skipped.sort((a, b) => comparePaths(a.path, b.path)),
  };
}

interface Folder {
  readonly path: string;
  /** The package around it; absent where no folder above has a manifest. */
  readonly owner: PackageIdentity | undefined;
  readonly depth: number;
  /** Is this `node_modules`, or a scope in it? */
  readonly inPackages: boolean;
}

class Search {
  readonly documents: LicenceDocument[] = [];
  readonly skipped: SkippedFile[] = [];
  readonly #root: string;
  readonly #bounds: Required<FindOptions>;
  /** Real paths of the trees being walked: the root and each package linked from it. */
  readonly #trees: string[];
  /** How many more documents are taken; negative once one was turned away. */
  #room: number;
  #foldersEntered = 0;

  constructor(root: string, bounds: Required<FindOptions>) {
    try {
      readdirSync(root);
      this.#trees = [realpathSync(root)];
    } catch (error) {
      throw new RangeError(`root: ${root} is not a folder that can be read (${codeOf(error)})`);
    }
    this.#root = root;
    this.#bounds = bounds;
    this.#room = bounds.maxDocuments;
  }

  walk(folder: Folder): void {
    if (this.#room < 0) return;
    if (folder.depth > this.#bounds.maxDepth) {
      this.#skip(folder.path, `nested deeper than ${this.#bounds.maxDepth} folders`);
      return;
    }
    this.#foldersEntered++;
    if (this.#foldersEntered > this.#bounds.maxFolders) {
      this.#room = -1;
      this.#skip(folder.path, `more than ${this.#bounds.maxFolders} folders; the rest is left out`);
      return;
    }
    let entries: Dirent[];
    try {
      entries = readdirSync(join(this.#root, folder.path), { withFileTypes: true });
    } catch (error) {
      this.#skip(folder.path, `the folder cannot be read (${codeOf(error)})`);
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      this.#visit(folder, entry);
    }
  }

  #visit(folder: Folder, entry: Dirent): void {
    const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
    if (entry.isDirectory()) {
      if (LICENCE_FOLDER.test(entry.name)) {
        this.#skip(path, "a folder, not a file");
      }
      this.walk(this.#inside(folder, entry.name, path));
      return;
    }
    if (isLicenceName(entry.name)) {
      this.#file(folder, path);
    } else if (entry.isSymbolicLink() && folder.inPackages) {
      this.#link(folder, entry.name, path);
    }
  }

  #inside(folder: Folder, name: string, path: string): Folder {
    return {
      path,
      owner: namedPackage(this.#root, path) ?? folder.owner,
      depth: folder.depth + 1,
      inPackages: name === "node_modules" || (folder.inPackages && name.startsWith("@")),
    };
  }

  #link(folder: Folder, name: string, path: string): void {
    let target: string;
    try {
      target = realpathSync(join(this.#root, path));
      if (!statSync(target).isDirectory()) return;
    } catch {
      // A dangling link that does not claim to be a licence hides nothing from the review.
      return;
    }
    if (this.#trees.some((tree) => target === tree || target.startsWith(tree + sep))) return;
    if (namedPackage(this.#root, path) === undefined) return;
    this.#trees.push(target);
    this.walk(this.#inside(folder, name, path));
  }

  #file(folder: Folder, path: string): void {
    if (this.#room <= 0) {
      if (this.#room === 0) {
        this.#skip(
          path,
          `more than ${this.#bounds.maxDocuments} licence files; the rest is left out`,
        );
      }
      this.#room = -1;
      return;
    }
    try {
      const stat = statSync(join(this.#root, path));
      if (stat.isDirectory()) {
        this.#skip(path, "a folder, not a file");
      } else if (!stat.isFile()) {
        this.#skip(path, "not a regular file");
      } else if (stat.size === 0) {
        this.#skip(path, "empty");
      } else if (stat.size > this.#bounds.maxBytes) {
        this.#skip(path, `too large: ${stat.size} bytes, at most ${this.#bounds.maxBytes}`);
      } else {
        this.#room--;
        const owner = folder.owner ?? this.#looseFolder(folder.path);
        this.documents.push({
          id: documentId(path),
          package: owner,
          scope: folder.path === owner.directory ? "package" : "bundled",
          path,
          sizeBytes: stat.size,
        });
      }
    } catch (error) {
      const code = codeOf(error);
      this.#skip(path, code === "ENOENT" ? "a dangling link" : `cannot be read (${code})`);
    }
  }

  /** A folder with a licence and no manifest anywhere above is a package by itself, named by its path. */
  #looseFolder(directory: string): PackageIdentity {
    const name = directory === "" ? basename(resolve(this.#root)) : directory;
    return { name, version: "", directory };
  }

  #skip(path: string, reason: string): void {
    this.skipped.push({ path, reason });
  }
}

/** Compares paths part by part, so that a folder's own files and its subfolders stay together. */
function comparePaths(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const l = left[i] ?? "";
    const r = right[i] ?? "";
    if (l !== r) return l < r ? -1 : 1;
  }
  return left.length - right.length;
}

/** The package whose manifest lies in this very folder; build folders have nameless ones. */
function namedPackage(root: string, directory: string): PackageIdentity | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8"));
  } catch {
    // No manifest, or one that is not JSON: the folder belongs to the package around it.
    return undefined;
  }
  if (typeof manifest !== "object" || manifest === null) return undefined;
  const { name, version } = manifest as { readonly name?: unknown; readonly version?: unknown };
  if (typeof name !== "string" || name === "") return undefined;
  return { name, version: typeof version === "string" ? version : "", directory };
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : String(error);
}
