/**
 * Histories in files: one line of JSON per record, a file per process.
 *
 * Owns: writing so that what was written survives the process, reading without holding a file in memory,
 * and making one history of many files.
 *
 * H1: a record is handed to the operating system before `write` returns: SIGKILL loses none of them.
 * H2: a last line that is cut off, as by a full disk or the machine's end, is left out; anywhere else
 *     a line that is no record is an error.
 * H3: records of one file keep their order; of several the earlier `atMs` comes first.
 *
 * Cost: a system call per record written; a line per file in memory when read.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { type HistoryRecord, RECORD_VERSION } from "./record.ts";

const CHUNK_BYTES = 65_536;
const LINE_FEED = 10;

/** What all processes of this machine call the time (R2). */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A file that records are appended to. */
export class HistoryFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  readonly write = (record: HistoryRecord): void => {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  };

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * The records of a file, as it is read.
 *
 * @throws {TypeError} when a line other than the last is no record of this version
 */
export function* recordsIn(path: string): Iterable<HistoryRecord> {
  let line = 0;
  let cut: { readonly line: number; readonly why: string } | undefined;
  for (const text of linesIn(path)) {
    line++;
    if (cut !== undefined) throw new TypeError(`${path}:${cut.line} is no record: ${cut.why}`);
    const record = parsed(text);
    if (typeof record === "string") cut = { line, why: record };
    else yield record;
  }
}

/** One history of several, each in the order of its own. */
export function* merged(histories: readonly Iterable<HistoryRecord>[]): Iterable<HistoryRecord> {
  const heads: { record: HistoryRecord; readonly rest: Iterator<HistoryRecord> }[] = [];
  for (const history of histories) {
    const rest = history[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heads.push({ record: first.value, rest });
  }
  while (heads.length > 0) {
    const [first] = heads;
    if (first === undefined) return;
    let earliest = first;
    for (const head of heads) if (head.record.atMs < earliest.record.atMs) earliest = head;
    yield earliest.record;
    const next = earliest.rest.next();
    if (next.done === true) heads.splice(heads.indexOf(earliest), 1);
    else earliest.record = next.value;
  }
}

function* linesIn(path: string): Iterable<string> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let parts: Buffer[] = [];
    for (;;) {
      const size = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (size === 0) break;
      let from = 0;
      for (let to = chunk.indexOf(LINE_FEED); to >= 0 && to < size; ) {
        parts.push(chunk.subarray(from, to));
        yield Buffer.concat(parts).toString();
        parts = [];
        from = to + 1;
        to = chunk.indexOf(LINE_FEED, from);
      }
      parts.push(Buffer.from(chunk.subarray(from, size)));
    }
    const last = Buffer.concat(parts).toString();
    if (last !== "") yield last;
  } finally {
    closeSync(file);
  }
}

/** A record, or what is wrong with the line. */
function parsed(text: string): HistoryRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (typeof value !== "object" || value === null || !("type" in value) || !("v" in value))
    return "without type and version";
  if (value.v !== RECORD_VERSION) return `version ${String(value.v)}`;
  return value as HistoryRecord;
}
