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
 * L4: the table is bounded; the cells with the least evidence are forgotten first.
 *
 * Cost: an update copies the table, O(cells) with a few dozen cells; an estimate is O(1).
 * Source: Gelman et al., Bayesian Data Analysis, ch. 5; Jeffreys 1946.
 */
import type { Address } from "../runtime/address.ts";
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

/** The table; plain data, so that it can be sent, shown and stored. */
export interface QualityTable {
  /** Verified outcomes so far. */
  readonly outcomes: number;
  readonly cells: Readonly<Record<string, QualityCell>>;
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
  /** How many cells are kept; default 4,096. */
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
export const emptyQualityTable: QualityTable = { outcomes: 0, cells: {} };

/** Jeffreys' prior: half an outcome each way. */
const IGNORANCE: Beta = { right: 0.5, wrong: 0.5 };
const HALF_LIFE = 2_000;
const CAPACITY = 4_096;
/** The most that the experience of siblings weighs as a prior, in outcomes. */
const PRIOR_WEIGHT = 8;
/** Upper ends of the confidence bands. Narrow near 1, where being a little surer means much. */
const BANDS: readonly number[] = [0.5, 0.7, 0.85, 0.95];

/** How a result relates to the results of earlier rounds of its auction. */
export type Corroboration = "alone" | "agrees" | "differs";

/**
 * The calibration group of a result: its stated confidence in bands, and whether earlier results of
 * the same auction gave the same answer.
 *
 * @param confidence - as the bidder states it, 0..1; `undefined` when it states none
 */
export function signalOf(confidence: number | undefined, corroboration: Corroboration): Signal {
  const band = confidence === undefined ? "unstated" : `${bandOf(confidence)}/${BANDS.length}`;
  return `${band} ${corroboration}`;
}

function bandOf(confidence: number): number {
  const band = BANDS.findIndex((end) => confidence < end);
  return band < 0 ? BANDS.length : band;
}

/** Every signal that a result can carry. */
const SIGNALS: readonly Signal[] = (["alone", "agrees", "differs"] as const).flatMap((relation) =>
  [undefined, 0, ...BANDS].map((confidence) => signalOf(confidence, relation)),
);

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
  const [kind, kindFeature, bidder] = cellKeys(track, signal).map((key) =>
    faded(table, key, forgetting),
  ) as [Weights, Weights, Weights];
  const ofKind = posterior(IGNORANCE, less(kind, kindFeature));
  const ofSiblings = posterior(asPrior(ofKind), less(kindFeature, bidder));
  return posterior(asPrior(ofSiblings), bidder);
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
  const seen = SIGNALS.map((signal) => {
    const [, siblings, own] = cellKeys(track, signal).map(
      (key) => faded(table, key, forgetting).seen,
    ) as [number, number, number];
    return { signal, own, siblings: siblings - own };
  });
  const siblingsInAll = seen.reduce((sum, { siblings }) => sum + siblings, 0);
  const borrowed = Math.min(PRIOR_WEIGHT, siblingsInAll);
  const weighed = seen.map(({ signal, own, siblings }) => ({
    signal,
    weight: own + (siblingsInAll === 0 ? 0 : (borrowed * siblings) / siblingsInAll),
  }));
  const all = weighed.reduce((sum, { weight }) => sum + weight, UNSEEN_WEIGHT);
  return [
    ...weighed
      .filter(({ weight }) => weight > 0)
      .map(({ signal, weight }) => ({
        signal,
        share: weight / all,
        quality: qualityOf(table, track, signal, forgetting),
      })),
    { signal: "unseen", share: UNSEEN_WEIGHT / all, quality: IGNORANCE },
  ];
}

/** How many results' worth of surprise is always expected. */
const UNSEEN_WEIGHT = 1;

/** Counted weights of a cell, brought up to date. */
type Weights = Omit<QualityCell, "at">;

const NOTHING: Weights = { right: 0, wrong: 0, seen: 0 };

/** From the widest pool to the bidder's own; each cell's outcomes are part of the one before. */
function cellKeys({ kind, bidder, feature }: Track, signal: Signal): readonly string[] {
  // JSON keeps names apart whatever characters they contain.
  return [
    JSON.stringify(["kind", kind, signal]),
    JSON.stringify(["kind", kind, feature, signal]),
    JSON.stringify(["bidder", kind, bidder, feature, signal]),
  ];
}

function faded(table: QualityTable, key: string, { halfLife = HALF_LIFE }: Forgetting): Weights {
  const cell = table.cells[key];
  if (cell === undefined) return NOTHING;
  const left = 0.5 ** ((table.outcomes - cell.at) / halfLife);
  return { right: cell.right * left, wrong: cell.wrong * left, seen: cell.seen * left };
}

function counted(
  table: QualityTable,
  track: Track,
  signal: Signal,
  gain: Weights,
  forgetting: Forgetting,
): QualityTable {
  const cells: Record<string, QualityCell> = { ...table.cells };
  for (const key of cellKeys(track, signal)) {
    const old = faded(table, key, forgetting);
    cells[key] = {
      right: old.right + gain.right,
      wrong: old.wrong + gain.wrong,
      seen: old.seen + gain.seen,
      at: table.outcomes,
    };
  }
  return { outcomes: table.outcomes, cells: bounded(cells, forgetting.capacity ?? CAPACITY) };
}

function bounded(
  cells: Record<string, QualityCell>,
  capacity: number,
): Readonly<Record<string, QualityCell>> {
  const keys = Object.keys(cells);
  if (keys.length <= capacity) return cells;
  const evidence = (key: string): number => {
    const cell = cells[key] ?? { ...NOTHING, at: 0 };
    return cell.right + cell.wrong + cell.seen;
  };
  // A tenth at once, so that a full table is not sorted at every outcome.
  const kept = keys.sort((a, b) => evidence(b) - evidence(a)).slice(0, Math.ceil(capacity * 0.9));
  return Object.fromEntries(kept.map((key) => [key, cells[key] ?? { ...NOTHING, at: 0 }]));
}

function posterior(prior: Beta, { right, wrong }: Pick<Weights, "right" | "wrong">): Beta {
  return { right: prior.right + right, wrong: prior.wrong + wrong };
}

/** The same expectation with a bounded weight, but never less than that of ignorance. */
function asPrior(beta: Beta): Beta {
  const weight = Math.min(PRIOR_WEIGHT, beta.right + beta.wrong);
  return { right: meanOf(beta) * weight, wrong: (1 - meanOf(beta)) * weight };
}

/** What the wider pool holds beyond its part. */
function less(pool: Weights, part: Weights): Weights {
  return {
    right: Math.max(0, pool.right - part.right),
    wrong: Math.max(0, pool.wrong - part.wrong),
    seen: Math.max(0, pool.seen - part.seen),
  };
}
