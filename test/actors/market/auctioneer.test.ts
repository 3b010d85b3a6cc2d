import t, { type Test } from "tap";
import { auctioneer, type BidderSpec, bidder } from "../../../actors/index.ts";
import {
  type Auctioneer,
  type AuctionOutcome,
  Bidder,
  verdictsOn,
} from "../../../protocols/index.ts";
import {
  type ActorRef,
  createSystem,
  EventFeed,
  MemoryHub,
  type System,
  silentLog,
  systemClock,
} from "../../../runtime/index.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import { countedWorld, documentsOf, streamOf } from "../../protocols/simulated-market.ts";

const SPEC = { bidWindow: "150ms", confirm: "1s", lease: "5s" } as const;
const JOB = { capability: "add@1", task: { a: 2, b: 3 }, valueMicros: 400 } as const;
interface Sum {
  readonly a: number;
  readonly b: number;
}

/** Priced so that it comes second whatever is drawn: the value of a result cannot pay for it. */
const DEAR: Partial<BidderSpec<Sum, number>> = { kind: "dear", price: () => 400 };

const adder = (changes: Partial<BidderSpec<Sum, number>> = {}) =>
  bidder<Sum, number>({
    kind: "adder",
    capability: "add@1",
    price: () => 10,
    perform: ({ a, b }) => ({ result: a + b, confidence: 0.99 }),
    ...changes,
  });

function world(t: Test) {
  const clock = new ManualClock();
  const system = createSystem({ clock, log: silentLog });
  t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
  const hall = system.spawn(auctioneer(SPEC), { name: "hall" });
  return { clock, system, hall };
}

/** Starts bidders by name and waits until they listen. */
async function bidders(
  system: System,
  specs: Readonly<Record<string, Partial<BidderSpec<Sum, number>>>>,
): Promise<void> {
  const refs = Object.entries(specs).map(([name, spec]) => system.spawn(adder(spec), { name }));
  await Promise.all(refs.map((ref) => ref.ready));
}

/** Sells the job; time passes only as far as the bid window, unless more is given. */
async function sold(
  { clock, hall }: { readonly clock: ManualClock; readonly hall: ActorRef<HallOperations> },
  request: Partial<typeof JOB> & { readonly mechanism?: "single" | "cascade" } = {},
  passMs = 160,
): Promise<AuctionOutcome> {
  const outcome = hall.ask("auction", { ...JOB, ...request }, { timeout: "1m" });
  await clock.advanceAsync(passMs);
  return outcome;
}

type HallOperations = (typeof Auctioneer)["operations"];

t.test("Auctioneer", async (t) => {
  t.test("sells a task to the best bidder and reports its result and price", async (t) => {
    const at = world(t);
    await bidders(at.system, { dear: DEAR, cheap: {} });
    t.match(await sold(at, { mechanism: "single" }), {
      kind: "awarded",
      best: { bidder: "local/cheap", result: 5, priceMicros: 10 },
      costMicros: 10,
      verify: "learn",
    });
  });

  t.test("closes at once when all bidders known from earlier have answered", async (t) => {
    const at = world(t);
    await bidders(at.system, { one: {}, two: { price: () => undefined } });
    await sold(at);
    t.match(await sold(at, {}, 0), { kind: "awarded" }, "without any time passing");
  });

  t.test("answers a call nobody bids on with no-bids", async (t) => {
    const at = world(t);
    await bidders(at.system, { picky: { price: () => undefined } });
    t.match(await sold(at), { kind: "no-bids", refusals: 1 });
    t.match(await sold(at, { capability: "none@1" as "add@1" }), { kind: "no-bids", refusals: 0 });
  });

  t.test("gives the task to the runner-up when the winner fails", async (t) => {
    const at = world(t);
    const perform = () => {
      throw new Error("out of order");
    };
    await bidders(at.system, { broken: { price: () => 1, perform }, sound: DEAR });
    t.match(await sold(at), {
      kind: "awarded",
      best: { bidder: "local/sound", result: 5, round: 2 },
      attempts: [{ outcome: "failed", reason: "out of order" }, { outcome: "informed" }],
    });
  });

  t.test(
    "gives the task to the runner-up when the winner's lease expires, and stops its work",
    async (t) => {
      const at = world(t);
      let aborted = false;
      const perform: BidderSpec<Sum, number>["perform"] = (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
        });
      await bidders(at.system, { slow: { price: () => 1, perform }, sound: DEAR });
      t.match(await sold(at, {}, 6_000), {
        best: { bidder: "local/sound" },
        attempts: [{ outcome: "lease-expired", priceMicros: 1 }, { outcome: "informed" }],
        costMicros: 401,
      });
      t.ok(aborted, "the withdrawn award's signal aborted");
    },
  );

  t.test("passes over a winner that has died", async (t) => {
    const at = world(t);
    await bidders(at.system, { gone: { price: () => 1 }, sound: DEAR });
    const outcome = at.hall.ask("auction", JOB, { timeout: "1m" });
    await at.clock.settle();
    await at.system.stop(at.system.refOf(Bidder, "local/gone"), "kill");
    await at.clock.advanceAsync(160);
    t.match(await outcome, {
      best: { bidder: "local/sound" },
      attempts: [{ outcome: "unconfirmed", priceMicros: 0 }, { outcome: "informed" }],
    });
  });

  t.test("Q3: does not wait for the lease of a winner that dies at work", async (t) => {
    const at = world(t);
    const perform = () => new Promise<never>(() => {});
    await bidders(at.system, { mortal: { price: () => 1, perform }, sound: DEAR });
    const outcome = at.hall.ask("auction", JOB, { timeout: "1m" });
    await at.clock.advanceAsync(160);
    void at.system.stop(at.system.refOf(Bidder, "local/mortal"), "kill");
    await at.clock.advanceAsync(160);
    t.match(await outcome, {
      best: { bidder: "local/sound" },
      attempts: [{ outcome: "failed", reason: "the bidder has ended" }, { outcome: "informed" }],
    });
    const { roster } = await at.hall.ask("report");
    t.strictSame(Object.keys(roster), ["local/sound"]);
  });

  t.test("excludes a bidder after three failures, and tries it again on probation", async (t) => {
    const at = world(t);
    const health: { isBroken: boolean } = { isBroken: true };
    const perform = ({ a, b }: Sum) => {
      if (health.isBroken) throw new Error("out of order");
      return { result: a + b };
    };
    await bidders(at.system, { weak: { price: () => 1, perform }, sound: DEAR });
    for (let i = 0; i < 3; i++) t.equal(attemptsOf(await sold(at)), 2, `failure ${i + 1}`);
    t.equal(attemptsOf(await sold(at, {}, 0)), 1, "it is excluded");
    health.isBroken = false;
    await at.clock.advanceAsync("5s");
    t.match(await sold(at, {}, 0), { best: { bidder: "local/weak" } }, "it is on probation");
    const { roster } = await at.hall.ask("report");
    t.match(roster, { "local/weak": { standing: { phase: "sound" } } });
  });

  t.test("cancels an open auction and withdraws the award", async (t) => {
    const at = world(t);
    let signal: AbortSignal | undefined;
    const perform: BidderSpec<Sum, number>["perform"] = (_, given) => {
      signal = given.signal;
      return new Promise(() => {});
    };
    await bidders(at.system, { slow: { perform } });
    const outcome = at.hall.ask("auction", { ...JOB, auction: "a1" });
    await at.clock.advanceAsync(200);
    at.hall.tell("cancel", { auction: "a1", reason: "no longer needed" });
    t.match(await outcome, { kind: "cancelled", reason: "no longer needed" });
    await at.clock.settle();
    t.equal(signal?.aborted, true);
  });

  t.test("cancels an auction whose client gave up before its next award", async (t) => {
    const at = world(t);
    await bidders(at.system, { one: {} });
    const outcome = at.hall.ask("auction", JOB, { timeout: 50 });
    const refused = t.rejects(outcome, { code: "ask.timeout", outcome: "unknown" });
    await at.clock.advanceAsync(400);
    await refused;
    t.match(await at.hall.ask("report"), { openAuctions: 0 });
  });

  t.test("refuses requests that make no sense, and more auctions than it can hold", async (t) => {
    const at = world(t);
    await t.rejects(at.hall.ask("auction", { ...JOB, valueMicros: Number.NaN }), {
      code: "refused",
    });
    const small = at.system.spawn(auctioneer({ capacity: 1 }));
    const first = small.ask("auction", JOB);
    await t.rejects(small.ask("auction", JOB), { code: "refused" });
    await at.clock.advanceAsync(200);
    t.match(await first, { kind: "no-bids" });
  });

  t.test("ignores bids whose price is no amount", async (t) => {
    const at = world(t);
    await bidders(at.system, { odd: { price: () => Number.NaN }, minus: { price: () => -1 } });
    t.match(await sold(at), { kind: "no-bids", refusals: 2 });
  });

  t.test("rejects its open auctions when it stops", async (t) => {
    const at = world(t);
    const outcome = at.hall.ask("auction", JOB);
    const rejected = t.rejects(outcome, { code: "actor.stopped" });
    await at.clock.settle();
    await at.system.stop(at.hall);
    await rejected;
  });

  t.test("learns from verified outcomes, once per auction", async (t) => {
    const at = world(t);
    await bidders(at.system, { one: {} });
    const outcome = await sold(at);
    if (outcome.kind !== "awarded") throw new Error(outcome.kind);
    const right = [outcome.best.bidder];
    at.hall.tell("verified", { auction: outcome.auction, right, wrong: [] });
    at.hall.tell("verified", { auction: outcome.auction, right, wrong: [] });
    const { market } = await at.hall.ask("report");
    t.equal(market.quality.outcomes, 1);
    const next = await sold(at, {}, 0);
    t.ok(next.kind === "awarded" && next.quality > outcome.quality);
  });

  t.test("says what happens in events", async (t) => {
    const clock = new ManualClock();
    const events = new EventFeed("local", clock);
    const types: string[] = [];
    events.subscribe(({ type }) => types.push(type));
    const system = createSystem({ clock, events, log: silentLog });
    t.teardown(() => Promise.all([system.shutdown(), clock.advanceAsync("30s")]));
    const hall = system.spawn(auctioneer(SPEC), { name: "hall" });
    await bidders(system, { one: {} });
    await sold({ clock, hall });
    t.strictSame(
      types.filter((type) => type.startsWith("auction.") || type.startsWith("bid.")),
      ["auction.opened", "bid.received", "auction.awarded", "auction.closed"],
    );
  });
});

t.test("Bidders on other nodes", async (t) => {
  t.test("bid, confirm, inform and are told apart by their address", async (t) => {
    const hub = new MemoryHub();
    const [near, far] = ["n1", "n2"].map((node) =>
      createSystem({ node, transport: hub.join(node), log: silentLog }),
    );
    if (near === undefined || far === undefined) throw new Error("two systems were made");
    t.teardown(() => Promise.all([near.shutdown(), far.shutdown()]));
    const hall = near.spawn(auctioneer({ bidWindow: "80ms" }), { name: "hall" });
    await Promise.all([near, far].map((one) => one.spawn(adder(DEAR), { name: "adder" }).ready));
    await far.spawn(adder({ kind: "cheap", price: () => 1 }), { name: "cheap" }).ready;
    const outcome = await hall.ask("auction", { ...JOB, mechanism: "single" });
    t.match(outcome, { kind: "awarded", best: { bidder: "n2/cheap", result: 5 } });
    const { roster } = await hall.ask("report");
    t.strictSame(new Set(Object.keys(roster)), new Set(["n1/adder", "n2/adder", "n2/cheap"]));
  });
});

t.test("400 auctions among 12 bidders on three nodes, 32 at a time", async (t) => {
  const hub = new MemoryHub();
  const systems = ["n1", "n2", "n3"].map((node) =>
    createSystem({ node, transport: hub.join(node), log: silentLog }),
  );
  t.teardown(() => Promise.all(systems.map((system) => system.shutdown())));
  const documents = documentsOf(countedWorld, 400, streamOf(1, "documents"));
  const opinion = (index: number, kind: string) => {
    const found = documents[index]?.opinions.get(kind);
    if (found === undefined) throw new Error(`no opinion of ${kind} on ${index}`);
    return found;
  };
  const definitions = Object.keys(countedWorld).map((kind) =>
    bidder<number, string>({
      kind,
      capability: "classify@1",
      price: (index) => opinion(index, kind).priceMicros,
      perform: (index) => {
        const { answer, confidence, priceMicros } = opinion(index, kind);
        return { result: answer, confidence, priceMicros };
      },
    }),
  );
  await Promise.all(
    systems.flatMap((system) => definitions.map((definition) => system.spawn(definition).ready)),
  );
  const hall = systems[0]?.spawn(auctioneer(), { name: "hall" });
  if (hall === undefined) throw new Error("a system was made");
  const bestMicros = documents.map((_, index) => opinion(index, "all").priceMicros);
  const totalMicros = bestMicros.reduce((sum, price) => sum + price, 0);
  const valueMicros = (25 * totalMicros) / documents.length;

  let [costMicros, right, next] = [0, 0, 0];
  const client = async (): Promise<void> => {
    for (let index = next++; index < documents.length; index = next++) {
      const sale = await hall.ask("auction", {
        capability: "classify@1",
        task: index,
        valueMicros,
      });
      if (sale.kind !== "awarded") throw new Error(`auction ${index} ended ${sale.kind}`);
      const results = sale.attempts.filter((attempt) => attempt.outcome === "informed");
      const wasCompared = results.some(({ kind }) => kind === "all");
      const reference = opinion(index, "all");
      let answer = sale.best.result;
      costMicros += sale.costMicros;
      if (wasCompared || sale.verify !== "none") {
        if (!wasCompared) {
          costMicros += reference.priceMicros;
          answer = reference.answer;
        }
        const verdicts = verdictsOn(results, (result) => result === reference.answer);
        hall.tell("verified", { auction: sale.auction, ...verdicts });
      }
      if (answer === documents[index]?.truth) right++;
    }
  };
  const startedAtMs = systemClock.monotonicMs();
  await Promise.all(Array.from({ length: 32 }, client));
  const tookMs = systemClock.monotonicMs() - startedAtMs;

  t.test("ends near the best bidder at a fraction of its cost", async (t) => {
    const best = documents.filter(({ truth }, index) => opinion(index, "all").answer === truth);
    const agreement = right / documents.length;
    const bestAgreement = best.length / documents.length;
    t.ok(agreement >= bestAgreement - 0.01, `${agreement} against ${bestAgreement}`);
    const share = costMicros / totalMicros;
    t.ok(share <= 0.6, `${share.toFixed(2)} of the cost`);
  });
  t.test("takes less than three seconds", async (t) => {
    t.ok(tookMs < 3_000, `${Math.round(tookMs)} ms`);
  });
});

function attemptsOf(outcome: AuctionOutcome): number {
  return outcome.kind === "no-bids" ? 0 : outcome.attempts.length;
}
