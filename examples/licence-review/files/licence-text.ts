/**
 * Reads a licence document: bytes to text, with the way back from text to bytes.
 *
 * Owns: the only read of a licence file, and its bounds. Its neighbour `licence-files.ts` decided
 * which files to read; `normalised-text.ts` works on what is read here.
 *
 * T1: `bytesOf(text, start, end)` names exactly the bytes that decode to that slice. A file that is
 * not valid UTF-8 is read as Latin-1, where every byte is one character, instead of with replacement
 * characters, whose length in bytes is nobody's.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../../runtime/result.ts";
import { err, ok } from "../../../runtime/result.ts";
import type { ByteRange, Evidence, LicenceDocument, SkippedFile } from "./document.ts";
import { MAX_LICENCE_BYTES } from "./licence-files.ts";

/** The text of a file and how its bytes are to be read. Plain data. */
export interface LicenceText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin1";
}

/** Bounds of a read. */
export interface ReadOptions {
  /** Longer files are refused; default 1 MiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a document's file.
 *
 * @param root - the folder that the document's path is relative to
 * @returns the text, or the one reason why there is none; never throws for what lies on the disk
 */
export function readLicence(
  root: string,
  document: Pick<LicenceDocument, "path">,
  options: ReadOptions = {},
): Result<LicenceText, SkippedFile> {
  const maxBytes = options.maxBytes ?? MAX_LICENCE_BYTES;
  const skipped = (reason: string) => err({ path: document.path, reason });
  let file: number | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe that took the file's place would wait for a writer for ever.
    file = openSync(join(root, document.path), constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (stat.isDirectory()) return skipped("a folder, not a file");
    if (!stat.isFile()) return skipped("not a regular file");
    if (stat.size > maxBytes) {
      return skipped(`too large: ${stat.size} bytes, at most ${maxBytes}`);
    }
    const bytes = Buffer.alloc(stat.size);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    const decoded = decodeLicence(bytes.subarray(0, length));
    return decoded.ok ? decoded : skipped(decoded.error);
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    return skipped(
      code === "ENOENT" ? "no such file" : `cannot be read (${String(code ?? error)})`,
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Decodes the bytes of a licence; the error is the reason why they are none. */
export function decodeLicence(bytes: Uint8Array): Result<LicenceText, string> {
  if (bytes.includes(0)) return err("binary: it contains NUL bytes");
  let decoded: LicenceText;
  try {
    // ignoreBOM keeps the mark as a character, so that the bytes still add up.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    decoded = { text, encoding: "utf-8" };
  } catch {
    // Fatal decoding found a byte that is not UTF-8: an old Latin-1 file, or no text at all.
    decoded = { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
  if (isMostlyControl(decoded.text))
    return err("binary: more than 1 in 20 characters is a control");
  return decoded.text.trim() === "" ? err("empty") : ok(decoded);
}

/**
 * The bytes of a slice of the text.
 *
 * @param start - index of the first character (UTF-16 code unit)
 * @param end - index after the last one
 */
export function bytesOf({ text, encoding }: LicenceText, start: number, end: number): ByteRange {
  if (encoding === "latin1") return { startByte: start, endByte: end };
  const startByte = Buffer.byteLength(text.slice(0, start));
  return { startByte, endByte: startByte + Buffer.byteLength(text.slice(start, end)) };
}

/** What stands in a range of the file. */
export function quoteOf({ text, encoding }: LicenceText, range: ByteRange): string {
  if (encoding === "latin1") return text.slice(range.startByte, range.endByte);
  return Buffer.from(text).subarray(range.startByte, range.endByte).toString();
}

/** What stands in a range of a file, with the file's path: what a reader can check. */
export function evidenceIn(
  file: { readonly path: string; readonly text: LicenceText },
  range: ByteRange,
): Evidence {
  return { path: file.path, ...range, quote: quoteOf(file.text, range) };
}

function isMostlyControl(text: string): boolean {
  let controls = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 12 && code !== 13) || code === 127) {
      controls++;
    } else if (code >= 128 && code < 160) {
      controls++;
    }
  }
  return controls * 20 > text.length;
}
