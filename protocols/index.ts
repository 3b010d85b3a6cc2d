/** The patterns as pure message protocols. What is not listed here is private to the folder. */

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
  Work,
  WorkTurn,
} from "./auction.ts";
export { Auctioneer, Bidder, topicOf } from "./auction.ts";
export type { Beta } from "./beta.ts";
export { deviationOf, meanOf, quantileOf } from "./beta.ts";
export type { BidFacts, Weights } from "./bid-score.ts";
export { cascadeScore, resultValue, singleScore } from "./bid-score.ts";
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
export type { Footstep, LoopLimits, LoopVerdict, Trail } from "./loop-guard.ts";
export { argumentsKey, followed } from "./loop-guard.ts";
export type { Demand, Market, OfferedBid, OfferedResult, WeighedResult } from "./market.ts";
export { emptyMarket, learn, ratedBid, weighResult } from "./market.ts";
export type { ExclusionPolicy, Member as MarketMember, Roster, Standing } from "./roster.ts";
export { isAdmitted, participantsOf } from "./roster.ts";
export type { IntentScore, Route, RoutingThresholds } from "./routing.ts";
export { confidenceOf, rankedIntents, route } from "./routing.ts";
export type { Verdicts, VerificationAdvice, VerificationPolicy } from "./verification.ts";
export { checkedShare, verdictsOn, verificationAdvice } from "./verification.ts";
export type { WorkRates } from "./work-rate.ts";
