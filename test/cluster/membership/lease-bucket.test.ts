import t from "tap";
import { openConnection } from "../../../cluster/connections.ts";
import { leaseKey } from "../../../cluster/membership/lease.ts";
import { openLeaseBucket } from "../../../cluster/membership/lease-bucket.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import { startTestServer, until } from "../test-server.ts";

t.test("the bucket of leases", async (t) => {
  const server = await startTestServer();
  const connection = await openConnection(
    { url: server.url, cluster: "test", name: "n" },
    "control",
  );
  t.teardown(async () => {
    await connection.close();
    await server.dispose();
  });
  const open = (ttlMs: number) =>
    openLeaseBucket(connection, {
      cluster: "test",
      ttlMs,
      replicas: 1,
      random: systemRandom(),
      log: silentLog,
    });

  t.test("lets what nobody renews run out, and what is renewed stand", async (t) => {
    const { bucket, ttlMs } = await open(2_000);
    t.equal(ttlMs, 2_000);
    await bucket.create(leaseKey("dead"), 1);
    const put = await bucket.create(leaseKey("alive"), 1);
    let revision = put.ok ? put.revision : 0;
    await until(
      "the dead one is gone",
      async () => {
        const renewed = await bucket.update(leaseKey("alive"), 1, revision);
        if (renewed.ok) revision = renewed.revision;
        return (await bucket.get(leaseKey("dead"))) === undefined;
      },
      4_000,
    );
    t.ok(await bucket.get(leaseKey("alive")));
  });

  t.test("keeps the length that the first node gave it, and tells the next", async (t) => {
    t.equal((await open(9_000)).ttlMs, 2_000);
  });
});
