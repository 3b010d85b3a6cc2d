/**
 * A lead: finds out what a question is about, and has a specialist answer it under a deadline.
 *
 * Owns: the messages' journey between asker, specialists and those above. The decisions are its
 * neighbours': `protocols/hierarchy/routing.ts` (to whom, and whether that is sure enough),
 * `protocols/hierarchy/delegation.ts` (what a report brings about), `protocols/hierarchy/loop-guard.ts` (when to stop).
 *
 * R1: a question below the thresholds is never delegated.
 * R2: a refused, failed, late or rejected delegation goes up; with nobody above, the asker is told.
 * R3: an unreachable specialist's contract goes to its stand-ins, those on nodes that nobody suspects
 *     first; only then it goes up.
 * R4: it answers many questions at once; each is bounded by its deadline and that of those above.
 */
import {
  type Contract,
  type Delegation,
  type DelegationEvent,
  type DelegationLimits,
  delegate,
  stepDelegation,
} from "../../protocols/hierarchy/delegation.ts";
import {
  type Enquiry,
  Lead,
  type LeadAnswer,
  type LeadEscalation,
  type LeadOperations,
  type Resolution,
  type ResolverOperations,
  Specialist,
} from "../../protocols/hierarchy/hierarchy.ts";
import {
  argumentsKey,
  followed,
  type LoopLimits,
  type Trail,
} from "../../protocols/hierarchy/loop-guard.ts";
import {
  checkedThresholds,
  type IntentScore,
  type Route,
  type RoutingThresholds,
  route,
} from "../../protocols/hierarchy/routing.ts";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorOptions,
  actor,
} from "../../runtime/actor.ts";
import { type Address, nodeOf } from "../../runtime/address.ts";
import { replyLater } from "../../runtime/deferred-reply.ts";
import { type Duration, durationMs } from "../../runtime/duration.ts";
import { type Membership, takesNewWork } from "../../runtime/ports/membership.ts";
import type { Protocol } from "../../runtime/protocol.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";

/** A kind of question, and who answers it. */
export interface Intent {
  readonly name: string;
  readonly specialist: Address;
  /**
   * Who is given the contract when the specialist or its node is gone, in this order. The one that is
   * gone may have done it too.
   */
  readonly standIns?: readonly Address[];
  /** Questions of this kind, for the scorer. */
  readonly examples: readonly string[];
  readonly keywords?: readonly string[];
  /** The acceptance check its reports must pass, by name. */
  readonly acceptance?: string;
  /** The tools its specialist may use, by name. */
  readonly tools?: readonly string[];
}

/** What a lead is. */
export interface LeadSpec {
  readonly intents: readonly Intent[];
  /** How well a question fits each intent, 0..1. */
  readonly score: (
    question: string,
    intents: readonly Intent[],
  ) => readonly IntentScore[] | Promise<readonly IntentScore[]>;
  readonly thresholds?: RoutingThresholds;
  /** Acceptance checks by name: `undefined` accepts, a sentence says what is missing. */
  readonly acceptance?: Readonly<
    Record<string, (result: unknown, enquiry: Enquiry) => string | undefined>
  >;
  /** How long a specialist may take, revisions included; default 10 s. */
  readonly deadline?: Duration;
  /** What a specialist may spend at first, in 1e-6 USD; default 0. */
  readonly sliceMicros?: number;
  readonly limits?: Omit<DelegationLimits, "standIns"> & LoopLimits;
  /** Who takes what this lead cannot answer: a lead above, or a person's actor. */
  readonly escalateTo?: {
    readonly address: Address;
    readonly protocol: Protocol<ResolverOperations>;
  };
  /** How long those above may take; default 30 s. */
  readonly escalationDeadline?: Duration;
}

type Context = ActorContext<LeadOperations, undefined, undefined>;

/** A question on its way. */
interface Case {
  readonly enquiry: Enquiry;
  readonly trail: Trail;
  readonly confidence: number;
}

type EndedDelegation = Exclude<Delegation, { readonly phase: "delegated" }>;

/** A contract in somebody's hands. */
interface Attempt {
  readonly enquiry: Enquiry;
  readonly intent: Intent;
  readonly by: Address;
  readonly contract: Contract;
  /** On the monotonic clock. */
  readonly dueAtMs: number;
}

/**
 * Defines a lead.
 *
 * @throws {TypeError} when two intents share a name or name an acceptance check that does not exist
 * @throws {RangeError} when the thresholds or a duration are not in order
 */
export function lead(
  spec: LeadSpec,
  options: ActorOptions = {},
): ActorDefinition<LeadOperations, undefined> {
  checkIntents(spec);
  const thresholds = checkedThresholds(spec.thresholds ?? {});
  const deadlineMs = durationMs(spec.deadline ?? "10s");
  const escalationMs = durationMs(spec.escalationDeadline ?? "30s");
  const intents = new Map(spec.intents.map((intent) => [intent.name, intent]));

  return actor(
    Lead,
    (): undefined => undefined,
    {
      // It has no state that its cases could race for.
      handle: (ctx, enquiry) => replyLater(handle(ctx, enquiry)),
      resolve: (ctx, { question, context, trail }) =>
        replyLater(handle(ctx, { question, context, trail }).then(asResolution)),
    },
    options,
  );

  async function handle(ctx: Context, enquiry: Enquiry): Promise<LeadAnswer> {
    const routed = await routeOf(enquiry);
    const { confidence } = routed;
    const trail = enquiry.trail ?? [];
    ctx.ports.events.emit({
      type: "question.routed",
      question: enquiry.question,
      intent: routed.kind === "delegate" ? routed.intent : routed.kind,
      confidence,
    });
    switch (routed.kind) {
      case "clarify":
        return { kind: "clarify", intents: routed.intents, confidence };
      case "escalate":
        return escalate(ctx, { enquiry, trail, confidence }, { kind: routed.reason });
      case "delegate": {
        const intent = intents.get(routed.intent);
        if (intent === undefined) {
          throw new TypeError(
            `score named an intent that the lead does not have: ${routed.intent}`,
          );
        }
        return pursue(ctx, { enquiry, trail, confidence }, intent);
      }
    }
  }

  async function routeOf(enquiry: Enquiry): Promise<Route> {
    const { intent, question } = enquiry;
    if (intent !== undefined && intents.has(intent)) {
      return { kind: "delegate", intent, confidence: 1 };
    }
    return route(await spec.score(question, spec.intents), thresholds);
  }

  async function pursue(ctx: Context, at: Case, intent: Intent): Promise<LeadAnswer> {
    const { question, context } = at.enquiry;
    const step = {
      agent: intent.specialist,
      operation: "undertake",
      arguments: argumentsKey({ question, context }),
    };
    const verdict = followed(at.trail, step, spec.limits);
    if (!verdict.ok) return escalate(ctx, at, { kind: verdict.reason });
    const contract: Contract = {
      goal: context === undefined ? { question } : { question, context },
      withinMs: deadlineMs,
      tools: intent.tools ?? [],
      sliceMicros: spec.sliceMicros ?? 0,
      attempt: 1,
      trail: verdict.trail,
      ...(intent.acceptance === undefined ? {} : { acceptance: intent.acceptance }),
    };
    const { end, by } = await carriedOut(ctx, at.enquiry, intent, contract);
    const { confidence } = at;
    if (end.phase === "escalated") {
      return escalate(ctx, { ...at, trail: verdict.trail }, end.reason);
    }
    const { result, costMicros } = end;
    return { kind: "answered", intent: intent.name, confidence, by, result, costMicros };
  }

  async function carriedOut(
    ctx: Context,
    enquiry: Enquiry,
    intent: Intent,
    contract: Contract,
  ): Promise<{ readonly end: EndedDelegation; readonly by: Address }> {
    const dueAtMs = ctx.clock.monotonicMs() + deadlineMs;
    const [first, ...standIns] = candidatesFor(intent, ctx.ports.membership);
    let by = first;
    let [state] = delegate(contract, { ...spec.limits, standIns: standIns.length });
    // Bounded by E1: each turn uses up an attempt.
    while (state.phase === "delegated") {
      const event = await attempt(ctx, { enquiry, intent, by, contract: state.contract, dueAtMs });
      [state] = stepDelegation(state, event);
      if (event.type === "unreachable") by = standIns.shift() ?? by;
    }
    return { end: state, by };
  }

  async function attempt(
    ctx: Context,
    { enquiry, intent, by, contract, dueAtMs }: Attempt,
  ): Promise<DelegationEvent> {
    const specialist = ctx.refOf(Specialist, by);
    const leftMs = (): number => dueAtMs - ctx.clock.monotonicMs();
    const { attempt } = contract;
    try {
      const report = await specialist.ask("undertake", contract, { timeout: contract.withinMs });
      const objection =
        report.kind === "done" ? objectionTo(report.result, intent, enquiry) : undefined;
      return {
        type: "reported",
        attempt,
        report,
        leftMs: leftMs(),
        ...(objection === undefined ? {} : { objection }),
      };
    } catch (error) {
      switch (failureKind(error)) {
        case "late":
          return { type: "deadline" };
        case "unreachable":
          return { type: "unreachable", attempt, message: messageOf(error), leftMs: leftMs() };
        case "failed":
          return { type: "failed", attempt, message: messageOf(error) };
      }
    }
  }

  function objectionTo(result: unknown, intent: Intent, enquiry: Enquiry): string | undefined {
    const check =
      intent.acceptance === undefined ? undefined : spec.acceptance?.[intent.acceptance];
    return check?.(result, enquiry);
  }

  async function escalate(ctx: Context, at: Case, reason: LeadEscalation): Promise<LeadAnswer> {
    const { enquiry, trail, confidence } = at;
    if (spec.escalateTo === undefined) return { kind: "escalated", reason, confidence };
    const { question, context } = enquiry;
    const from = ctx.self.address;
    const escalation = {
      question,
      reason,
      from,
      trail,
      ...(context === undefined ? {} : { context }),
    };
    const above = ctx.refOf(spec.escalateTo.protocol, spec.escalateTo.address);
    const resolution = await above
      .ask("resolve", escalation, { timeout: escalationMs })
      .catch((error): Resolution => ({ kind: "declined", reason: messageOf(error) }));
    return { kind: "escalated", reason, confidence, resolution };
  }
}

/** The specialist and its stand-ins; those on nodes that take no new work come last. */
function candidatesFor(
  { specialist, standIns = [] }: Intent,
  membership: Membership,
): readonly [Address, ...Address[]] {
  const gone = new Set<string>();
  for (const { name, phase } of membership.members()) {
    if (takesNewWork(phase)) gone.delete(name);
    else gone.add(name);
  }
  const all = [specialist, ...standIns];
  const isGone = (address: Address): boolean => gone.has(nodeOf(address));
  const [first = specialist, ...others] = [
    ...all.filter((address) => !isGone(address)),
    ...all.filter(isGone),
  ];
  return [first, ...others];
}

/** Why an ask brought no report. What the specialist itself threw would be thrown elsewhere too. */
function failureKind(error: unknown): "late" | "unreachable" | "failed" {
  if (!(error instanceof TroupeError)) return "failed";
  if (error.code === "ask.timeout" || error.code === "ask.expired") return "late";
  return error.retry === "never" || error.outcome === "failed" ? "failed" : "unreachable";
}

function asResolution(answer: LeadAnswer): Resolution {
  switch (answer.kind) {
    case "answered":
      return { kind: "answered", by: answer.by, result: answer.result };
    case "clarify":
      return { kind: "declined", reason: `it could mean ${answer.intents.join(" or ")}` };
    case "escalated":
      return answer.resolution ?? { kind: "declined", reason: answer.reason.kind };
  }
}

function checkIntents({ intents, acceptance = {} }: LeadSpec): void {
  const names = new Set<string>();
  for (const intent of intents) {
    if (names.has(intent.name)) throw new TypeError(`two intents are named ${intent.name}`);
    names.add(intent.name);
    if (intent.acceptance !== undefined && !Object.hasOwn(acceptance, intent.acceptance)) {
      throw new TypeError(`intent ${intent.name}: no acceptance check ${intent.acceptance}`);
    }
  }
}
