import t from "tap";
import { seededRandom } from "../../../runtime/ports/random.ts";
import {
  always,
  auctionAll,
  biddersOf,
  braggingWorld,
  closeWorld,
  countedWorld,
  documentsOf,
  streamOf,
  type World,
} from "../simulated-market.ts";

const DOCUMENTS = 400;
const SEEDS = [1, 2, 3, 4, 5];
const REFERENCE = "all";

/** Names in another order for every seed, so that nothing can depend on them. */
function permutedNames(seed: number, count: number): readonly string[] {
  const random = seededRandom(seed).fork("names");
  return Array.from({ length: count }, (_, index) => ({ name: `n1/b${index}`, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ name }) => name);
}

function run(world: World, seed: number, replicas: number) {
  const documents = documentsOf(world, DOCUMENTS, streamOf(seed, "documents"));
  const best = always(REFERENCE, documents);
  const names = permutedNames(seed, Object.keys(world).length * replicas);
  const market = auctionAll(documents, {
    reference: REFERENCE,
    bidders: biddersOf(world, replicas, (index) => names[index] ?? ""),
    valueMicros: (25 * best.costMicros) / DOCUMENTS,
    random: streamOf(seed, "run"),
  });
  return { documents, best, market };
}

t.test("A market of cheap and dear bidders whose table starts empty", async (t) => {
  const worlds = { countedWorld, closeWorld, braggingWorld };
  for (const [name, world] of Object.entries(worlds)) {
    for (const replicas of [1, 3]) {
      t.test(
        `ends near the best bidder at a fraction of its price: ${name} × ${replicas}`,
        async (t) => {
          for (const seed of SEEDS) {
            const { best, market } = run(world, seed, replicas);
            const share = market.costMicros / best.costMicros;
            const said = `seed ${seed}: ${market.agreement} against ${best.agreement} at ${share.toFixed(2)} of its cost, ${market.checks} checks`;
            t.ok(market.agreement >= best.agreement - 0.01, said);
            t.ok(share <= 0.6, said);
          }
        },
      );
    }
  }

  t.test("is better than always the cheapest and than round robin", async (t) => {
    for (const seed of SEEDS) {
      const { documents, market } = run(countedWorld, seed, 3);
      const kinds = Object.keys(countedWorld);
      const each = kinds.map((kind) => always(kind, documents).agreement);
      const cheapest = always("title", documents).agreement;
      const roundRobin = each.reduce((sum, agreement) => sum + agreement, 0) / kinds.length;
      t.ok(market.agreement > cheapest, `seed ${seed}: cheapest ${cheapest}`);
      t.ok(market.agreement > roundRobin, `seed ${seed}: round robin ${roundRobin}`);
    }
  });

  t.test("checks less and less", async (t) => {
    const { documents } = run(countedWorld, 1, 1);
    const checksIn = (count: number): number =>
      auctionAll(documents.slice(0, count), {
        reference: REFERENCE,
        bidders: biddersOf(countedWorld, 1, (index) => `n1/b${index}`),
        valueMicros: 12_000_000,
        random: streamOf(1, "run"),
      }).checks;
    const [early, all] = [checksIn(DOCUMENTS / 2), checksIn(DOCUMENTS)];
    t.ok(early > 0, `${early} checks in the first half`);
    t.ok(all - early < early, `${all - early} in the second`);
  });

  t.test("K2: comes to the same in a second run with the same seeds", async (t) => {
    const [first, second] = [run(countedWorld, 3, 3).market, run(countedWorld, 3, 3).market];
    t.strictSame(first, second);
  });
});
