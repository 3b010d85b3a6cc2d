/** The patterns that a load can be put on: a small job of each, built in. */
import { fileURLToPath } from "node:url";

/** A pattern's name. */
export type LoadPattern = "orchestrator" | "hierarchy" | "blackboard" | "market";

/** All of them, with what one request is. */
export const LOAD_PATTERNS: Readonly<Record<LoadPattern, string>> = {
  orchestrator: "a plan of three texts read, counted and summed up: seven durable tasks",
  hierarchy: "a question routed by its intent and answered by a specialist",
  blackboard: "a sighting posted to a board and settled by three knowledge sources",
  market: "a task auctioned among the bidders of all nodes, and done by the winner",
};

/** What every pattern's module exports: an actor of that name, asked for one job at a time. */
export const PATTERN_OP = "pattern-job@1.run";
/** The name of that actor. */
export const PATTERN_ACTOR = "job";

/** The module that every node runs. */
export function patternModule(pattern: LoadPattern): string {
  return fileURLToPath(new URL(`./patterns/${pattern}.js`, import.meta.url));
}
