/** The transport's contract over NATS; its twin in memory runs the same. */
import { followConnection, openConnection } from "../../cluster/connections.ts";
import { NatsTransport } from "../../cluster/wire/nats-transport.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { systemScheduler } from "../../runtime/ports/scheduler.ts";
import { type LinkedTransports, transportContract } from "../contracts/transport.ts";
import type { TestServer } from "./test-server.ts";
import { startTestServer } from "./test-server.ts";

const INCARNATIONS = { a: "1", b: "2" } as const;
const traits = { roles: [], capacity: 1, metadata: {} };
type Name = keyof typeof INCARNATIONS;

async function join(
  server: TestServer,
  name: Name,
  other: Name,
): Promise<{ readonly transport: NatsTransport; close(): Promise<void> }> {
  const cluster = "contract";
  const connection = await openConnection({ url: server.url, cluster, name }, "data");
  const transport = new NatsTransport({
    connection,
    cluster,
    self: { name, incarnation: INCARNATIONS[name] },
    clock: systemClock,
    scheduler: systemScheduler,
    log: silentLog,
  });
  const following = followConnection(connection, {
    disconnected: () => transport.disconnected(),
    reconnected: () => transport.reconnected(),
  });
  transport.memberChanged({
    member: { name: other, incarnation: INCARNATIONS[other], ...traits, phase: "up", lagMs: 0 },
    previous: undefined,
  });
  await connection.flush();
  return {
    transport,
    close: async () => {
      transport.close();
      await connection.close();
      await following;
    },
  };
}

async function link(): Promise<LinkedTransports> {
  const server = await startTestServer();
  const a = await join(server, "a", "b");
  const b = await join(server, "b", "a");
  return {
    a: a.transport,
    b: b.transport,
    cut: () => server.stop(),
    heal: () => server.start(),
    close: async () => {
      await Promise.all([a.close(), b.close()]);
      await server.dispose();
    },
  };
}

transportContract("over NATS", link);
