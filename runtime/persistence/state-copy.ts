/**
 * A state as it is stored: a copy of plain data, of bounded size.
 *
 * C1: what could not be stored is refused in one line that says which part it is and what to do.
 */
import { copierOf } from "../plain-data.ts";
import { TroupeError } from "../troupe-error.ts";

/** The largest state or snapshot, about, in bytes. */
export const MOST_STATE_BYTES: number = 256 * 1_024;

const copied = copierOf(MOST_STATE_BYTES);

/**
 * A copy that shares nothing with its original.
 *
 * @param what - names it in the error, for example `the state of session/user-42`
 * @throws {TroupeError} `payload.too-large`
 * @throws {TypeError} when it is not plain data
 */
export function stateCopy(what: string, state: unknown): unknown {
  const copy = copied(state);
  if (copy.ok) return copy.value;
  const { code, why } = copy.error;
  if (code !== "payload.too-large") throw new TypeError(`${what} cannot be stored: ${why}`);
  throw new TroupeError(
    "payload.too-large",
    `${what} cannot be stored: ${why}; keep large values in ctx.ports.blobs and their keys in the state`,
    { data: { mostBytes: MOST_STATE_BYTES } },
  );
}
