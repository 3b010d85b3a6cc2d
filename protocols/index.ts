/** The patterns as pure message protocols. What is not listed here is private to the folder. */
export type { Activation, Contributed } from "./activation.ts";
export type { Boost, Ksar } from "./agenda.ts";
export type { Assignment, Fallback } from "./assignment.ts";
export { hopOfTask, taskIdOf } from "./assignment.ts";
export type { Attempt, InformedAttempt } from "./attempt.ts";
export { spentMicros } from "./attempt.ts";
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
  Failure,
  Inform,
  MarketReport,
  Refusal,
  Verified,
  DoneWork,
  WorkTurn,
} from "./auction.ts";
export { Auctioneer, Bidder, topicOf } from "./auction.ts";
export type { Beta } from "./beta.ts";
export { deviationOf, meanOf, quantileOf } from "./beta.ts";
export type { BidFacts, Weights } from "./bid-score.ts";
export { cascadeScore, resultValue, singleScore } from "./bid-score.ts";
export { openBoard, step as stepBoard } from "./blackboard.ts";
export type { BoardEffect, BoardEvent } from "./board-event.ts";
export { bucketOf } from "./board-key.ts";
export { statusOf, subjectPage } from "./board-reading.ts";
export type { Blackboard, BoardOptions } from "./board-state.ts";
export type {
  BoardOutcome,
  BoardStatus,
  RefusedDraft,
  SubjectPage,
  SubjectReport,
} from "./board-status.ts";
export type { Capability } from "./capability.ts";
export { capability } from "./capability.ts";
export type { RecordedBid } from "./close-rule.ts";
export { rankedBids } from "./close-rule.ts";
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
} from "./contract-net.ts";
export { open as openAuction, step as stepAuction } from "./contract-net.ts";
export type { Contribution, Draft } from "./contribution.ts";
export type {
  Contract,
  Delegation,
  DelegationEffect,
  DelegationEvent,
  DelegationLimits,
  DelegationStep,
  EscalationReason,
  Report,
} from "./delegation.ts";
export { delegate, stepDelegation } from "./delegation.ts";
export type { Entry } from "./entry.ts";
export type { EntryId } from "./entry-id.ts";
export { entryId } from "./entry-id.ts";
export type { Cause, Explanation } from "./explanation.ts";
export { explain, explanationLines } from "./explanation.ts";
export type { Goal, Settlement, SubjectView } from "./goal.ts";
export type {
  Enquiry,
  Escalation,
  LeadAnswer,
  LeadEscalation,
  LeadOperations,
  Resolution,
  ResolverOperations,
  SpecialistOperations,
} from "./hierarchy.ts";
export { Lead, Resolver, Specialist } from "./hierarchy.ts";
export { progressOf, reportPage } from "./job-report.ts";
export type { KnowledgeSource } from "./knowledge-source.ts";
export type {
  Forgetting,
  Prospect,
  QualityCell,
  QualityGroup,
  QualityTable,
  Signal,
  Track,
} from "./learned-quality.ts";
export { emptyQualityTable, prospectsOf, qualityOf, signalOf } from "./learned-quality.ts";
export type { Level } from "./level.ts";
export type { Footstep, LoopLimits, LoopVerdict, Trail } from "./loop-guard.ts";
export { argumentsKey, followed } from "./loop-guard.ts";
export type { Demand, Market, OfferedBid, OfferedResult, WeighedResult } from "./market.ts";
export { emptyMarket, learn, ratedBid, weighResult } from "./market.ts";
export type { Merge, Merged } from "./merge.ts";
export { latest, noisyOr, strongest } from "./merge.ts";
export { begin as beginJob, step as stepJob } from "./orchestration.ts";
export type { OrchestrationEffect, OrchestrationEvent } from "./orchestration-event.ts";
export type { Orchestration, OrchestrationOptions } from "./orchestration-state.ts";
export type { Assign, Assigned, Plan, PlanFault } from "./plan.ts";
export { parsePlan, plan } from "./plan.ts";
export type {
  AssignmentPhase,
  AssignmentReport,
  HopRecord,
  JobPhase,
  Progress,
  ReportPage,
} from "./progress.ts";
export type { ExclusionPolicy, Member as MarketMember, Roster, Standing } from "./roster.ts";
export { isAdmitted, participantsOf } from "./roster.ts";
export type { IntentScore, Route, RoutingThresholds } from "./routing.ts";
export { confidenceOf, rankedIntents, route } from "./routing.ts";
export type { Condition, Trigger } from "./trigger.ts";
export type { Verdicts, VerificationAdvice, VerificationPolicy } from "./verification.ts";
export { checkedShare, verdictsOn, verificationAdvice } from "./verification.ts";
export type { WorkRates } from "./work-rate.ts";
