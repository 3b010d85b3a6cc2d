/**
 * The checker: settles a file as well as can be done from its text, to verify what the market bought.
 *
 * Owns: the check and its counted cost, and the appraisal. Its neighbour `bidders.ts` owns the methods,
 * `market-stage.ts` when what is checked.
 *
 * CK1: a check is the board's rule over every source that reads the text; the declared identifier is
 *      not among them.
 * CK2: a check costs what its sources counted while they worked.
 * CK3: an appraisal says what each method alone would have answered. It is what the market is compared
 *      with afterwards, and no part of it.
 */
import {
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
} from "../../runtime/index.ts";
import { type MarketTask, METHODS } from "./bidders.ts";
import { workUnits } from "./methods/finding.ts";
import { type KnowledgeSourceName, settle } from "./methods/hypothesis.ts";
import { KNOWLEDGE_SOURCES } from "./methods/knowledge-source.ts";
import type { References } from "./methods/references.ts";
import { subjectText } from "./steps.ts";

/** A licence, or none, and the work it took. */
export interface Verdict {
  readonly licence: string | null;
  readonly workUnits: number;
}

/** What every method alone answers, by its kind. */
export type Appraisal = Readonly<Record<string, Verdict>>;

/** The operations of a checker. */
export type CheckerOperations = {
  /** How many reference texts there are. */
  readonly references: Ask<undefined, number>;
  readonly check: Ask<MarketTask, Verdict>;
  readonly appraise: Ask<MarketTask, Appraisal>;
};

/** The protocol of checkers. */
export const Checker: Protocol<CheckerOperations> = protocol("licence-checker@1", {
  references: ask<undefined, number>(),
  check: ask<MarketTask, Verdict>(),
  appraise: ask<MarketTask, Appraisal>(),
});

/** The sources that look at nothing but the file's text. */
const TEXT_SOURCES: readonly KnowledgeSourceName[] = ["title", "clauses", "similarity"];

const NOTHING: Verdict = { licence: null, workUnits: 0 };

/** Defines the checker. */
export function checker(references: References): ActorDefinition<CheckerOperations, undefined> {
  return actor(Checker, () => undefined, {
    references: () => references.all().size,
    check: (_ctx, task) => {
      const text = subjectText(task);
      if (text === undefined) return NOTHING;
      const subject = { document: task.document, text, references: references.all() };
      const said = TEXT_SOURCES.map((name) => KNOWLEDGE_SOURCES[name](subject));
      const settlement = settle(said.flatMap(({ hypotheses }) => hypotheses));
      return {
        licence: settlement.phase === "settled" ? settlement.licence : null,
        workUnits: said.reduce((sum, one) => sum + one.workUnits, 0),
      };
    },
    appraise: (_ctx, task) => {
      const text = subjectText(task);
      return Object.fromEntries(
        METHODS.map(({ kind, find }) => {
          if (text === undefined) return [kind, NOTHING];
          const { licence, work } = find(text, references);
          return [kind, { licence: licence ?? null, workUnits: workUnits(work) }];
        }),
      );
    },
  });
}
