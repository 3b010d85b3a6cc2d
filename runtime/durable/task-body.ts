/** A task's body as it is queued, with a format version. */
import { err, ok, type Result } from "../result.ts";
import { shown } from "../shown.ts";

/** What travels in the queue beside id, capability and priority; version 1. */
export interface TaskBody {
  readonly v: 1;
  readonly input: unknown;
  readonly maxAttempts: number;
}

/** How often a task is tried unless its submitter says otherwise. */
export const DEFAULT_ATTEMPTS = 5;

/** Reads a queued body; an error says in one line what it is instead. */
export function parseTaskBody(body: unknown): Result<TaskBody, string> {
  if (typeof body !== "object" || body === null || !("v" in body)) return err("is no task body");
  if (body.v !== 1) return err(`has format version ${shown(body.v)}`);
  const { input, maxAttempts = DEFAULT_ATTEMPTS } = body as Partial<TaskBody>;
  // What is no count is never reached: such a task would be tried for ever.
  if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) return err("has no count of attempts");
  return ok({ v: 1, input, maxAttempts });
}
