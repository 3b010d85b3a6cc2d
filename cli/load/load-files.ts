/**
 * The files that a load reads: payloads, traces, a former report. Each is bounded, and what is wrong
 * with one is said in a line with its exit code.
 */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type LoadDocument,
  messageOf,
  parseLoadDocument,
  parseTrace,
  type Trace,
} from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";

const MOST_FILE_BYTES = 256 * 1_048_576;
const MOST_TEXT_BYTES = 512 * 1_048_576;

/**
 * The payloads that `--payload` names: a JSON value, or a file with one, or a `.jsonl` file with one a
 * line; requests take turns with them.
 *
 * @throws {CommandError} `usage` or `notFound`
 */
export function payloadsOf(given: string): readonly unknown[] {
  const value = jsonIn(given);
  if (value !== undefined) return [value.value];
  if (!existsSync(given)) {
    const looksLikeJson = /^\s*[[{"]/.test(given);
    throw looksLikeJson
      ? new CommandError(ExitCode.usage, `--payload is no JSON: ${jsonFault(given)}`)
      : new CommandError(ExitCode.notFound, `--payload ${given}: neither JSON nor a file`);
  }
  const text = textOf("--payload", given);
  if (!/\.jsonl(?:\.gz)?$/.test(given)) {
    const whole = jsonIn(text);
    if (whole !== undefined) return [whole.value];
    throw new CommandError(ExitCode.usage, `--payload ${given} is no JSON: ${jsonFault(text)}`);
  }
  const payloads: unknown[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const payload = jsonIn(line);
    if (payload === undefined) {
      const why = jsonFault(line);
      throw new CommandError(ExitCode.usage, `--payload ${given}, line ${index + 1}: ${why}`);
    }
    payloads.push(payload.value);
  }
  if (payloads.length > 0) return payloads;
  throw new CommandError(ExitCode.usage, `--payload ${given} has no payloads`);
}

/**
 * The trace in a CSV file, also a compressed one.
 *
 * @throws {CommandError} `usage` or `notFound`
 */
export function traceIn(file: string, column: string | undefined): Trace {
  const trace = parseTrace(textOf("--arrivals trace:", file), column);
  if (trace.ok) return trace.value;
  throw new CommandError(ExitCode.usage, `--arrivals trace:${file}: ${trace.error}`);
}

/**
 * A former report, as `--json` printed it.
 *
 * @throws {CommandError} `usage` or `notFound`
 */
export function formerReport(file: string): LoadDocument {
  const document = parseLoadDocument(textOf("--compare ", file));
  if (!document.ok) throw new CommandError(ExitCode.usage, `--compare ${file}: ${document.error}`);
  if (document.value.report.ok > 0) return document.value;
  throw new CommandError(ExitCode.usage, `--compare ${file}: nothing succeeded in that run`);
}

/**
 * Whether a file can be written, found out before the run rather than after it.
 *
 * @throws {CommandError} `usage`
 */
export function checkWritable(option: string, file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    if (existsSync(file)) accessSync(file, constants.W_OK);
  } catch (error) {
    throw new CommandError(
      ExitCode.usage,
      `${option} ${file} cannot be written: ${messageOf(error)}`,
    );
  }
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new CommandError(ExitCode.usage, `${option} ${file} cannot be written: it is a folder`);
  }
}

function textOf(option: string, file: string): string {
  const named =
    option.endsWith(" ") || option.endsWith(":") ? `${option}${file}` : `${option} ${file}`;
  if (!existsSync(file))
    throw new CommandError(ExitCode.notFound, `${named}: there is no such file`);
  try {
    const size = statSync(file).size;
    if (size > MOST_FILE_BYTES)
      throw new RangeError(`it has ${size} bytes, over ${MOST_FILE_BYTES}`);
    const bytes = readFileSync(file);
    const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isZipped ? gunzipSync(bytes, { maxOutputLength: MOST_TEXT_BYTES }) : bytes).toString();
  } catch (error) {
    throw new CommandError(ExitCode.usage, `${named} cannot be read: ${messageOf(error)}`);
  }
}

/** The value of a JSON text; `undefined` when it is none. */
function jsonIn(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function jsonFault(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return messageOf(error);
  }
}
