import t, { type Test } from "tap";
import { METHODS, methodBidder } from "../../../examples/licence-review/bidders.ts";
import { checker } from "../../../examples/licence-review/checker.ts";
import { type MarketOutcome, runMarket } from "../../../examples/licence-review/market-stage.ts";
import { References } from "../../../examples/licence-review/methods/references.ts";
import type { ReviewedFile } from "../../../examples/licence-review/pipeline-stage.ts";
import { Truth } from "../../../examples/licence-review/truth.ts";
import { type Random, seededRandom } from "../../../runtime/index.ts";
import { DEPENDENCIES, memoryCrew, pipelined, silentProgress } from "./memory-crew.ts";

t.setTimeout(180_000);

const REPLICAS = 3;
const SEEDS = [1, 2, 3, 4, 5] as const;
const references = new References();
const truth = new Truth(DEPENDENCIES);

async function marketOf(
  t: Test,
  files: readonly ReviewedFile[],
  random: Random,
): Promise<MarketOutcome> {
  const crew = await memoryCrew(t, "bare");
  const names = permuted(
    Array.from({ length: METHODS.length * REPLICAS }, (_, i) => `bidder-${i}`),
    random.fork("names"),
  );
  const replicas = METHODS.flatMap((method) => Array.from({ length: REPLICAS }, () => method));
  const bidders = permuted(replicas, random.fork("order")).map((method, i) =>
    crew.system.spawn(methodBidder(method, references), { name: names[i] ?? "" }),
  );
  crew.system.spawn(checker(references), { name: "checker" });
  await Promise.all(bidders.map((bidder) => bidder.ready));
  return runMarket({
    crew,
    progress: silentProgress,
    root: DEPENDENCIES,
    files,
    random: random.fork("files"),
  });
}

function permuted<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

t.test("runMarket", async (t) => {
  const { files } = await pipelined(await memoryCrew(t), DEPENDENCIES);

  for (const seed of SEEDS) {
    t.test(
      `ends within a point of the best bidder at 0.6 of its cost, whatever the names and the order (seed ${seed})`,
      async (t) => {
        const outcome = await marketOf(t, files, seededRandom(seed));
        t.equal(outcome.sold.length, files.length);
        t.equal(new Set(outcome.sold.map(({ file }) => file)).size, files.length);
        const { agreement, cost, alone, best, cheapest, roundRobin } = truth.scoreMarket(outcome);
        const share = cost / best.cost;
        for (const one of alone) {
          t.comment(`${one.bidder} alone: ${one.agreement.toFixed(4)} for ${one.cost}`);
        }
        t.comment(`market ${agreement.toFixed(4)} at ${share.toFixed(3)} of ${best.bidder}`);
        t.comment(outcome.learned.map((one) => JSON.stringify(one)).join(" "));
        for (const one of alone) {
          t.ok(agreement >= one.agreement - 0.01, `${agreement} against ${one.agreement}`);
        }
        t.ok(share <= 0.6, `${share}`);
        t.ok(agreement > cheapest.agreement && agreement > roundRobin.agreement);
        t.equal(cheapest.bidder, "title", "who reads least is cheapest, by what was counted");
      },
    );
  }
});
