/**
 * Taking a task and ending it, against a ledger that may be contended, silent or in doubt.
 *
 * Owns: the rounds of reading and compare-and-set; each is bounded. What to write is decided in
 * `ledger.ts`, when to write it in `task-worker.ts`.
 */

import type { EventSink } from "../event.ts";
import type { Clock } from "../ports/clock.ts";
import type { Membership } from "../ports/membership.ts";
import { TroupeError } from "../troupe-error.ts";
import {
  type ClaimedRecord,
  decideDelivery,
  type LedgerEntry,
  type ReleasedRecord,
  standingOf,
  stands,
  type TerminalRecord,
} from "./ledger.ts";
import type { LedgerStore, Standing } from "./ledger-store.ts";

/** What claims are made with. */
export interface ClaimSetting {
  readonly capability: string;
  readonly ledger: LedgerStore;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** A claim that stands; the token is its revision. */
export interface Claim {
  readonly record: ClaimedRecord;
  readonly token: number;
}

/** What a delivered task turned out to be. */
export type Claimed =
  | { readonly kind: "ours"; readonly claim: Claim }
  | { readonly kind: "ended"; readonly record: TerminalRecord }
  | { readonly kind: "another's" };

/** A delivered task. */
export interface DeliveredTask {
  readonly id: string;
  readonly deliveries: number;
  readonly maxAttempts: number;
}

const MOST_ROUNDS = 8;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Claims a delivered task, unless its record says otherwise.
 *
 * One round trip when it has no record yet, two to take it over.
 *
 * @throws {TroupeError} `store.unavailable`
 */
export async function claimTask(setting: ClaimSetting, task: DeliveredTask): Promise<Claimed> {
  const { capability, events, ledger, membership } = setting;
  const { id, deliveries, maxAttempts } = task;
  let entry: LedgerEntry | undefined;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const owner = entry?.record.phase === "claimed" ? entry.record.owner : undefined;
    const ownerPhase = owner && membership.phaseOf(owner);
    const { self } = membership;
    const decision = decideDelivery({ entry, deliveries, self, ownerPhase, maxAttempts });
    if (decision.kind === "put-back") break;
    if (decision.kind === "acknowledge") return { kind: "ended", record: decision.record };
    const written = await ledger.write(id, decision.record, entry?.revision ?? 0);
    if (!written.ok) {
      if (written.current === "foreign") break;
      entry = written.current;
      continue;
    }
    if (decision.kind === "bury") {
      events.emit({ type: "task.dead-lettered", task: id, capability });
      return { kind: "ended", record: decision.record };
    }
    const { record, takenFrom } = decision;
    const { attempt } = record;
    const token = written.revision;
    const claimed = { task: id, capability, attempt, token, deliveries, takenFrom };
    events.emit({ type: "task.claimed", ...claimed });
    return { kind: "ours", claim: { record, token } };
  }
  return { kind: "another's" };
}

/**
 * Writes over a claim; `false` = the claim was over, and this record was not written.
 *
 * @throws {TroupeError} `store.unavailable` when the outcome stays unknown, `payload.too-large`
 * @throws {TypeError} when the record holds what cannot be carried
 */
export async function commitOver(
  setting: Pick<ClaimSetting, "clock" | "ledger">,
  id: string,
  token: number,
  record: TerminalRecord | ReleasedRecord,
): Promise<boolean> {
  const { clock, ledger } = setting;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round > 0) await pauseAfter(round - 1, clock);
    let standing: Standing;
    try {
      const written = await ledger.write(id, record, token);
      if (written.ok) return true;
      standing = written.current;
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown;
      const read = await readOrSilence(ledger, id);
      if (read === "silence") continue;
      standing = read;
    }
    if (standing === "foreign") return false;
    if (standingOf(standing, token) !== "claimed") return stands(standing, record);
  }
  throw new TroupeError("store.unavailable", "whether the result was recorded is unknown");
}

/** What stands under an id, or that the ledger does not answer. */
export async function readOrSilence(
  ledger: LedgerStore,
  id: string,
): Promise<Standing | "silence"> {
  try {
    return await ledger.read(id);
  } catch (thrown) {
    if (isUnavailable(thrown)) return "silence";
    throw thrown;
  }
}

/** Waits the longer the more failures came before: 100 ms, doubled up to 2 s; ends early on abort. */
export async function pauseAfter(
  failures: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted === true) return;
  const pauseMs = Math.min(SHORTEST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
  await new Promise<void>((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(pauseMs, end);
    signal?.addEventListener("abort", end);
  });
}

function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof TroupeError && thrown.code === "store.unavailable";
}
