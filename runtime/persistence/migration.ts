/**
 * Versions of what actors keep, and the way from an older one to the present one: pure.
 *
 * Owns: the chain. What is migrated, a state, a snapshot or an event, is its owner's business.
 *
 * M1: a version is a whole number from 1; a step leads from one version to the next.
 * M2: what is newer than the program is refused: an older program would lose what it does not know.
 * M3: what is stored keeps its version until it is written anew, so that nodes of two releases can
 *     share it while one is replaced by the other.
 */
import { TroupeError } from "../troupe-error.ts";

/**
 * Steps by the version that they lead away from: `{ 1: fromOneToTwo, 2: fromTwoToThree }`. Annotate
 * their parameter with what that version looked like.
 */
export type Migrations = Readonly<Record<number, (old: never) => unknown>>;

/**
 * The version itself, when the steps fit it.
 *
 * @throws {RangeError} when it is no whole number from 1
 * @throws {TypeError} when a step leads away from no older version, or one is missing in between
 */
export function checkedVersion(version: number, steps: Migrations = {}): number {
  if (!Number.isInteger(version) || version < 1)
    throw new RangeError(`version must be a whole number from 1: ${version}`);
  const from = Object.keys(steps).map(Number);
  const oldest = Math.min(version, ...from);
  for (const step of from) {
    if (!(Number.isInteger(step) && step >= 1 && step < version))
      throw new TypeError(`a migration from version ${step} leads nowhere: this is ${version}`);
  }
  for (let step = oldest; step < version; step++) {
    if (!Object.hasOwn(steps, step))
      throw new TypeError(`there is no migration from version ${step} to ${step + 1}`);
  }
  return version;
}

/**
 * A value of an older version as the present one has it.
 *
 * @param what - names it in the error, for example `the state of session/user-42`
 * @throws {TroupeError} `state.unreadable` when it is newer, or no steps lead from its version
 */
export function migrated(
  what: string,
  value: unknown,
  from: number,
  to: number,
  steps: Migrations = {},
): unknown {
  if (from > to) {
    throw new TroupeError(
      "state.unreadable",
      `${what} is of version ${from}, and this program knows versions up to ${to}: update it`,
      { data: { found: from, known: to } },
    );
  }
  let present = value;
  for (let version = from; version < to; version++) {
    const step = steps[version] as ((old: unknown) => unknown) | undefined;
    if (step === undefined) {
      throw new TroupeError(
        "state.unreadable",
        `${what} is of version ${from}, and no migration leads from version ${version}`,
        { data: { found: from, known: to } },
      );
    }
    present = step(present);
  }
  return present;
}
