/**
 * Delegation: a contract between a lead and a specialist, as a pure state machine.
 *
 * Owns: what a contract says, what a specialist may answer, and when the lead stops trying. Its
 * neighbours own to whom (`routing.ts`), loops (`loop-guard.ts`) and the messages' journey
 * (`actors/hierarchy/lead.ts`).
 *
 *   delegated ──report, accepted──► done
 *       │  ▲
 *       │  └── report rejected, more asked for, or unreachable: again, a bounded number of times
 *       └── refused, escalated, late, failed, or no more tries ──► escalated
 *
 * E1: it ends: by the deadline at the latest, and after `revisions` + `grants` + `standIns` further
 *     attempts.
 * E2: what is granted never exceeds the reserve that the delegating side set aside.
 * E3: answers to an earlier attempt change nothing.
 *
 * Cost: O(1) per event.
 */
import type { Trail } from "./loop-guard.ts";

/** What is delegated, and within which limits. */
export interface Contract {
  /** What is to be achieved, in words or as plain data. */
  readonly goal: unknown;
  /** Time until the answer is due, in milliseconds; shrinks hop by hop. */
  readonly withinMs: number;
  /** The check that a report must pass, by name; absent when every report is taken. */
  readonly acceptance?: string;
  /** The tools that may be used, by name. */
  readonly tools: readonly string[];
  /** What it may cost, in 1e-6 USD. */
  readonly sliceMicros: number;
  /** Counts attempts from 1. */
  readonly attempt: number;
  /** What an earlier attempt left behind, or why its report was not accepted. */
  readonly progress?: unknown;
  readonly trail: Trail;
}

/** What a specialist says. */
export type Report =
  | { readonly kind: "done"; readonly result: unknown; readonly costMicros?: number }
  /** It needs more money than its slice; what it has so far comes back with the next attempt. */
  | { readonly kind: "more"; readonly sliceMicros: number; readonly progress?: unknown }
  /** It is not its task. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It cannot be decided at its level. */
  | { readonly kind: "escalated"; readonly reason: string };

/** How much patience there is. */
export interface DelegationLimits {
  /** How often a report may be sent back; default 1. */
  readonly revisions?: number;
  /** How often more money may be granted; default 1. */
  readonly grants?: number;
  /** What may be granted beyond the first slice, in all; default 0. */
  readonly reserveMicros?: number;
  /** How many others may be given the contract, one after the other, when one is unreachable; default 0. */
  readonly standIns?: number;
}

/** Why a delegation went up. */
export type EscalationReason =
  | { readonly kind: "refused" | "escalated" | "failed"; readonly message: string }
  | { readonly kind: "late" }
  | { readonly kind: "not-accepted"; readonly message: string }
  | { readonly kind: "too-dear"; readonly wantedMicros: number };

/** The state of a delegation. */
export type Delegation =
  | {
      readonly phase: "delegated";
      readonly contract: Contract;
      readonly revisionsLeft: number;
      readonly grantsLeft: number;
      readonly standInsLeft: number;
      readonly reserveMicros: number;
    }
  | { readonly phase: "done"; readonly result: unknown; readonly costMicros: number }
  | { readonly phase: "escalated"; readonly reason: EscalationReason };

/** What may happen to a delegation. */
export type DelegationEvent =
  | {
      readonly type: "reported";
      readonly attempt: number;
      readonly report: Report;
      /** What the acceptance check said of a `done` report; `undefined` when it passed. */
      readonly objection?: string;
      /** Time left until the deadline, in milliseconds. */
      readonly leftMs: number;
    }
  /** The specialist threw. */
  | { readonly type: "failed"; readonly attempt: number; readonly message: string }
  /** The specialist or its node is gone; whether it did anything is not known. */
  | {
      readonly type: "unreachable";
      readonly attempt: number;
      readonly message: string;
      /** Time left until the deadline, in milliseconds. */
      readonly leftMs: number;
    }
  | { readonly type: "deadline" };

/** What is to be done. */
export type DelegationEffect =
  | { readonly type: "delegate"; readonly contract: Contract }
  | { readonly type: "finish"; readonly result: unknown; readonly costMicros: number }
  | { readonly type: "escalate"; readonly reason: EscalationReason };

/** A state and what is to be done about it. */
export type DelegationStep = readonly [Delegation, readonly DelegationEffect[]];

/** Hands a contract over. */
export function delegate(contract: Contract, limits: DelegationLimits = {}): DelegationStep {
  const { revisions = 1, grants = 1, standIns = 0, reserveMicros = 0 } = limits;
  return [
    {
      phase: "delegated",
      contract,
      revisionsLeft: revisions,
      grantsLeft: grants,
      standInsLeft: standIns,
      reserveMicros,
    },
    [{ type: "delegate", contract }],
  ];
}

/** Takes a delegation one event further. What does not fit the state changes nothing. */
export function stepDelegation(state: Delegation, event: DelegationEvent): DelegationStep {
  switch (state.phase) {
    case "done":
    case "escalated":
      return [state, []];
    case "delegated":
      switch (event.type) {
        case "deadline":
          return escalated({ kind: "late" });
        case "failed":
          if (event.attempt !== state.contract.attempt) return [state, []];
          return escalated({ kind: "failed", message: event.message });
        case "unreachable":
          if (event.attempt !== state.contract.attempt) return [state, []];
          if (event.leftMs <= 0) return escalated({ kind: "late" });
          return stepUnreachable(state, event);
        case "reported":
          if (event.attempt !== state.contract.attempt) return [state, []];
          if (event.leftMs <= 0) return escalated({ kind: "late" });
          return stepReported(state, event);
      }
  }
}

type Delegated = Extract<Delegation, { readonly phase: "delegated" }>;
type Reported = Extract<DelegationEvent, { readonly type: "reported" }>;
type Unreachable = Extract<DelegationEvent, { readonly type: "unreachable" }>;

function stepUnreachable(state: Delegated, { message, leftMs }: Unreachable): DelegationStep {
  if (state.standInsLeft === 0) return escalated({ kind: "failed", message });
  return again({ ...state, standInsLeft: state.standInsLeft - 1 }, { withinMs: leftMs });
}

function stepReported(state: Delegated, { report, objection, leftMs }: Reported): DelegationStep {
  switch (report.kind) {
    case "done": {
      if (objection === undefined) {
        const { result, costMicros = 0 } = report;
        return [{ phase: "done", result, costMicros }, [{ type: "finish", result, costMicros }]];
      }
      if (state.revisionsLeft === 0) return escalated({ kind: "not-accepted", message: objection });
      const next = { ...state, revisionsLeft: state.revisionsLeft - 1 };
      return again(next, { withinMs: leftMs, progress: { objection, result: report.result } });
    }
    case "more": {
      const wantedMicros = report.sliceMicros - state.contract.sliceMicros;
      // A want that is no number must not pass the comparison.
      if (!(wantedMicros <= state.reserveMicros) || state.grantsLeft === 0) {
        return escalated({ kind: "too-dear", wantedMicros });
      }
      const grantedMicros = Math.max(0, wantedMicros);
      const next = {
        ...state,
        grantsLeft: state.grantsLeft - 1,
        reserveMicros: state.reserveMicros - grantedMicros,
      };
      const sliceMicros = state.contract.sliceMicros + grantedMicros;
      return again(next, { withinMs: leftMs, sliceMicros, progress: report.progress });
    }
    case "refused":
    case "escalated":
      return escalated({ kind: report.kind, message: report.reason });
  }
}

function again(
  state: Delegated,
  changes: Partial<Pick<Contract, "withinMs" | "sliceMicros" | "progress">>,
): DelegationStep {
  const contract = { ...state.contract, ...changes, attempt: state.contract.attempt + 1 };
  return [{ ...state, contract }, [{ type: "delegate", contract }]];
}

function escalated(reason: EscalationReason): DelegationStep {
  return [{ phase: "escalated", reason }, [{ type: "escalate", reason }]];
}
