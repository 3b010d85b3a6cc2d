/** Two systems over a real server, on connections that swallow what they publish. */
import type { NatsConnection } from "nats";
import t from "tap";
import { openConnection } from "../../../cluster/connections.ts";
import { NatsTransport } from "../../../cluster/wire/nats-transport.ts";
import { createSystem, type System } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { systemScheduler } from "../../../runtime/ports/scheduler.ts";
import { Parrot, parrot } from "../fixtures/parrot.ts";
import { rejected } from "../node-under-test.ts";
import { startTestServer, type TestServer, until } from "../test-server.ts";

const CLUSTER = "lossy";

interface Station {
  readonly transport: NatsTransport;
  readonly system: System;
  /** Whether the next message is swallowed. */
  swallows: () => boolean;
  swallowed: number;
  close(): Promise<void>;
}

async function station(
  server: TestServer,
  name: string,
  incarnation: string,
  other: { readonly name: string; readonly incarnation: string },
): Promise<Station> {
  const real = await openConnection({ url: server.url, cluster: CLUSTER, name }, "data");
  const publish: NatsConnection["publish"] = (...args) => {
    if (made.swallows()) made.swallowed++;
    else real.publish(...args);
  };
  const connection = new Proxy(real, {
    get: (target, key) => {
      if (key === "publish") return publish;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const transport = new NatsTransport({
    connection,
    cluster: CLUSTER,
    self: { name, incarnation },
    clock: systemClock,
    scheduler: systemScheduler,
    log: silentLog,
  });
  transport.memberChanged({
    member: { ...other, roles: [], capacity: 1, metadata: {}, phase: "up", lagMs: 0 },
    previous: undefined,
  });
  const system = createSystem({ node: name, transport, log: silentLog });
  const made: Station = {
    transport,
    system,
    swallows: () => false,
    swallowed: 0,
    close: async () => {
      await system.shutdown({ deadline: 2_000 });
      transport.close();
      await real.close();
    },
  };
  await real.flush();
  return made;
}

t.test("a wire that loses", async (t) => {
  t.setTimeout(240_000);
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  t.test("A1, A2: asks and streams end well although a fifth of all frames is lost", async (t) => {
    const a = await station(server, "a", "1", { name: "b", incarnation: "2" });
    const b = await station(server, "b", "2", { name: "a", incarnation: "1" });
    b.system.spawn(parrot, { name: "parrot" });
    const random = seededRandom(7);
    a.swallows = () => random.next() < 0.2;
    b.swallows = () => random.next() < 0.2;
    const ref = a.system.refOf(Parrot, "b/parrot");
    for (let n = 1; n <= 20; n++)
      t.equal(await ref.ask("repeat", n, { timeout: "60s" }), n, `ask ${n}`);
    const stream = ref.stream("count", 500, { timeout: "120s" });
    let chunks = 0;
    let inOrder = true;
    for await (const chunk of stream) inOrder &&= chunk === ++chunks;
    t.ok(inOrder, "every chunk, once and in order");
    t.same(await stream.result, { total: 500 });
    t.ok(a.swallowed > 0 && b.swallowed > 0, `${a.swallowed} and ${b.swallowed} were lost`);
    await Promise.all([a.close(), b.close()]);
  });

  t.test("A2, X3: frames that can never come end what waits for them as unknown", async (t) => {
    const a = await station(server, "a", "1", { name: "b", incarnation: "2" });
    const b = await station(server, "b", "2", { name: "a", incarnation: "1" });
    b.system.spawn(parrot, { name: "parrot" });
    const ref = a.system.refOf(Parrot, "b/parrot");
    t.equal(await ref.ask("repeat", 1, { timeout: "60s" }), 1);
    // Nothing of b arrives any more; then another start of it does.
    b.swallows = () => true;
    const waiting = rejected(ref.ask("repeat", 2, { timeout: "120s" }));
    await until("the answer was lost", () => b.swallowed > 0, 60_000);
    const successor = await station(server, "b", "3", { name: "a", incarnation: "1" });
    successor.system.spawn(parrot, { name: "parrot" });
    successor.system.refOf(Parrot, "a/nobody").tell("hear", 1);
    const error = await waiting;
    t.equal(error.code, "node.disconnected");
    t.equal(error.outcome, "unknown");
    t.equal(await ref.ask("repeat", 3, { timeout: "60s" }), 3, "and its successor answers");
    await Promise.all([a.close(), b.close(), successor.close()]);
  });
});
