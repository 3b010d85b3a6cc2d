import t from "tap";
import { METHODS, methodBidder } from "../../../examples/licence-review/bidders.ts";
import { Checker, checker } from "../../../examples/licence-review/checker.ts";
import type { Crew } from "../../../examples/licence-review/crew.ts";
import { type MarketOutcome, runMarket } from "../../../examples/licence-review/market-stage.ts";
import { References } from "../../../examples/licence-review/methods/references.ts";
import type { ReviewedFile } from "../../../examples/licence-review/pipeline-stage.ts";
import { Truth } from "../../../examples/licence-review/truth.ts";
import { actor, type Random, seededRandom } from "../../../runtime/index.ts";
import {
  DEPENDENCIES,
  type MemoryCrew,
  memoryCrew,
  pipelined,
  silentProgress,
} from "./memory-crew.ts";

t.setTimeout(180_000);

const REPLICAS = 3;
const SEEDS = [1, 2, 3, 4, 5] as const;
const references = new References();
const truth = new Truth(DEPENDENCIES);

/** Three bidders of each method, under shuffled names and in a shuffled order. */
function spawnBidders(crew: MemoryCrew, random: Random = seededRandom(1)): void {
  const replicas = METHODS.flatMap((method) => Array.from({ length: REPLICAS }, () => method));
  const names = permuted(
    replicas.map((_, i) => `bidder-${i}`),
    random.fork("names"),
  );
  for (const [i, method] of permuted(replicas, random.fork("order")).entries()) {
    crew.system.spawn(methodBidder(method, references), { name: names[i] ?? "" });
  }
}

function sell(
  crew: Crew,
  files: readonly ReviewedFile[],
  random: Random = seededRandom(1),
): Promise<MarketOutcome> {
  return runMarket({ crew, progress: silentProgress, root: DEPENDENCIES, files, random });
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
        const random = seededRandom(seed);
        const crew = await memoryCrew(t, "bare");
        spawnBidders(crew, random);
        crew.system.spawn(checker(references), { name: "checker" });
        const outcome = await sell(crew, files, random.fork("files"));
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

  t.test("MK3: asks for the comparison when everything is sold", async (t) => {
    const crew = await memoryCrew(t);
    const happened: string[] = [];
    crew.events.subscribe((event) => {
      if (event.type === "auction.closed") happened.push("sold");
      if (event.type === "message.handled" && event.message === "licence-checker.appraise@1") {
        happened.push("compared");
      }
    });
    await sell(crew, files.slice(0, 30));
    t.equal(happened.filter((what) => what === "sold").length, 30);
    t.equal(happened.filter((what) => what === "compared").length, 30);
    t.equal(happened.lastIndexOf("sold"), 29, "no file was compared before the last was sold");
  });

  t.test("MK1: pays for every check", async (t) => {
    const crew = await memoryCrew(t, "bare");
    spawnBidders(crew);
    const DEAR = 1e12;
    let checks = 0;
    const dear = actor(Checker, () => undefined, {
      references: () => 700,
      check: () => {
        checks++;
        return { licence: "MIT", workUnits: DEAR };
      },
      appraise: () => ({}),
    });
    crew.system.spawn(dear, { name: "checker" });
    const { sold, learned } = await sell(crew, files.slice(0, 30));
    const cost = sold.reduce((sum, one) => sum + one.cost, 0);
    t.ok(checks > 0);
    t.equal(Math.floor(cost / DEAR), checks);
    t.ok(
      learned.some(({ verified }) => verified > 0),
      "what was checked was learned",
    );
  });

  t.test("MK4: takes another checker when the node of one is gone", async (t) => {
    const crew = await memoryCrew(t);
    const some = files.slice(0, 30);
    const { sold, alone } = await sell({ ...crew, alive: ["gone", "n1"] }, some);
    t.equal(sold.length, some.length);
    t.ok([...alone.values()].flat().every(({ cost }) => cost > 0));
  });

  t.test("MK4: leaves a file without an answer when nobody bids for it, and goes on", async (t) => {
    const crew = await memoryCrew(t, "bare");
    crew.system.spawn(checker(references), { name: "checker" });
    const { sold, learned } = await sell(crew, files.slice(0, 3));
    t.same(
      sold.map(({ licence, cost }) => ({ licence, cost })),
      Array.from({ length: 3 }, () => ({ licence: null, cost: 0 })),
    );
    t.same(learned, []);
  });

  t.test("rejects when there is nobody to check a result", async (t) => {
    const crew = await memoryCrew(t, "bare");
    await t.rejects(sell({ ...crew, alive: [] }, files.slice(0, 1)), { code: "node.down" });
  });
});
