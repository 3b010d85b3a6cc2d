import t from "tap";
import type { Lease, LeaseOptions } from "../../../cluster/membership/lease.ts";
import {
  acquireLease,
  holderOf,
  LEASE_BUCKET,
  leaseKey,
  lookAfter,
} from "../../../cluster/membership/lease.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { MemoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { memoryKeyValues } from "../../../runtime/ports/memory-key-value.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ManualClock } from "../../../runtime/testing/index.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";

const TTL_MS = 5_000;

async function world(): Promise<{
  clock: ManualClock;
  stores: MemoryKeyValues;
  options: (seed?: number) => LeaseOptions;
}> {
  const clock = new ManualClock();
  const stores = memoryKeyValues({ clock });
  const bucket = await stores.open(LEASE_BUCKET, { ttlMs: TTL_MS });
  return {
    clock,
    stores,
    options: (seed = 1) => ({
      bucket,
      name: "n1",
      traits,
      pid: 7,
      ttlMs: TTL_MS,
      clock,
      random: seededRandom(seed),
      log: silentLog,
    }),
  };
}

function lossOf(lease: Lease): () => TroupeError | undefined {
  let loss: TroupeError | undefined;
  lease.onLost((error) => {
    loss = error;
  });
  return () => loss;
}

const traits = { roles: ["text"], capacity: 4, metadata: { zone: "a" } };

t.test("a lease", async (t) => {
  t.test("stands as long as it is renewed", async (t) => {
    const { clock, options } = await world();
    const { bucket } = options();
    const lease = await acquireLease(options());
    await clock.advanceAsync("60s");
    t.equal(lease.standing(), true);
    const entry = await bucket.get(leaseKey("n1"));
    t.same(entry && holderOf(entry), {
      name: "n1",
      incarnation: lease.incarnation,
      ...traits,
    });
    await bucket.put(leaseKey("old"), { v: 1, owner: "o", roles: [], pid: 1, incarnation: "3" });
    const old = await bucket.get(leaseKey("old"));
    t.match(old && holderOf(old), { capacity: 1, metadata: {} }, "one of an older release");
    await bucket.put(leaseKey("odd"), { v: 1, owner: "o", roles: [], pid: 1, capacity: 0 });
    const odd = await bucket.get(leaseKey("odd"));
    t.equal(odd && holderOf(odd), undefined, "one that nobody could place anything by");
  });

  t.test("E1: stands no longer before the server lets it run out", async (t) => {
    const { clock, stores, options } = await world();
    const lease = await acquireLease(options());
    const loss = lossOf(lease);
    stores.faults.unavailable = true;
    let standingMs = 0;
    while (lease.standing()) {
      await clock.advanceAsync(100);
      standingMs += 100;
    }
    t.ok(standingMs <= TTL_MS - 500, `${standingMs} ms`);
    t.equal(loss()?.code, "node.fenced");
    stores.faults.unavailable = false;
    await clock.advanceAsync("10s");
    t.equal(lease.standing(), false, "E4: what is lost stays lost");
  });

  t.test("E1: a node that slept past its lease notices before anything else", async (t) => {
    const { clock, options } = await world();
    let sleptMs = 0;
    const lease = await acquireLease({
      ...options(),
      clock: {
        nowMs: () => clock.nowMs(),
        // The process was stopped: time went on and no timer has had its turn yet.
        monotonicMs: () => clock.monotonicMs() + sleptMs,
        after: (delayMs, fire) => clock.after(delayMs, fire),
      },
    });
    const loss = lossOf(lease);
    t.equal(lease.standing(), true);
    sleptMs = 6_000;
    t.equal(lease.standing(), false);
    t.equal(loss()?.code, "node.fenced");
  });

  t.test("E2: a renewal whose acknowledgement was lost does not cost the lease", async (t) => {
    const { clock, stores, options } = await world();
    const lease = await acquireLease(options());
    stores.faults.storedButTimedOut = 1;
    await clock.advanceAsync("20s");
    t.equal(lease.standing(), true);
  });

  t.test("E2: a lease in other hands is lost at the next renewal", async (t) => {
    const { clock, options } = await world();
    const lease = await acquireLease(options());
    const loss = lossOf(lease);
    await options().bucket.put(leaseKey("n1"), { v: 1, owner: "other", roles: [], pid: 1 });
    await clock.advanceAsync("2s");
    t.equal(lease.standing(), false);
    t.equal(loss()?.code, "node.fenced");
  });

  t.test("E3: incarnations grow and a live node's name is refused", async (t) => {
    const { clock, options } = await world();
    const first = await acquireLease(options(1));
    const second = acquireLease(options(2)).then(
      () => undefined,
      (error: TroupeError) => error.code,
    );
    await clock.advanceAsync("3s");
    t.equal(await second, "node.name-taken");
    await first.release();
    const third = await acquireLease(options(3));
    t.ok(third.incarnation > first.incarnation);
  });

  t.test(
    "regression: a store that keeps a lease for ever is not taken for a live node",
    async (t) => {
      const { clock, stores, options } = await world();
      // As of a server whose disk was full: what it holds stays, and nothing is written any more.
      const stuck = await stores.open("STUCK");
      await stuck.put(leaseKey("n1"), { v: 1, owner: "dead", roles: [], pid: 1 });
      const refusal = acquireLease({ ...options(), bucket: stuck }).then(
        () => undefined,
        (error: TroupeError) => error,
      );
      await clock.advanceAsync("11s");
      t.match(await refusal, { code: "store.unavailable", message: /does not run out.*restart/ });
    },
  );

  t.test("regression: says once why it cannot be renewed, and again when it is lost", async (t) => {
    const { clock, stores, options } = await world();
    const said: string[] = [];
    const log = { ...silentLog, warn: (_data: object, line: string) => said.push(line) };
    const lease = await acquireLease({ ...options(), log });
    const loss = lossOf(lease);
    stores.faults.unavailable = true;
    await clock.advanceAsync("10s");
    t.equal(lease.standing(), false);
    t.same(said, ["the lease could not be renewed; trying again"]);
    t.match(loss()?.message, /could not be renewed in time \(.+\)$/);
  });

  t.test("a dead predecessor's name is free when its lease has run out", async (t) => {
    const { clock, options } = await world();
    await options().bucket.put(leaseKey("n1"), { v: 1, owner: "dead", roles: [], pid: 1 });
    const next = acquireLease(options());
    await clock.advanceAsync("6s");
    t.equal((await next).standing(), true);
  });
});

t.test("a doubted member's lease is looked at again when it can lapse", async (t) => {
  t.equal(lookAfter(undefined), 500, "its age is unknown");
  t.equal(lookAfter(3_000), 500, "it may be given up any time");
  t.equal(lookAfter(180), 180);
  for (const overdueMs of [0, -100, -999])
    t.equal(lookAfter(overdueMs), 50, "the server is about to drop it");
  t.equal(lookAfter(-5_000), 500, "two clocks that differ make no haste");
});
