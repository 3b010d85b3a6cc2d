/** The patterns as pure message protocols. */
export * from "./auction.ts";
export * from "./beta.ts";
export * from "./bid-score.ts";
export * from "./close-rule.ts";
export * from "./contract-net.ts";
export * from "./delegation.ts";
export * from "./hierarchy.ts";
export * from "./learned-quality.ts";
export * from "./loop-guard.ts";
export * from "./market.ts";
export * from "./roster.ts";
export * from "./routing.ts";
export * from "./verification.ts";
export * from "./work-rate.ts";
