/**
 * What a worker writes over its claim when the work is over. Pure.
 *
 * Owns: putting a result or an error into the record that `ledger.ts` decides. Writing it is
 * `task-claim.ts`, what follows `task-worker.ts`.
 */
import { messageOf, TroupeError } from "../troupe-error.ts";
import { decideFailure, doneRecord, type ReleasedRecord, type TerminalRecord } from "./ledger.ts";
import type { Claim } from "./task-claim.ts";

/** What is written over a claim; a released task comes back after the pause. */
export interface TaskEnd {
  readonly record: TerminalRecord | ReleasedRecord;
  readonly retryAfterMs: number;
}

/** The end of work that returned. */
export function endOfSuccess({ record, token }: Claim, result: unknown): TaskEnd {
  return { record: doneRecord(record, token, result), retryAfterMs: 0 };
}

/**
 * The end of work that threw.
 *
 * @param spread - 0 to 1, at random: retries of tasks that failed together are not made together
 */
export function endOfFailure(
  { record, token }: Claim,
  thrown: unknown,
  { maxAttempts, spread }: { readonly maxAttempts: number; readonly spread: number },
): TaskEnd {
  const decision = decideFailure(record, token, thrown, maxAttempts);
  const retryAfterMs = decision.kind === "retry" ? decision.afterMs * (0.8 + 0.4 * spread) : 0;
  return { record: decision.record, retryAfterMs };
}

/** The error to record when a result cannot be written down, whoever tries again. */
export function uncarriable(thrown: unknown): TroupeError | undefined {
  if (thrown instanceof TroupeError)
    return thrown.code === "payload.too-large" ? thrown : undefined;
  if (!(thrown instanceof TypeError)) return undefined;
  return new TroupeError("ask.undecodable", `the result ${messageOf(thrown)}`, { cause: thrown });
}
