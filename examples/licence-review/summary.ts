/**
 * What a licence review found, version 1: the document that `--json` prints and `summary.json` keeps.
 *
 * Costs are micro-dollars (1e-6 USD) of the model's price table where a model is called, and counted
 * work units (tokens read × reference texts compared) in the market; times are milliseconds.
 */
import type { ModelIdentity } from "../../runtime/index.ts";

/** What one stage took. */
export interface StageFigures {
  readonly items: number;
  readonly wallMs: number;
  /** Messages handled by actors and durable tasks handed out, on all nodes. */
  readonly messages: number;
  readonly modelCalls: number;
  readonly costMicros: number;
  readonly restarts: number;
  readonly retries: number;
}

/** A place in a file: bytes `startByte` up to `endByte` read `quote`. */
export interface Evidence {
  readonly package: string;
  readonly path: string;
  readonly startByte: number;
  readonly endByte: number;
  readonly quote: string;
}

/** An answer of the review desk. */
export interface Answer {
  readonly question: string;
  /** Which specialist answered; absent when nobody could. */
  readonly specialist?: string;
  readonly confidence: number;
  readonly outcome: "answered" | "clarify" | "escalated";
  readonly answer: string;
  /** Names of the packages that the answer holds for. */
  readonly packages: readonly string[];
  readonly evidence: readonly Evidence[];
}

/** How good a way of choosing bidders was, and what it cost in counted work. */
export interface MarketFigures {
  /** 0..1, against the declared identifiers. */
  readonly agreement: number;
  readonly cost: number;
}

/** A way of choosing that always takes the same bidder. */
export interface SingleBidder extends MarketFigures {
  readonly bidder: string;
}

/** A file that nobody is sure about, for a person to look at. */
export interface OpenFile {
  readonly reason: string;
  /** The licences that are spoken for, best supported first; `support` is a sum of -ln(1 - confidence). */
  readonly contenders: readonly {
    readonly licence: string;
    readonly support: number;
    readonly sources: readonly string[];
  }[];
}

/** What a file was found to be. */
export interface Classification {
  readonly path: string;
  readonly package: string;
  /** Of an open file the first guess. */
  readonly licence: string | null;
  readonly confidence: number;
  readonly settledBy: "pipeline" | "board" | "open";
  /** Present for open files only. */
  readonly open?: OpenFile;
  /** What the board settled an open file with once the declared identifier spoke too; scored apart. */
  readonly withDeclared?: string;
  /** What a model made of the text; absent when it made nothing. */
  readonly summary?: { readonly text: string; readonly model: string };
}

/** A file that was left out, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** The whole result. Stages that did not run are absent. */
export interface ReviewSummary {
  readonly v: 1;
  readonly id: string;
  readonly model: ModelIdentity & { readonly note: string };
  readonly nats: { readonly version: string };
  readonly nodes: readonly {
    readonly name: string;
    readonly pid: number;
    /** On purpose. */
    readonly killed: boolean;
    /** It ended by itself. */
    readonly died: boolean;
  }[];
  readonly documents: number;
  readonly scored: number;
  readonly agreement: number;
  readonly agreementWithDeclared: number;
  readonly skipped: readonly Skipped[];
  readonly classifications: readonly Classification[];
  readonly orchestrator?: StageFigures & {
    readonly tasksAccepted: number;
    readonly tasksDone: number;
    readonly tasksLost: number;
    readonly duplicateResults: number;
    readonly reclaimedAfterKill: number;
    /** 0..1, of the first guess alone. */
    readonly agreement: number;
  };
  readonly hierarchy?: StageFigures & {
    readonly questions: number;
    readonly answered: number;
    readonly escalated: number;
    readonly answers: readonly Answer[];
  };
  readonly blackboard?: StageFigures & {
    readonly posted: number;
    readonly settled: number;
    readonly open: number;
    readonly entries: number;
    readonly explained: readonly { readonly path: string; readonly why: string }[];
    /** 0..1 over the files the board received: its result against the first guess. */
    readonly agreement: number;
    readonly firstGuessAgreement: number;
  };
  readonly market?: StageFigures & {
    readonly auctions: number;
    readonly agreement: number;
    readonly cost: number;
    /** Each counted bidder, had it done all of the work. */
    readonly alone: readonly SingleBidder[];
    /** Always the bidder that compares with everything, and always the one that turns out to cost least. */
    readonly best: SingleBidder;
    readonly cheapest: SingleBidder;
    readonly roundRobin: MarketFigures;
    readonly learned: readonly {
      readonly bidder: string;
      readonly quality: number;
      readonly verified: number;
      readonly won: number;
    }[];
  };
  readonly kill?: {
    readonly node: string;
    /** Since the review began. */
    readonly atMs: number;
    /** From the kill until the node was suspected; null when the review ended first. */
    readonly suspectedMs: number | null;
    /** From the kill until a task was taken over from the node; null when it held none. */
    readonly resumedMs: number | null;
  };
}
