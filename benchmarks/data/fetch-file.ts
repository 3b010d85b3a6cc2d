/**
 * Fetches one file whose SHA-256 is known.
 *
 * F1: a file appears under its name by a rename, complete and checked; so several processes may fetch
 *     at once, and what is not what it should be is not kept.
 * F2: the file is written as it arrives; it is never whole in memory.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";

/** What to fetch. */
export interface WantedFile {
  readonly url: string;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Where it goes. */
  readonly folder: string;
  readonly name: string;
}

const HEADERS_MS = 8_000;
const DOWNLOAD_MS = 120_000;
/** The largest file, so that a server that never ends does not fill the disk. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Fetches it; the path, or in one line why not. */
export async function fetchFile(wanted: WantedFile): Promise<Result<string, string>> {
  const { url, sha256, folder, name } = wanted;
  const incomplete = join(folder, `.${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const sum = await download(url, incomplete);
    if (sum !== sha256) return err(`${url}: SHA-256 is ${sum}, not ${sha256}: not used`);
    const path = join(folder, name);
    await rename(incomplete, path);
    return ok(path);
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    return err(`${url}: ${messageOf(cause)}`);
  } finally {
    await rm(incomplete, { force: true });
  }
}

/** The SHA-256 of what was written to `path`. */
async function download(url: string, path: string): Promise<string> {
  const response = await answerOf(url);
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
  const hash = createHash("sha256");
  const file = await open(path, "wx");
  try {
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > MOST_BYTES) throw new Error(`is larger than ${MOST_BYTES} bytes`);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** The body may take its time, the first sign of life may not: an offline machine learns soon. */
async function answerOf(url: string): Promise<Response> {
  const headers = new AbortController();
  const timer = setTimeout(() => headers.abort(new Error("no answer in time")), HEADERS_MS);
  try {
    const signal = AbortSignal.any([headers.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
    return await fetch(url, { signal });
  } finally {
    clearTimeout(timer);
  }
}
