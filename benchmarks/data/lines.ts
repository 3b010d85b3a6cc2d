/**
 * The lines of a text file, of a gzipped one when its name ends in `.gz`.
 *
 * T1: memory is bounded by the longest line, which is limited; the file is never whole in memory.
 * T2: whoever stops reading early leaves no open file.
 */
import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../../runtime/troupe-error.ts";

/** The longest line, in UTF-16 units. */
const MOST = 4 * 1024 * 1024;

/**
 * Reads lines, without their ends, be those LF or CRLF.
 *
 * @throws {Error} in one line: the file cannot be read, is no whole gzip file, or has a line of more
 *   than 4 Mi characters
 */
export async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let rest = "";
  try {
    for await (const chunk of textOf(path)) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MOST) throw new Error(`a line is longer than ${MOST} characters`);
      for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  } catch (thrown) {
    throw new Error(`${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (rest !== "") yield rest;
}

function textOf(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return file.setEncoding("utf8");
  // What breaks one of the two breaks the other, and whoever reads the second is told.
  return pipeline(file, createGunzip(), () => {}).setEncoding("utf8");
}
