import { connect } from "nats";
import t from "tap";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { seededRandom } from "../../runtime/ports/random.ts";
import { tasksContract } from "../contracts/tasks.ts";
import { eventually, startServer } from "./server-under-test.ts";

t.test("Tasks over NATS", async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  await tasksContract(t, async () => ({
    queue: natsDurableQueue(connection, { cluster: "test", ackWaitMs: 1_000 }),
    keyValues: natsKeyValues(connection, { cluster: "test", random: seededRandom(1) }),
    clock: systemClock,
    until: eventually,
  }));
});
