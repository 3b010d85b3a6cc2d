import t from "tap";
import { openConnection } from "../../../cluster/connections.ts";
import { fencedConnection } from "../../../cluster/membership/fenced-connection.ts";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import { freeze } from "../server-under-test.ts";
import { startTestServer, until } from "../test-server.ts";

t.setTimeout(120_000);

t.test("a fenced connection", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());
  const cluster = "fenced";
  const connection = await openConnection(
    { url: server.url, cluster, name: "n1", credentials: {} },
    "control",
  );
  t.teardown(() => connection.close());
  let standing = true;
  const fenced = fencedConnection(connection, "n1", () => standing);
  const random = systemRandom();
  const own = natsKeyValues(connection, { cluster, random });
  const bucket = await natsKeyValues(fenced, { cluster, random }).open("b");

  t.test("serves stores as the connection itself does, while the lease stands", async (t) => {
    const revision = await bucket.put("a", 1);
    t.match(await bucket.update("a", 2, revision), { ok: true });
    t.match(await bucket.entries(">"), [{ key: "a", value: 2 }]);
    const queue = natsDurableQueue(fenced, { cluster });
    const task = { id: "t.1", capability: "c@1", priority: "batch", body: 1 } as const;
    t.equal(await queue.publish(task), "accepted");
    const [delivery] = await queue.pull("c@1", { count: 1, waitMs: 5_000 });
    await delivery?.ack();
  });

  t.test("S21: a write that got no answer is not sent again once the lease is gone", async (t) => {
    await freeze(server.pid);
    let outcome: unknown;
    const writing = bucket.put("a", "late").then(
      () => "written",
      (error) => error.code,
    );
    writing.then((came) => {
      outcome = came;
    });
    standing = false;
    // What it sent before is taken back: the server ends, and what it had not read is gone.
    await server.stop("SIGKILL");
    await server.start();
    await until("it gives up", () => outcome !== undefined, 60_000);
    t.equal(outcome, "store.unavailable");
    const others = await own.open("b");
    t.match(await others.get("a"), { value: 2 });
  });
});
