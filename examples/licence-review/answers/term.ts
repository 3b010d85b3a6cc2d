/**
 * Terms: the things a licence text can say that a reader asks about.
 *
 * Owns: the kinds. Its neighbours: `term-patterns.ts` owns the clauses they are read from,
 * `obligations.ts` the reading. Source: the permissions, conditions and limitations of
 * choosealicense.com, whose vocabulary the kinds follow.
 */
import type { Evidence } from "../files/document.ts";

/** What the licence lets you do; `without-condition`: nothing is demanded in return, not even a notice. */
export type PermissionKind =
  | "commercial-use"
  | "modify"
  | "distribute"
  | "sublicense"
  | "private-use"
  | "without-condition";

/** What the licence demands in return. */
export type ObligationKind =
  | "keep-notice"
  | "publish-source"
  | "network-source"
  | "same-licence"
  | "state-changes"
  | "no-endorsement";

/** What the licence says about patents. */
export type PatentKind = "patent-grant" | "patent-termination" | "no-patent-grant";

/** The kind of a term. */
export type TermKind = PermissionKind | ObligationKind | PatentKind;

/** One thing that a text says, and where. Plain data. */
export interface Term {
  readonly kind: TermKind;
  readonly evidence: Evidence;
}
