/**
 * Makes folders that may be there already, with those above them.
 *
 * Owns: that it ends. Node's own recursive `mkdir` tries for ever where a folder can be made nowhere, as in
 * `/proc`, and then not even a signal ends the process.
 */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder.
 *
 * @throws {Error} of the file system, when it cannot be made or a file is in its place
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  try {
    await made(folder);
  } catch (thrown) {
    const parent = dirname(folder);
    if (codeOf(thrown) !== "ENOENT" || parent === folder) throw thrown;
    await makeFolder(parent);
    await made(folder);
  }
}

async function made(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (thrown) {
    // A file in its place is found out by whoever writes into it.
    if (codeOf(thrown) !== "EEXIST") throw thrown;
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
