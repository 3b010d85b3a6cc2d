/** The patterns as pure message protocols. What is not listed here is private to the folder. */
export type { Activation, Contributed } from "./blackboard/activation.ts";
export type { Boost, Ksar } from "./blackboard/agenda.ts";
export { openBoard, step as stepBoard } from "./blackboard/blackboard.ts";
export type { Batch, Proposal, StandingEntry } from "./blackboard/board-batch.ts";
export type { BoardEffect, BoardEvent } from "./blackboard/board-event.ts";
export { bucketOf, type StoredKsar } from "./blackboard/board-key.ts";
export { statusOf, subjectPage } from "./blackboard/board-reading.ts";
export type { Blackboard, BoardOptions } from "./blackboard/board-state.ts";
export type {
  BoardOutcome,
  BoardStatus,
  RefusedDraft,
  SubjectPage,
  SubjectReport,
} from "./blackboard/board-status.ts";
export type { Contribution, Draft, Statement } from "./blackboard/contribution.ts";
export type { Entry } from "./blackboard/entry.ts";
export type { EntryId } from "./blackboard/entry-id.ts";
export { entryId } from "./blackboard/entry-id.ts";
export type { Cause, Explanation } from "./blackboard/explanation.ts";
export { explain, explanationLines } from "./blackboard/explanation.ts";
export type { Goal, Settlement, SubjectView } from "./blackboard/goal.ts";
export type { KnowledgeSource } from "./blackboard/knowledge-source.ts";
export type { Level } from "./blackboard/level.ts";
export type { Merge, Merged } from "./blackboard/merge.ts";
export { latest, noisyOr, strongest } from "./blackboard/merge.ts";
export type { Condition, Trigger } from "./blackboard/trigger.ts";
export type {
  Contract,
  Delegation,
  DelegationEffect,
  DelegationEvent,
  DelegationLimits,
  DelegationStep,
  EscalationReason,
  Report,
} from "./hierarchy/delegation.ts";
export { delegate, stepDelegation } from "./hierarchy/delegation.ts";
export type {
  Enquiry,
  Escalation,
  LeadAnswer,
  LeadEscalation,
  LeadOperations,
  Resolution,
  ResolverOperations,
  SpecialistOperations,
} from "./hierarchy/hierarchy.ts";
export { Lead, Resolver, Specialist } from "./hierarchy/hierarchy.ts";
export type { Footstep, LoopLimits, LoopVerdict, Trail } from "./hierarchy/loop-guard.ts";
export { argumentsKey, followed } from "./hierarchy/loop-guard.ts";
export type { IntentScore, Route, RoutingThresholds } from "./hierarchy/routing.ts";
export { confidenceOf, rankedIntents, route } from "./hierarchy/routing.ts";
export type { Attempt, InformedAttempt } from "./market/attempt.ts";
export { spentMicros } from "./market/attempt.ts";
export type {
  AuctioneerOperations,
  AuctionOutcome,
  AuctionRequest,
  AuctionTurn,
  Award,
  Bid,
  BidderOperations,
  CallForProposals,
  Confirmation,
  DoneWork,
  Failure,
  Inform,
  MarketReport,
  Refusal,
  Verified,
  WorkTurn,
} from "./market/auction.ts";
export { Auctioneer, Bidder, topicOf } from "./market/auction.ts";
export type { Beta } from "./market/beta.ts";
export { deviationOf, meanOf, quantileOf } from "./market/beta.ts";
export type { BidFacts, Weights } from "./market/bid-score.ts";
export { cascadeScore, resultValue, singleScore } from "./market/bid-score.ts";
export type { RecordedBid } from "./market/close-rule.ts";
export { rankedBids } from "./market/close-rule.ts";
export type {
  AuctionTerms,
  Bidding,
  Closed,
  Contracted,
  ContractNet,
  ContractNetEffect,
  ContractNetEvent,
  ContractNetOutcome,
  ContractNetStep,
} from "./market/contract-net.ts";
export { open as openAuction, step as stepAuction } from "./market/contract-net.ts";
export type {
  Forgetting,
  Prospect,
  QualityCell,
  QualityGroup,
  QualityTable,
  Signal,
  Track,
} from "./market/learned-quality.ts";
export { emptyQualityTable, prospectsOf, qualityOf, signalOf } from "./market/learned-quality.ts";
export type { Demand, Market, OfferedBid, OfferedResult, WeighedResult } from "./market/market.ts";
export { emptyMarket, learn, ratedBid, weighResult } from "./market/market.ts";
export type { ExclusionPolicy, Member as MarketMember, Roster, Standing } from "./market/roster.ts";
export { isAdmitted, participantsOf } from "./market/roster.ts";
export type { Verdicts, VerificationAdvice, VerificationPolicy } from "./market/verification.ts";
export { checkedShare, verdictsOn, verificationAdvice } from "./market/verification.ts";
export type { WorkRates } from "./market/work-rate.ts";
export type { Assignment, Fallback } from "./orchestration/assignment.ts";
export { hopOfTask, taskIdOf } from "./orchestration/assignment.ts";
export type { Capability } from "./orchestration/capability.ts";
export { capability } from "./orchestration/capability.ts";
export { progressOf, reportPage } from "./orchestration/job-report.ts";
export { begin as beginJob, step as stepJob } from "./orchestration/orchestration.ts";
export type {
  OrchestrationEffect,
  OrchestrationEvent,
} from "./orchestration/orchestration-event.ts";
export type { Orchestration, OrchestrationOptions } from "./orchestration/orchestration-state.ts";
export type {
  Assign,
  Assigned,
  AssignmentOptions,
  Need,
  Plan,
  PlanFault,
} from "./orchestration/plan.ts";
export { parsePlan, plan } from "./orchestration/plan.ts";
export type {
  AssignmentPhase,
  AssignmentReport,
  HopRecord,
  JobPhase,
  PhaseCounts,
  Progress,
  ReportPage,
} from "./orchestration/progress.ts";
