/**
 * The loop guard: a chain of delegations may not do the same thing with the same arguments again and
 * again, nor grow without end.
 *
 * Owns: the trail that travels with a contract, and the decision to stop. Depth and repetition are
 * counted along one chain, so that unrelated work is never blamed.
 *
 * Cost: O(length of the trail), which is bounded.
 */
import type { Address } from "../../runtime/address.ts";

/** One delegation: who was to do what with which arguments. */
export interface Footstep {
  readonly agent: Address;
  readonly operation: string;
  /** The arguments in a canonical form; see {@link argumentsKey}. */
  readonly arguments: string;
}

/** The delegations that led to the present one, outermost first. */
export type Trail = readonly Footstep[];

/** How much is allowed. */
export interface LoopLimits {
  /** How often one agent may do one thing with the same arguments along a chain; default 1. */
  readonly repeats?: number;
  /** How many delegations may be nested; default 8. */
  readonly depth?: number;
}

/** Whether a chain may go on, and its trail when it may. */
export type LoopVerdict =
  | { readonly ok: true; readonly trail: Trail }
  | { readonly ok: false; readonly reason: "loop" | "too-deep" };

/** Takes one more step along a trail, if it is allowed. */
export function followed(trail: Trail, next: Footstep, limits: LoopLimits = {}): LoopVerdict {
  const { repeats = 1, depth = 8 } = limits;
  if (trail.length >= depth) return { ok: false, reason: "too-deep" };
  const taken = trail.filter(
    (step) =>
      step.agent === next.agent &&
      step.operation === next.operation &&
      step.arguments === next.arguments,
  ).length;
  return taken < repeats ? { ok: true, trail: [...trail, next] } : { ok: false, reason: "loop" };
}

/** Plain data as text; objects that differ only in the order of their keys give the same. */
export function argumentsKey(value: unknown): string {
  // In a list, because a bare `undefined` has no JSON.
  return JSON.stringify([value], (_, part: unknown) =>
    isRecord(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
