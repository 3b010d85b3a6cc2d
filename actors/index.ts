/** Ready-made actors that speak the protocols of the patterns. */
export type { AuctioneerSpec } from "./auctioneer.ts";
export { auctioneer } from "./auctioneer.ts";
export type { BidderSpec, Performance, Performed } from "./bidder.ts";
export { bidder } from "./bidder.ts";
export type { Intent, LeadSpec } from "./lead.ts";
export { lead } from "./lead.ts";
export type { SpecialistContext } from "./specialist.ts";
export { specialist } from "./specialist.ts";
