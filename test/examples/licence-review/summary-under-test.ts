/** A summary with a stranger's words wherever a stranger has a say. */
import type { ReviewSummary } from "../../../examples/licence-review/summary.ts";

/** Markup of every kind, a control sequence, a fence, a cell's end and a turned direction. */
export const HOSTILE =
  "<script>alert(1)</script>\u001b[2J\n# head `tick` ``` | [x](javascript:alert(1)) **b** \u202e'\"&";

/** A summary in which `words` stand for all that is read from files. */
export function summaryOf(words: string): ReviewSummary {
  const figures = {
    items: 1,
    wallMs: 1_500,
    messages: 2,
    modelCalls: 3,
    costMicros: 4_000,
    restarts: 0,
    retries: 0,
  };
  return {
    v: 1,
    id: "r1",
    model: { kind: "builtin", name: "extractive", note: "not an LLM" },
    nats: { version: "2.12.1" },
    nodes: [
      { name: "n1", pid: 1, killed: true, died: false },
      { name: "n2", pid: 2, killed: false, died: true },
    ],
    documents: 2,
    scored: 2,
    agreement: 0.5,
    agreementWithDeclared: 1,
    skipped: [{ path: words, reason: words }],
    classifications: [
      {
        path: words,
        package: words,
        licence: "MIT",
        confidence: 0.9,
        settledBy: "pipeline",
        summary: { text: words, model: "extractive" },
      },
      {
        path: "b/LICENSE",
        package: "b",
        licence: null,
        confidence: 0,
        settledBy: "open",
        open: {
          reason: "MIT and ISC are too close",
          contenders: [
            { licence: "MIT", support: 1, sources: ["title", "readme"] },
            { licence: "ISC", support: 0.9, sources: ["clauses"] },
          ],
        },
      },
    ],
    orchestrator: {
      ...figures,
      tasksAccepted: 8,
      tasksDone: 8,
      tasksLost: 0,
      duplicateResults: 0,
      reclaimedAfterKill: 2,
      agreement: 0.5,
    },
    hierarchy: {
      ...figures,
      questions: 1,
      answered: 1,
      escalated: 0,
      answers: [
        {
          question: words,
          confidence: 0.9,
          outcome: "answered",
          answer: words,
          packages: [words],
          evidence: Array.from({ length: 12 }, () => ({
            package: words,
            path: words,
            startByte: 0,
            endByte: 9,
            quote: words,
          })),
        },
      ],
    },
    blackboard: {
      ...figures,
      posted: 2,
      settled: 1,
      open: 1,
      entries: 3,
      explained: [{ path: words, why: `settlement.x: "MIT" (0.95)\n  title posts: ${words}` }],
      agreement: 1,
      firstGuessAgreement: 0.5,
    },
    market: {
      ...figures,
      auctions: 2,
      agreement: 0.9,
      cost: 30,
      alone: [],
      best: { bidder: "similarity-all", agreement: 0.9, cost: 100 },
      cheapest: { bidder: "title", agreement: 0.5, cost: 10 },
      roundRobin: { agreement: 0.7, cost: 40 },
      learned: [{ bidder: words, quality: 0.75, verified: 4, won: 9 }],
    },
    kill: { node: "n1", atMs: 900, suspectedMs: 1_400, resumedMs: null },
  };
}
