/**
 * The messages of the hierarchy: what askers, leads, specialists and those above say to each other.
 *
 * Owns: the protocols and their payloads. What they bring about is `routing.ts` and `delegation.ts`;
 * `actors/hierarchy/lead.ts` and `actors/hierarchy/specialist.ts` speak them.
 *
 *   asker ──handle──► lead ──undertake (contract)──► specialist
 *                      │  ◄──report: done, more, refused, escalated
 *                      └──resolve──► a lead above, or a person's actor
 */
import type { Address } from "../../runtime/address.ts";
import { type Ask, ask, type Protocol, protocol } from "../../runtime/protocol.ts";
import type { Contract, EscalationReason, Report } from "./delegation.ts";
import type { Trail } from "./loop-guard.ts";

/** A question for a lead. */
export interface Enquiry {
  readonly question: string;
  /** Plain data that the specialist receives with the question. */
  readonly context?: unknown;
  /** The intent, when the asker knows it, for example after a clarification. */
  readonly intent?: string;
  /** The delegations that led here; absent at the first. */
  readonly trail?: Trail;
}

/** What a lead answers. */
export type LeadAnswer =
  | {
      readonly kind: "answered";
      readonly intent: string;
      readonly confidence: number;
      readonly by: Address;
      readonly result: unknown;
      readonly costMicros: number;
    }
  /** Ask again with one of these as `intent`, or in other words. */
  | { readonly kind: "clarify"; readonly intents: readonly string[]; readonly confidence: number }
  | {
      readonly kind: "escalated";
      readonly reason: LeadEscalation;
      readonly confidence: number;
      /** What came of it; absent when there is nobody above. */
      readonly resolution?: Resolution;
    };

/** Why a lead could not answer by itself. */
export type LeadEscalation =
  | EscalationReason
  | { readonly kind: "no-intent-fits" }
  | { readonly kind: "loop" | "too-deep" };

/** A question that went up. */
export interface Escalation {
  readonly question: string;
  readonly context?: unknown;
  readonly reason: LeadEscalation;
  /** Who could not answer. */
  readonly from: Address;
  readonly trail: Trail;
}

/** What those above say. */
export type Resolution =
  | { readonly kind: "answered"; readonly by: Address; readonly result: unknown }
  | { readonly kind: "declined"; readonly reason: string };

/** The operations of a {@link Resolver}. */
export type ResolverOperations = { readonly resolve: Ask<Escalation, Resolution> };

/** The operations of a {@link Lead}: it resolves for leads below as well. */
export type LeadOperations = ResolverOperations & { readonly handle: Ask<Enquiry, LeadAnswer> };

/** The operations of a {@link Specialist}. */
export type SpecialistOperations = { readonly undertake: Ask<Contract, Report> };

/** Routes questions to specialists. */
export const Lead: Protocol<LeadOperations> = protocol("lead@1", {
  handle: ask<Enquiry, LeadAnswer>(),
  resolve: ask<Escalation, Resolution>(),
});

/** Does what a contract says. */
export const Specialist: Protocol<SpecialistOperations> = protocol("specialist@1", {
  undertake: ask<Contract, Report>(),
});

/** Takes what leads could not answer: a person's actor, or any other last resort. */
export const Resolver: Protocol<ResolverOperations> = protocol("resolver@1", {
  resolve: ask<Escalation, Resolution>(),
});
