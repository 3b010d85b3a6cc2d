/**
 * One actor's state in its bucket, as one of its generations reaches it.
 *
 * Owns: claiming, and writing over what was claimed. Decisions are in `state-record.ts`.
 *
 * T1: nothing is read for use before it was claimed: the claim is a write over what was read, so that
 *     whoever claimed before finds another revision and writes no more, whatever clocks say.
 * T2: every write names the revision of the one before it. A conflict means that another generation has
 *     claimed: nothing was written, and this one is stale.
 * T3: after a write of unknown outcome nothing is written any more: the state must be read anew.
 *
 * Cost: a claim takes two round trips, a write one.
 */
import type { Activation } from "../activation.ts";
import { Stale, Unsaved } from "../kernel/ask-error.ts";
import type { KeyValue, KeyValues, Put } from "../ports/key-value.ts";
import { messageOf, TroupeError } from "../troupe-error.ts";
import type { PersistenceId } from "./persistence-id.ts";
import { decideClaim, parseStateRecord, type StateRecord, stateRecord } from "./state-record.ts";

/** The bucket of states. */
const BUCKET = "state";
const MOST_CLAIMS = 8;

/** A claimed state. */
export class StateStore {
  readonly #id: PersistenceId;
  readonly #bucket: KeyValue;
  readonly #activation: Activation | undefined;
  readonly #schema: number;
  readonly #token: number;
  #revision: number;

  private constructor(
    id: PersistenceId,
    bucket: KeyValue,
    activation: Activation | undefined,
    schema: number,
    claimed: { readonly token: number; readonly revision: number },
  ) {
    this.#id = id;
    this.#bucket = bucket;
    this.#activation = activation;
    this.#schema = schema;
    this.#token = claimed.token;
    this.#revision = claimed.revision;
  }

  /**
   * Claims a state (T1).
   *
   * @param schema - the version of what will be written
   * @throws {Stale} when a later activation has claimed it
   * @throws {TroupeError} `store.unavailable` or `state.unreadable`
   */
  static async claim(
    keyValues: KeyValues,
    id: PersistenceId,
    activation: Activation | undefined,
    schema: number,
  ): Promise<{ readonly store: StateStore; readonly record: StateRecord }> {
    const bucket = await keyValues.open(BUCKET);
    for (let tries = 0; tries < MOST_CLAIMS; tries++) {
      const entry = await bucket.get(id.key);
      const standing = entry === undefined ? undefined : parseStateRecord(id.name, entry.value);
      const claim = decideClaim(standing, activation?.token, schema);
      if (claim.kind === "late") throw late(id, claim.token, activation);
      const { record } = claim;
      const put: Put = await bucket.update(id.key, record, entry?.revision ?? 0);
      if (!put.ok) continue; // the one before has just written
      const claimed = { token: record.token, revision: put.revision };
      return { store: new StateStore(id, bucket, activation, schema, claimed), record };
    }
    throw new TroupeError("store.unavailable", `the state of ${id.name} could not be claimed`);
  }

  /**
   * Writes the state.
   *
   * @throws {Stale} when it is another's by now
   * @throws {Unsaved} when nobody knows whether it was written
   */
  async write(value: unknown): Promise<void> {
    if (this.#activation?.holds() === false) throw new Stale(`${this.#id.name} has moved`);
    const record = stateRecord(this.#schema, this.#token, value);
    let put: Put;
    try {
      put = await this.#bucket.update(this.#id.key, record, this.#revision);
    } catch (cause) {
      throw new Unsaved(`the state of ${this.#id.name}: ${messageOf(cause)}`, cause);
    }
    if (!put.ok) throw new Stale(`${this.#id.name} was claimed by another activation`);
    this.#revision = put.revision;
  }
}

function late(id: PersistenceId, token: number, activation: Activation | undefined): Stale {
  return new Stale(
    `${id.name} was claimed under token ${token}, and this activation has ${activation?.token}`,
  );
}
