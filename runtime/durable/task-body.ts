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
  const { input, maxAttempts } = body as Partial<TaskBody>;
  return ok({ v: 1, input, maxAttempts: maxAttempts ?? DEFAULT_ATTEMPTS });
}
