import { connect } from "nats";
import t from "tap";
import { natsEventLogs } from "../../../cluster/stores/nats-event-logs.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { persistentActorContract } from "../../contracts/persistent-actor.ts";
import { startServer } from "../server-under-test.ts";

t.test("actors that keep state, over NATS", { timeout: 240_000 }, async (t) => {
  const { server, end } = await startServer();
  const connection = await connect({ servers: server.url });
  t.teardown(async () => {
    await connection.close();
    await end();
  });
  const options = { cluster: "test", requestTimeoutMs: 10_000 };
  await persistentActorContract(t, async () => ({
    keyValues: natsKeyValues(connection, { ...options, random: seededRandom(1) }),
    eventLogs: natsEventLogs(connection, { ...options, random: seededRandom(2) }),
  }));
});
