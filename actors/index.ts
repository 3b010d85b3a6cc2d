/** Ready-made actors that speak the protocols of the patterns. */
export * from "./auctioneer.ts";
export * from "./bidder.ts";
export * from "./lead.ts";
export * from "./specialist.ts";
