/** The exit codes of the command line, after sysexits.h where it has one. */
import { constants } from "node:os";
import { type ErrorCode, messageOf, TroupeError } from "../runtime/index.ts";

/** What a command's end means to a script. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  conflict: 3,
  notFound: 4,
  timeout: 5,
  unavailable: 69,
  configuration: 78,
} as const;

/** One of {@link ExitCode}. */
export type ExitCodeNumber = (typeof ExitCode)[keyof typeof ExitCode];

/** A command cannot go on; its message is all the user needs to read. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly exitCode: ExitCodeNumber;

  constructor(exitCode: ExitCodeNumber, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A signal ended the command before its work was done. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

const CODES: Partial<Record<ErrorCode, ExitCodeNumber>> = {
  "ask.timeout": ExitCode.timeout,
  "actor.not-found": ExitCode.notFound,
  "credentials.unusable": ExitCode.configuration,
  "config.invalid": ExitCode.configuration,
  "model.unavailable": ExitCode.unavailable,
  "model.unknown": ExitCode.configuration,
  "module.unusable": ExitCode.configuration,
  "nats.refused": ExitCode.configuration,
  "nats.too-old": ExitCode.configuration,
  "nats.unavailable": ExitCode.unavailable,
  "node.down": ExitCode.unavailable,
  "node.fenced": ExitCode.unavailable,
  "node.name-taken": ExitCode.conflict,
  "store.unavailable": ExitCode.unavailable,
};

/** The exit code that says what was thrown; of an interruption, the shell's 128 + the signal's number. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof Interrupted) return 128 + constants.signals[thrown.signal];
  if (thrown instanceof CommandError) return thrown.exitCode;
  if (thrown instanceof TroupeError) return CODES[thrown.code] ?? ExitCode.failed;
  if (thrown instanceof TypeError || thrown instanceof RangeError) return ExitCode.usage;
  return ExitCode.failed;
}

/** The one line that says what was thrown. */
export function lineOf(thrown: unknown): string {
  const line = messageOf(thrown).split("\n", 1)[0] ?? "";
  return thrown instanceof TroupeError ? `${thrown.code}: ${line}` : line;
}
