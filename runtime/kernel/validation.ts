/**
 * Checking values against the schemas of an operation, at a node's border.
 *
 * Owns: what counts as valid. A schema must answer at once: an asynchronous one would let messages
 * overtake each other.
 */
import type { Schema } from "../protocol.ts";
import { err, ok, type Result } from "../result.ts";

/** The value as the schema gives it back, or what is wrong with it in one line. */
export function validated(schema: Schema | undefined, value: unknown): Result<unknown, string> {
  if (schema === undefined) return ok(value);
  try {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) return err("its schema is asynchronous, which is not supported");
    if (result.issues === undefined) return ok(result.value);
    return err(result.issues.map((issue) => issue.message).join("; ") || "does not fit its schema");
  } catch (error) {
    return err(`its schema threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}
