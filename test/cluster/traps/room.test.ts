/** No room for what is to be stored: the server's limit, a full disk, a message past every size. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import t from "tap";
import { startNode } from "../../../cluster/node/start-node.ts";
import { silentLog } from "../../../runtime/log.ts";
import { parrot } from "../fixtures/parrot.ts";
import { until } from "../test-server.ts";
import { startShortServer } from "./short-of-room.ts";

t.setTimeout(180_000);

/** Stores pieces until one is refused; returns why. */
async function fill(put: (n: number) => Promise<unknown>): Promise<unknown> {
  for (let n = 0; n < 1_000; n++) {
    try {
      await put(n);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

t.test("a server without room", async (t) => {
  await t.test("names its limit, and goes on when streams make room", async (t) => {
    const server = await startShortServer({ storeBytes: 4_194_304 });
    t.teardown(() => server.end());
    const node = await startNode({ name: "n1", nats: server.url, log: silentLog });
    t.teardown(() => node.stop());
    const bucket = await node.system.ports.keyValues.open("big");
    const piece = "x".repeat(200_000);
    const refusal = await fill((n) => bucket.put(`k${n}`, piece));
    t.match(refusal, {
      code: "store.unavailable",
      message: /the server has no room \(10023\): raise its max_file_store, or remove streams$/,
    });
    const task = { id: "room.1", capability: "room@1", input: 1 };
    await t.rejects(node.system.ports.tasks.submit(task), { message: /has no room/ });
    t.equal(await node.spawn(parrot, { name: "p" }).ask("repeat", 1), 1, "the node is whole");
    const connection = await connect({ servers: server.url });
    await (await jetstreamManager(connection)).streams.purge("KV_TROUPE_troupe_big");
    await connection.close();
    await until("there is room", async () => {
      return (await node.system.ports.tasks.submit(task).catch(() => "")) !== "";
    });
    t.ok((await bucket.put("k", piece)) > 0);
  });

  await t.test(
    "a full disk shows as time-outs that name it, until the server restarts",
    async (t) => {
      // Each stream has a file of its own, so that leases can still be written: where they cannot, no node
      // outlives its lease.
      const server = await startShortServer({ fileKilobytes: 2_048 });
      t.teardown(() => server.end());
      const options = { name: "n1", nats: server.url, log: silentLog, lease: "30s" } as const;
      const node = await startNode(options);
      t.teardown(() => node.stop());
      const bucket = await node.system.ports.keyValues.open("big");
      const piece = "x".repeat(200_000);
      const refusal = await fill((n) => bucket.put(`k${n}`, piece));
      t.match(refusal, { code: "store.unavailable", message: /the server's disk be full/ });
      t.equal(await node.spawn(parrot, { name: "p" }).ask("repeat", 1), 1, "the node is whole");
      await server.restart({});
      await until(
        "it is stored",
        async () => (await bucket.put("k", piece).catch(() => 0)) > 0,
        60_000,
      );
      t.match(await bucket.get("k0"), { value: piece }, "and what was stored is there");
    },
  );
});
