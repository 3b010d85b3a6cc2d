/**
 * What the server refuses a program, said once.
 *
 * Owns: one line per refused subject, with what to do about it. A refusal comes asynchronously, and a
 * program that heartbeats or retries is refused the same thing again and again.
 *
 * R1: at most {@link MOST_SUBJECTS} subjects are remembered; past that everything has been said.
 */
import { errors, type PermissionViolationError } from "nats";
import type { Log } from "../../runtime/log.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";

const MOST_SUBJECTS = 256;

/** The refusal behind an error, when the server's permissions are the reason. */
export function refusalIn(thrown: unknown): PermissionViolationError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if (error instanceof errors.PermissionViolationError) return error;
  return undefined;
}

/** The error of a program whose user may not do what it needs. */
export function refusedError(what: string, refusal: PermissionViolationError): TroupeError {
  const { operation, subject } = refusal;
  const why = `the server refuses it to this user (${operation} ${subject})`;
  const hint = "a seed is good for one name and one role in one cluster: are they these?";
  return new TroupeError("nats.refused", `${what}: ${why}; ${hint}`, { cause: refusal });
}

/** Logs refusals; see the file's header. */
export class RefusalLog {
  readonly #log: Log;
  readonly #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The server refused something. */
  refused(error: Error): void {
    const isPermission = error instanceof errors.PermissionViolationError;
    const what = isPermission ? `${error.operation} ${error.subject}` : messageOf(error);
    if (this.#said.has(what) || this.#said.size >= MOST_SUBJECTS) return;
    this.#said.add(what);
    if (isPermission) {
      const { operation, subject } = error;
      const hint =
        "the permissions of this program's user lack it: check its name and cluster, or write the " +
        "configuration anew with `troupe nats user`; said once per subject";
      this.#log.error({ operation, subject, hint }, "the server refused something");
    } else this.#log.error({ error: messageOf(error) }, "the server refused something");
  }
}
