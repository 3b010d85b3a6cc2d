import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import t, { type Test } from "tap";
import { connectionOptions, openConnection } from "../../cluster/connections.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import type { Log } from "../../runtime/log.ts";
import { EnvelopeKind } from "../../runtime/remote/envelope.ts";
import { parrot } from "./fixtures/parrot.ts";
import { startLimitedServer } from "./limited-server.ts";
import { until } from "./test-server.ts";

/** A log that keeps what was worth an error. */
function keepingErrors(): { readonly log: Log; readonly errors: string[] } {
  const errors: string[] = [];
  const quiet = () => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (data, message) => errors.push(`${message}: ${JSON.stringify(data)}`),
    child: () => log,
  };
  return { log, errors };
}

t.test("a node's connections", async (t) => {
  // A node may receive only below inboxes of its own, and is refused one topic.
  const server = await startLimitedServer({
    publish: {
      allow: ["troupe.v1.limited.>", "$JS.API.>", "$JS.ACK.>", "$KV.>"],
      deny: ["troupe.v1.limited.topic.forbidden.*"],
    },
    subscribe: { allow: ["troupe.v1.limited.>", "_INBOX_limited.n1.>", "$SRV.>"] },
  });
  const { log, errors } = keepingErrors();
  const node = await startNode({ name: "n1", cluster: "limited", nats: server.url, log });
  t.teardown(async () => {
    await node.stop();
    await server.end();
  });
  const { tasks, keyValues, transport } = node.system.ports;
  const subscriptions = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const clients = await server.clients();
    return new Map(
      clients.map(({ name, subscriptions_list = [] }) => [
        name.split(" ").at(-1) ?? "",
        subscriptions_list,
      ]),
    );
  };

  t.test("regression C3: all answers come below inboxes of its own", async (t) => {
    const worker = tasks.work("limited@1", async ({ input }) => input);
    let result: unknown;
    const cancel = await tasks.follow("limited", (_id, outcome) => {
      result = outcome;
    });
    await tasks.submit({ id: "limited.1", capability: "limited@1", input: 7 });
    await until("it is done", () => result !== undefined);
    t.match(result, { phase: "done", result: 7 });
    const bucket = await keyValues.open("seen");
    const seen: string[] = [];
    const unwatch = await bucket.watch(">", ({ key }) => seen.push(key));
    await bucket.put("k", 1);
    await until("it is seen", () => seen.includes("k"));
    t.same(errors, []);
    unwatch();
    cancel();
    await worker.drain();
  });

  t.test("C1: heartbeats, control and data are apart, and durable work is control", async (t) => {
    const worker = tasks.work("apart@1", async () => 1);
    const all = await subscriptions();
    t.same(
      [...all.keys()].toSorted((a, b) => (a < b ? -1 : 1)),
      ["control", "data", "pulse"],
    );
    const of = (purpose: string) => all.get(purpose) ?? [];
    t.ok(of("control").includes("troupe.v1.limited.hb.*"));
    t.ok(of("control").some((subject) => subject.startsWith("_INBOX_limited.n1.control.")));
    t.ok(of("data").includes("troupe.v1.limited.n.n1.*"));
    t.notOk(
      of("data").some((subject) => subject.startsWith("_INBOX")),
      "it asks for nothing",
    );
    await worker.drain();
  });

  t.test("actors cost no subscriptions beside one for all of a type", async (t) => {
    await node.spawn(parrot, { name: "first" }).ask("heard");
    const all = async () => [...(await subscriptions()).values()].flat();
    const count = async () => (await all()).length;
    // The one for its type is made without waiting for the server.
    await until("its type is served", async () =>
      (await all()).some((subject) => subject.includes(".svc.parrot@1")),
    );
    const before = await count();
    for (let n = 0; n < 500; n++) node.spawn(parrot, { name: `p${n}` });
    await node.spawn(parrot, { name: "last" }).ask("heard");
    t.equal(await count(), before);
    t.ok(before <= 16, `${before} subscriptions`);
  });

  t.test("a publish that the server refuses is logged, since nothing is thrown", async (t) => {
    transport.publish("forbidden", {
      kind: EnvelopeKind.topic,
      id: 1,
      to: "forbidden",
      from: "",
      correlation: 0,
      type: "",
      body: 1,
      ttlMs: 0,
    });
    await until("it is logged", () => errors.length > 0);
    t.match(errors[0], /the server refused something: .*forbidden/i);
  });

  t.test("C2: the client's defaults that would give up are changed", async (t) => {
    const target = { url: "nats://a:1, nats://b:2", cluster: "c", name: "n" };
    t.match(connectionOptions(target, "data"), {
      servers: ["nats://a:1", "nats://b:2"],
      maxReconnectAttempts: -1,
      pingInterval: 1_500,
      maxPingOut: 2,
      inboxPrefix: "_INBOX_c.n.data",
    });
    t.ok((connectionOptions(target, "data").reconnectJitter ?? 0) > 0);
  });
});

/** A server that takes connections, as a frozen one does, and says only what it is told to say. */
async function standingStill(t: Test, greeting: () => string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    socket.on("data", () => socket.write(greeting() === "" ? "" : "PONG\r\n"));
    socket.write(greeting());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

t.test("a server that takes connections and says nothing", async (t) => {
  t.setTimeout(60_000);
  const options = { timeout: 200, pingInterval: 100, maxPingOut: 1 };

  t.test("regression: an attempt that was given up leaves no socket open", async (t) => {
    const { url, sockets } = await standingStill(t, () => "");
    const target = { url, cluster: "c", name: "n" };
    await t.rejects(openConnection(target, "data", options), { code: "nats.unavailable" });
    await t.resolves(until("its socket is closed", () => sockets.size === 0));
  });

  t.test("regression: a connection that is closed while it tries leaves none either", async (t) => {
    const info = { server_id: "S", version: "2.12.0", proto: 1, headers: true, max_payload: 1e6 };
    let greeting = `INFO ${JSON.stringify(info)}\r\n`;
    const { url, sockets } = await standingStill(t, () => greeting);
    const target = { url, cluster: "c", name: "n" };
    const connection = await openConnection(target, "data", { ...options, timeout: 30_000 });
    const [first] = sockets;
    greeting = "";
    await until("it tries again", () => sockets.size === 1 && !sockets.has(first as Socket));
    await connection.close();
    await t.resolves(until("its socket is closed", () => sockets.size === 0));
  });
});
