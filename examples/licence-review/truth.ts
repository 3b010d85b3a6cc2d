/**
 * The truth that a review is scored with: what each file's package declares.
 *
 * Owns: reading it once, and the scores. Nothing that answers may see it.
 */

import { MOST_THOROUGH } from "./bidders.ts";
import type { LicenceDocument } from "./files/document.ts";
import { readManifest } from "./files/package-files.ts";
import type { MarketOutcome, Sold } from "./market-stage.ts";
import { type Agreement, agreementOf } from "./methods/agreement.ts";
import { declaration } from "./methods/declared.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { MarketFigures, ReviewSummary } from "./summary.ts";

/** The market's own figures, and those it is compared with. */
export type MarketScores = Pick<
  NonNullable<ReviewSummary["market"]>,
  "agreement" | "cost" | "alone" | "best" | "cheapest" | "roundRobin"
>;

/** What the packages of some files declare. */
export class Truth {
  readonly #root: string;
  readonly #byPackage = new Map<string, string | undefined>();

  /** @param root - the folder that the files' paths are relative to */
  constructor(root: string) {
    this.#root = root;
  }

  /** How often `licenceOf` gives what the packages declare. */
  score(
    files: readonly ReviewedFile[],
    licenceOf: (file: ReviewedFile) => string | null,
  ): Agreement {
    return agreementOf(
      files.map((file) => ({
        licence: licenceOf(file) ?? undefined,
        expression: this.#expressionOf(file.document),
      })),
    );
  }

  /** How good a way of choosing bidders was, and what it cost. */
  scoreSold(sold: readonly Sold[]): MarketFigures {
    const licences = new Map(sold.map(({ file, licence }) => [file, licence]));
    const { share } = this.score([...licences.keys()], (file) => licences.get(file) ?? null);
    return { agreement: share, cost: sold.reduce((sum, { cost }) => sum + cost, 0) };
  }

  /** The market beside what it is compared with; which method is the cheapest shows in what was counted. */
  scoreMarket({ sold, alone, roundRobin }: MarketOutcome): MarketScores {
    const single = [...alone].map(([bidder, answers]) => ({ bidder, ...this.scoreSold(answers) }));
    const best = single.find(({ bidder }) => bidder === MOST_THOROUGH);
    const [cheapest] = single.toSorted((a, b) => a.cost - b.cost);
    if (best === undefined || cheapest === undefined) throw new TypeError("nobody was compared");
    return {
      ...this.scoreSold(sold),
      alone: single,
      best,
      cheapest,
      roundRobin: this.scoreSold(roundRobin),
    };
  }

  /** A valid SPDX expression, where the package declares one. */
  #expressionOf(document: LicenceDocument): string | undefined {
    const { directory } = document.package;
    if (!this.#byPackage.has(directory)) {
      const { expression } = declaration(readManifest(this.#root, document));
      this.#byPackage.set(directory, expression);
    }
    return this.#byPackage.get(directory);
  }
}
