/** A watch whose consumer's server dies goes silent without an error. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "nats";
import t from "tap";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import type { KeyValueChange } from "../../../runtime/ports/key-value.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { ELECTION_MS, startCluster } from "../cluster-under-test.ts";
import { until } from "../test-server.ts";

const STREAM = "KV_TROUPE_watch_b";

t.setTimeout(300_000);

t.test("a watch", async (t) => {
  const { cluster, kill, end, inSync } = await startCluster();
  t.teardown(end);
  const options = { reconnectTimeWait: 100, maxReconnectAttempts: -1 };

  await t.test(
    "trap 5: goes on, with growing revisions, when the server that hosts its consumer dies",
    async (t) => {
      const connection = await connect({ servers: cluster.servers[0]?.url ?? "", ...options });
      t.teardown(() => connection.close());
      const stores = natsKeyValues(connection, {
        cluster: "watch",
        random: seededRandom(1),
        replicas: 3,
        lookEveryMs: 1_000,
      });
      const bucket = await stores.open("b");
      await inSync(connection, STREAM);
      const manager = await jetstreamManager(connection);
      const hosts = async (): Promise<ReadonlyMap<string, string>> => {
        const found = new Map<string, string>();
        for await (const { name, cluster } of manager.consumers.list(STREAM))
          found.set(name, cluster?.leader ?? "");
        return found;
      };
      /** Makes watches until one is hosted by a server that this connection is not attached to. */
      const elsewhere = async (watch: () => Promise<() => void>): Promise<string> => {
        for (let tries = 0; tries < 40; tries++) {
          const before = await hosts();
          const cancel = await watch();
          const made = [...(await hosts())].find(([name]) => !before.has(name));
          if (made !== undefined && made[1] !== "s1" && made[1] !== "") return made[1];
          cancel();
        }
        throw new Error("no watch was hosted elsewhere");
      };
      const told: KeyValueChange[] = [];
      const host = await elsewhere(() => bucket.watch("a.*", (change) => told.push(change)));
      await bucket.put("a.1", 1);
      await until("the watch tells", () => told.length === 1, ELECTION_MS);

      // The same, bare, on the same server.
      const kv = await new Kvm(jetstream(connection)).open("TROUPE_watch_b");
      const bareTold: number[] = [];
      for (let at = ""; at !== host; ) {
        at = await elsewhere(async () => {
          const changes = await kv.watch({ key: "a.*" });
          void (async () => {
            for await (const { revision } of changes) if (at === host) bareTold.push(revision);
          })();
          return () => changes.stop();
        });
      }

      await kill(Number(host.slice(1)) - 1);
      await until(
        "a write is acknowledged",
        async () => (await bucket.put("a.2", 2).catch(() => 0)) > 0,
        ELECTION_MS,
      );
      await bucket.delete("a.1");
      await until("the watch tells all", () => told.at(-1)?.type === "delete", ELECTION_MS);
      t.match(told.at(-1), { type: "delete", key: "a.1" });
      t.ok(told.some((change) => change.key === "a.2" && change.type === "put"));
      const revisions = told.map(({ revision }) => revision);
      t.same(
        revisions,
        [...new Set(revisions)].sort((a, b) => a - b),
        "B2: revisions grow",
      );
      t.comment(`meanwhile the bare watch told ${bareTold.length} of 2 changes`);
    },
  );
});
