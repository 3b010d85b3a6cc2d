/**
 * What a market learned about its bidders: how often who is right, when they say how sure they are.
 *
 * Owns: the table of verified outcomes and the estimates drawn from it. Its neighbours own what an
 * estimate is worth (`bid-score.ts`) and which results are verified at all (`verification.ts`).
 *
 * An outcome is counted in a cell: (bidder, feature, signal). The feature is the auction's, for example
 * `short` or `many-texts`; the signal is the result's own, see {@link signalOf}. A bidder's claim of
 * confidence is only a name for a group of its results: how often results in that group are right is
 * counted. So a bidder that claims too much gains nothing, and one that knows when it is right is
 * believed exactly then.
 *
 * Estimates are hierarchical: kind × signal → kind × feature × signal → bidder × feature × signal.
 * Each level is the prior of the next with a bounded weight and without the next one's own outcomes,
 * so nothing is counted twice and a new bidder of a known kind starts with its kind's experience.
 *
 * L1: the empty table knows nothing: every estimate is Beta(½, ½).
 * L2: only verified outcomes move an estimate.
 * L3: an outcome's weight halves with every `halfLife` outcomes verified after it.
 * L4: the table is bounded; the groups with the least evidence are forgotten first.
 *
 * Cost: an update copies the index of groups, O(groups); an estimate is O(1), prospects O(signals).
 * Source: Gelman et al., Bayesian Data Analysis, ch. 5; Jeffreys 1946.
 */
import type { Address } from "../../runtime/address.ts";
import type { Beta } from "./beta.ts";
import { meanOf } from "./beta.ts";

/** What is known of one group of results; weights, not whole numbers, because old ones fade. */
export interface QualityCell {
  readonly right: number;
  readonly wrong: number;
  /** Results, verified or not. */
  readonly seen: number;
  /** The table's `outcomes` when the weights were last brought up to date. */
  readonly at: number;
}

/** The results of one track or pool, by signal. */
export type QualityGroup = Readonly<Record<Signal, QualityCell>>;

/** The table; plain data, so that it can be sent, shown and stored. */
export interface QualityTable {
  /** Verified outcomes so far. */
  readonly outcomes: number;
  readonly groups: Readonly<Record<string, QualityGroup>>;
}

/** Whose result, on what kind of task. */
export interface Track {
  readonly kind: string;
  readonly bidder: Address;
  /** What the auction says about the task; empty when nothing. */
  readonly feature: string;
}

/** A result's calibration group; see {@link signalOf}. */
export type Signal = string;

/** How fast a table forgets and how much it holds. */
export interface Forgetting {
  /** After so many verified outcomes an old one counts half; default 2,000. */
  readonly halfLife?: number;
  /** How many groups (kinds and bidders × features) are kept; default 4,096. */
  readonly capacity?: number;
}

/** One possible signal of a bidder's next result. */
export interface Prospect {
  readonly signal: Signal;
  /** How often results carried it, 0..1; the shares sum to 1. */
  readonly share: number;
  /** The chance that such a result is right. */
  readonly quality: Beta;
}

/** A table that knows nothing (L1). */
export const emptyQualityTable: QualityTable = { outcomes: 0, groups: {} };

/** Jeffreys' prior: half an outcome each way. */
const IGNORANCE: Beta = { right: 0.5, wrong: 0.5 };
const HALF_LIFE = 2_000;
const CAPACITY = 4_096;
/** The most that siblings' experience weighs as a prior, in outcomes: they are mostly replicas. */
const SIBLING_WEIGHT = 24;
/** The most that other features' experience weighs: features are told apart because they differ. */
const FEATURE_WEIGHT = 4;
/** Upper ends of the confidence bands. Narrow near 1, where being a little surer means much. */
const BANDS: readonly number[] = [0.5, 0.7, 0.85, 0.95];

/**
 * The calibration group of a result: its stated confidence, in bands.
 *
 * @param confidence - as the bidder states it, 0..1; `undefined` when it states none
 */
export function signalOf(confidence: number | undefined): Signal {
  if (confidence === undefined) return "unstated";
  const band = BANDS.findIndex((end) => confidence < end);
  return `${band < 0 ? BANDS.length : band}/${BANDS.length}`;
}

/** Counts a result, verified or not: how often a bidder's results carry which signal. */
export function withResult(
  table: QualityTable,
  track: Track,
  signal: Signal,
  forgetting: Forgetting = {},
): QualityTable {
  return counted(table, track, signal, { right: 0, wrong: 0, seen: 1 }, forgetting);
}

/** Counts a verified outcome. */
export function withOutcome(
  table: QualityTable,
  track: Track,
  signal: Signal,
  verdict: "right" | "wrong",
  forgetting: Forgetting = {},
): QualityTable {
  const gain = verdict === "right" ? { right: 1, wrong: 0 } : { right: 0, wrong: 1 };
  const grown = { ...table, outcomes: table.outcomes + 1 };
  return counted(grown, track, signal, { ...gain, seen: 0 }, forgetting);
}

/** The chance that a result of `track` with `signal` is right. */
export function qualityOf(
  table: QualityTable,
  track: Track,
  signal: Signal,
  forgetting: Forgetting = {},
): Beta {
  return estimate(poolsOf(table, track), table.outcomes, signal, forgetting);
}

/**
 * What the next result of `track` may look like: its own results' signals first, its kind's where it
 * has few, and some share for a signal never seen.
 */
export function prospectsOf(
  table: QualityTable,
  track: Track,
  forgetting: Forgetting = {},
): readonly Prospect[] {
  const pools = poolsOf(table, track);
  const seen = Object.keys(pools.kindFeature).map((signal) => {
    const own = faded(pools.bidder[signal], table.outcomes, forgetting).seen;
    const all = faded(pools.kindFeature[signal], table.outcomes, forgetting).seen;
    return { signal, own, siblings: Math.max(0, all - own) };
  });
  const siblings = seen.reduce((sum, one) => sum + one.siblings, 0);
  // The kind's experience fills up to the weight of a prior.
  const borrowed = siblings === 0 ? 0 : Math.min(SIBLING_WEIGHT, siblings) / siblings;
  const weighed = seen.map((one) => ({
    signal: one.signal,
    weight: one.own + borrowed * one.siblings,
  }));
  const total = weighed.reduce((sum, { weight }) => sum + weight, UNSEEN_WEIGHT);
  return [
    ...weighed.map(({ signal, weight }) => ({
      signal,
      share: weight / total,
      quality: estimate(pools, table.outcomes, signal, forgetting),
    })),
    { signal: "unseen", share: UNSEEN_WEIGHT / total, quality: IGNORANCE },
  ];
}

/** How many results' worth of surprise is always expected. */
const UNSEEN_WEIGHT = 1;

/** From the widest pool to the bidder's own; the outcomes of each are part of the one before. */
interface Pools {
  readonly kind: QualityGroup;
  readonly kindFeature: QualityGroup;
  readonly bidder: QualityGroup;
}

/** Counted weights of a cell, brought up to date. */
type Counts = Omit<QualityCell, "at">;

const NOTHING: Counts = { right: 0, wrong: 0, seen: 0 };
const EMPTY: QualityGroup = {};

function poolsOf({ groups }: QualityTable, track: Track): Pools {
  const [kind, kindFeature, bidder] = groupKeys(track);
  return {
    kind: groups[kind] ?? EMPTY,
    kindFeature: groups[kindFeature] ?? EMPTY,
    bidder: groups[bidder] ?? EMPTY,
  };
}

function groupKeys({ kind, bidder, feature }: Track): readonly [string, string, string] {
  // JSON keeps names apart whatever characters they contain.
  return [
    JSON.stringify(["kind", kind]),
    JSON.stringify(["kind", kind, feature]),
    JSON.stringify(["bidder", kind, bidder, feature]),
  ];
}

function estimate(pools: Pools, outcomes: number, signal: Signal, forgetting: Forgetting): Beta {
  const kind = faded(pools.kind[signal], outcomes, forgetting);
  const kindFeature = faded(pools.kindFeature[signal], outcomes, forgetting);
  const bidder = faded(pools.bidder[signal], outcomes, forgetting);
  const ofKind = posterior(IGNORANCE, less(kind, kindFeature));
  const ofSiblings = posterior(asPrior(ofKind, FEATURE_WEIGHT), less(kindFeature, bidder));
  return posterior(asPrior(ofSiblings, SIBLING_WEIGHT), bidder);
}

function faded(
  cell: QualityCell | undefined,
  outcomes: number,
  { halfLife = HALF_LIFE }: Forgetting,
): Counts {
  if (cell === undefined) return NOTHING;
  const left = 0.5 ** ((outcomes - cell.at) / halfLife);
  return { right: cell.right * left, wrong: cell.wrong * left, seen: cell.seen * left };
}

function counted(
  table: QualityTable,
  track: Track,
  signal: Signal,
  gain: Counts,
  forgetting: Forgetting,
): QualityTable {
  const groups: Record<string, QualityGroup> = { ...table.groups };
  for (const key of groupKeys(track)) {
    const group = groups[key] ?? EMPTY;
    const old = faded(group[signal], table.outcomes, forgetting);
    const cell: QualityCell = {
      right: old.right + gain.right,
      wrong: old.wrong + gain.wrong,
      seen: old.seen + gain.seen,
      at: table.outcomes,
    };
    groups[key] = { ...group, [signal]: cell };
  }
  return { outcomes: table.outcomes, groups: bounded(groups, forgetting.capacity ?? CAPACITY) };
}

function bounded(
  groups: Readonly<Record<string, QualityGroup>>,
  capacity: number,
): Readonly<Record<string, QualityGroup>> {
  const entries = Object.entries(groups);
  if (entries.length <= capacity) return groups;
  // A tenth at once, so that a full table is not sorted at every outcome.
  entries.sort(([, a], [, b]) => evidenceIn(b) - evidenceIn(a));
  return Object.fromEntries(entries.slice(0, Math.ceil(capacity * 0.9)));
}

function evidenceIn(group: QualityGroup): number {
  return Object.values(group).reduce(
    (sum, { seen, right, wrong }) => sum + seen + right + wrong,
    0,
  );
}

function posterior(prior: Beta, { right, wrong }: Pick<Counts, "right" | "wrong">): Beta {
  return { right: prior.right + right, wrong: prior.wrong + wrong };
}

/** The same expectation with a bounded weight. */
function asPrior(beta: Beta, atMost: number): Beta {
  const weight = Math.min(atMost, beta.right + beta.wrong);
  return { right: meanOf(beta) * weight, wrong: (1 - meanOf(beta)) * weight };
}

/** What the wider pool holds beyond its part. */
function less(pool: Counts, part: Counts): Counts {
  return {
    right: Math.max(0, pool.right - part.right),
    wrong: Math.max(0, pool.wrong - part.wrong),
    seen: Math.max(0, pool.seen - part.seen),
  };
}
