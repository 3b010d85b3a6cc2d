/**
 * Finds a data set and reads its rows.
 *
 * Owns: the order of places. Tried in turn: the folder of `--data`, `../shared/data` beside this
 * project where it exists, the cache, the publisher. In each folder the file of the catalogue or the
 * publisher's own will do. What is fetched goes to the cache.
 *
 * G1: a file that is found is used or refused; a refused one is not passed over for another place.
 * G2: a set that opens has the columns it should have, as far as its first row shows; every further
 *     row is checked when it is read.
 * G3: that a set is missing is an outcome, not an error: rows that need it are skipped.
 *
 * Cost: opening reads one row; reading needs memory for a few lines.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { err, ok, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { type CacheEnvironment, cacheFolder } from "../cache-folder.ts";
import {
  type CatalogueEntry,
  DATA_SETS,
  type DataRows,
  type DataSetName,
  fetchableFile,
} from "./catalogue.ts";
import { modelsFromJson, rowFromCsv, rowFromJson } from "./columns.ts";
import { fetchFile } from "./fetch-file.ts";
import { linesOf } from "./lines.ts";
import type { LineReader } from "./published-traces.ts";

/** A data set that was found. */
export interface DataSet<Row> {
  readonly path: string;
  /** Whom columns with a value per model speak of; none where there are no such columns. */
  readonly models: readonly string[];
  /**
   * The rows, in the order of the file; may be read again.
   *
   * @throws {Error} in one line: which line of the file cannot be read, and why
   */
  rows(): AsyncIterable<Row>;
}

/** Where data sets are looked for. */
export interface DataPlaces {
  /** Looked into in turn. */
  readonly folders: readonly string[];
  /** Looked into last; what is fetched goes there. */
  readonly cache: string;
}

/** The project: this file runs from `dist/benchmarks/data/`. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The places of this machine; `dataDir` is what `--data` names. */
export function dataPlaces(dataDir: string | undefined, env: CacheEnvironment): DataPlaces {
  return {
    folders: [...(dataDir === undefined ? [] : [dataDir]), join(ROOT, "..", "shared", "data")],
    cache: cacheFolder(env, "data"),
  };
}

/** Finds a set by its name, or says in one line why it cannot be had. */
export async function openDataSet<Name extends DataSetName>(
  name: Name,
  dataDir: string | undefined,
): Promise<Result<DataSet<DataRows[Name]>, string>> {
  const opened = await openEntry<DataRows[Name]>(DATA_SETS[name], dataPlaces(dataDir, process.env));
  return opened.ok ? opened : err(`${name}: ${opened.error}`);
}

/** The same for any entry and any places. */
export async function openEntry<Row>(
  entry: CatalogueEntry<Row>,
  places: DataPlaces,
): Promise<Result<DataSet<Row>, string>> {
  const names = [entry.file, ...(entry.published === undefined ? [] : [entry.published.name])];
  for (const folder of [...places.folders, places.cache]) {
    const path = names.map((name) => join(folder, name)).find((one) => existsSync(one));
    if (path !== undefined) return opened(entry, path);
  }
  const fetchable = fetchableFile(entry);
  if (!fetchable.ok) {
    const [folder = places.cache] = places.folders;
    return err(`${entry.file} is not in ${folder}; ${fetchable.reason}`);
  }
  const { url, name } = fetchable.file;
  const fetched = await fetchFile({
    url,
    name,
    sha256: fetchable.sha256,
    folder: places.cache,
  });
  return fetched.ok ? opened(entry, fetched.value) : fetched;
}

async function opened<Row>(
  entry: CatalogueEntry<Row>,
  path: string,
): Promise<Result<DataSet<Row>, string>> {
  try {
    const models = entry.opensWith === "models" ? await modelsOf(path) : [];
    for await (const _first of rowsOf(entry, path, models))
      return ok({ path, models, rows: () => rowsOf(entry, path, models) });
    return err(`${path} has no rows`);
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}

async function modelsOf(path: string): Promise<readonly string[]> {
  for await (const line of linesOf(path)) {
    const models = modelsFromJson(line);
    if (models.ok) return models.value;
    throw new Error(`${path}:1 ${models.error}`);
  }
  return [];
}

async function* rowsOf<Row>(
  entry: CatalogueEntry<Row>,
  path: string,
  models: readonly string[],
): AsyncGenerator<Row, void, undefined> {
  const { header, row } = formOf(entry, path, models);
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (number === 1 && header !== undefined) {
      if (header !== "models" && header !== line)
        throw new Error(`${path} does not open with ${header}`);
      continue;
    }
    const read = row(line);
    if (!read.ok) throw new Error(`${path}:${number} ${read.error}`);
    yield read.value;
  }
}

/** How the lines of a file are read. */
interface Form<Row> {
  /** The first line, when that is no row; `models`: whichever names them. */
  readonly header: string | undefined;
  readonly row: LineReader<Row>;
}

function formOf<Row>(
  { file, columns, published, opensWith }: CatalogueEntry<Row>,
  path: string,
  models: readonly string[],
): Form<Row> {
  if (published !== undefined && basename(path) === published.name)
    return { header: published.header, row: published.reader() };
  return file.includes(".csv")
    ? { header: Object.keys(columns).join(","), row: (line) => rowFromCsv(columns, line) }
    : { header: opensWith, row: (line) => rowFromJson(columns, line, models) };
}
