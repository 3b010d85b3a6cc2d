/**
 * The market job of `troupe bench load --pattern market`: an auctioneer on every node, and two bidders of
 * different price; a call goes to the bidders of all nodes.
 */
import { auctioneer, bidder } from "../../../actors/index.ts";
import type { Node } from "../../../cluster/index.ts";
import { Auctioneer } from "../../../protocols/index.ts";
import { addressOf, type ChildSpec, child } from "../../../runtime/index.ts";
import { patternJob } from "./pattern-job.ts";

const CAPABILITY = "sort@1";
const VALUE_MICROS = 1_000;
const MAILBOX = { capacity: 65_536 } as const;

const bidderOf = (kind: string, priceMicros: number) =>
  bidder<number, number>({
    kind,
    capability: CAPABILITY,
    price: () => priceMicros,
    perform: (task) => ({ result: task % 2, confidence: 0.95 }),
  });

/** The actors of one node. */
export function children(node: Pick<Node, "name">): readonly ChildSpec[] {
  const hall = addressOf(node.name, "hall");
  const job = patternJob(async (ctx) => {
    const offer = {
      capability: CAPABILITY,
      task: ctx.random.int(1_000),
      valueMicros: VALUE_MICROS,
    };
    const sold = await ctx.refOf(Auctioneer, hall).ask("auction", offer);
    return sold.kind === "awarded" ? sold.best.result : ctx.fail(`auction.${sold.kind}`);
  });
  return [
    child(auctioneer({ bidWindow: "50ms", capacity: 10_000 }), { name: "hall" }),
    child(bidderOf("cheap", 100), { name: "cheap", mailbox: MAILBOX }),
    child(bidderOf("dear", 300), { name: "dear", mailbox: MAILBOX }),
    child(job, { name: "job" }),
  ];
}
