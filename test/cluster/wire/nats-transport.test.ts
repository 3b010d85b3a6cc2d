import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { headers } from "nats";
import t from "tap";
import { followConnection, openConnection } from "../../../cluster/connections.ts";
import { frameBytes } from "../../../cluster/wire/frame.ts";
import { NatsTransport } from "../../../cluster/wire/nats-transport.ts";
import { frameSubject } from "../../../cluster/wire/node-subject.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { systemScheduler } from "../../../runtime/ports/scheduler.ts";
import type { Envelope } from "../../../runtime/remote/envelope.ts";
import type { TestServer } from "../test-server.ts";
import { startTestServer, until } from "../test-server.ts";

const CLUSTER = "test";

interface Station {
  readonly transport: NatsTransport;
  readonly connection: NatsConnection;
  readonly received: { readonly from: string; readonly envelope: Envelope }[];
  readonly handedBack: Envelope[];
  readonly losses: string[];
  close(): Promise<void>;
}

async function station(
  server: TestServer,
  name: string,
  incarnation: string,
  others: Readonly<Record<string, string>>,
): Promise<Station> {
  const connection = await openConnection({ url: server.url, cluster: CLUSTER, name }, "data");
  const transport = new NatsTransport({
    connection,
    cluster: CLUSTER,
    self: { name, incarnation },
    clock: systemClock,
    scheduler: systemScheduler,
    log: silentLog,
  });
  const following = followConnection(connection, {
    disconnected: () => transport.disconnected(),
    reconnected: () => transport.reconnected(),
  });
  for (const [other, of] of Object.entries(others)) present(transport, other, of, "up");
  const received: Station["received"] = [];
  const handedBack: Envelope[] = [];
  const losses: string[] = [];
  transport.attach({
    received: (from, envelope) => received.push({ from, envelope }),
    unreadable: () => {},
    undelivered: (_to, envelope) => handedBack.push(envelope),
    lost: (node) => losses.push(node),
  });
  await connection.flush();
  return {
    transport,
    connection,
    received,
    handedBack,
    losses,
    close: async () => {
      transport.close();
      await connection.close();
      await following;
    },
  };
}

const traits = { roles: [], capacity: 1, metadata: {} };

function present(
  transport: NatsTransport,
  name: string,
  incarnation: string,
  phase: "up" | "down",
): void {
  transport.memberChanged({
    member: { name, incarnation, ...traits, phase, lagMs: 0 },
    previous: undefined,
  });
}

function tellOf(id: number, body: unknown = id): Envelope {
  return { kind: 0, id, to: "x", from: "", correlation: 0, type: "t.x@1", body, ttlMs: 0 };
}

function idsOf(station: Station): number[] {
  return station.received.map(({ envelope }) => envelope.id);
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

t.test("the transport over NATS", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  t.test("X1, N1: carries envelopes in order, and the subject names their sender", async (t) => {
    const a = await station(server, "a", "1", { b: "2" });
    const b = await station(server, "b", "2", { a: "1" });
    for (let id = 1; id <= 5_000; id++) t.equal(a.transport.send("b", tellOf(id)), true);
    await until("all arrived", () => b.received.length === 5_000);
    t.same(idsOf(b), upTo(5_000));
    t.ok(b.received.every(({ from }) => from === "a"));
    b.transport.send("a", tellOf(1));
    await until("the answer arrived", () => a.received.length === 1);
    await a.transport.settle(5_000);
    t.equal(a.transport.linkTo("b")?.settled, true, "everything is acknowledged");
    await Promise.all([a.close(), b.close()]);
  });

  t.test("topics reach every subscribed node, the publisher too, and no other", async (t) => {
    const a = await station(server, "a", "1", {});
    const b = await station(server, "b", "2", {});
    const c = await station(server, "c", "3", {});
    a.transport.subscribe("cfp summarise@1.x");
    b.transport.subscribe("cfp summarise@1.x");
    b.transport.subscribe("cfp summarise@1.x");
    await Promise.all([a.connection.flush(), b.connection.flush()]);
    a.transport.publish("cfp summarise@1.x", { ...tellOf(1), kind: 13, to: "cfp summarise@1.x" });
    a.transport.publish("other", tellOf(2));
    await until("both heard", () => a.received.length === 1 && b.received.length === 1);
    t.equal(b.received[0]?.from, "a");
    b.transport.unsubscribe("cfp summarise@1.x");
    a.transport.publish("cfp summarise@1.x", tellOf(3));
    await until("interest is counted", () => b.received.length === 2);
    b.transport.unsubscribe("cfp summarise@1.x");
    await b.connection.flush();
    a.transport.publish("cfp summarise@1.x", tellOf(4));
    await until("the publisher heard all", () => a.received.length === 3);
    t.equal(b.received.length, 2);
    t.equal(c.received.length, 0);
    await Promise.all([a.close(), b.close(), c.close()]);
  });

  t.test("N2: drops what a stream was made to answer under a node's subject", async (t) => {
    const b = await station(server, "b", "2", { a: "1" });
    const thief = await openConnection(
      { url: server.url, cluster: CLUSTER, name: "thief" },
      "client",
    );
    const header = {
      incarnation: "1",
      linkSeq: 1,
      ackSeq: 0,
      baseSeq: 1,
      target: "",
      resend: false,
    };
    const bytes = frameBytes(header, [tellOf(666)]);
    const manager = await jetstreamManager(thief);
    await manager.streams.add({ name: "LOOT", subjects: ["loot"], allow_direct: true });
    await jetstream(thief).publish("loot", bytes);
    const victim = frameSubject(CLUSTER, "b", "a");
    // A direct get, whose answer the server sends to the victim under the subject of another node.
    thief.publish("$JS.API.DIRECT.GET.LOOT", JSON.stringify({ last_by_subj: "loot" }), {
      reply: victim,
    });
    await until("it was dropped", () => b.transport.counts.forged === 1);
    // A server's own answer to a request is no frame.
    thief.publish("$JS.API.INFO", "", { reply: victim });
    await until("it was dropped", () => b.transport.counts.undecodable === 1);
    const forged = headers();
    forged.set("Nats-Subject", "loot");
    thief.publish(victim, bytes, { headers: forged });
    await until("it was dropped", () => b.transport.counts.forged === 2);
    t.same(b.received, []);
    await Promise.all([b.close(), thief.close()]);
  });

  t.test("trap 13: drops what a consumer was made to deliver as another node's", async (t) => {
    const b = await station(server, "b", "2", { a: "1" });
    const { url } = server;
    const thief = await openConnection({ url, cluster: CLUSTER, name: "thief" }, "client");
    const bytes = frameBytes(
      { incarnation: "1", linkSeq: 1, ackSeq: 0, baseSeq: 1, target: "", resend: false },
      [tellOf(666)],
    );
    const victim = frameSubject(CLUSTER, "b", "a");
    const manager = await jetstreamManager(thief);
    // Stored under a subject that ends like a node's, and stored as if under the node's own.
    await manager.streams.add({ name: "PLAIN", subjects: ["booty.*"] });
    await manager.streams.add({
      name: "RENAMED",
      subjects: ["swag"],
      subject_transform: { src: "swag", dest: victim },
    });
    await jetstream(thief).publish("booty.a", bytes);
    await jetstream(thief).publish("swag", bytes);
    // A consumer delivers once somebody listens on its very subject.
    thief.subscribe(victim, { callback: () => {} });
    await thief.flush();
    let dropped = b.transport.counts.forged;
    for (const stream of ["PLAIN", "RENAMED"]) {
      const config = { deliver_subject: victim, ack_policy: AckPolicy.None };
      await manager.consumers.add(stream, { ...config, name: `push-${stream}` });
      dropped++;
      await until(`${stream} was dropped`, () => b.transport.counts.forged >= dropped);
    }
    t.same(b.received, []);
    for (const stream of ["PLAIN", "RENAMED"]) await manager.streams.delete(stream);
    await Promise.all([b.close(), thief.close()]);
  });

  t.test("trap 13: drops what a responder was made to answer as another node's", async (t) => {
    const b = await station(server, "b", "2", { a: "1" });
    const { url } = server;
    const thief = await openConnection({ url, cluster: CLUSTER, name: "thief" }, "client");
    const service = await openConnection({ url, cluster: CLUSTER, name: "service" }, "client");
    service.subscribe("echo", {
      callback: (_error, message) => {
        const answer = headers();
        answer.set("Content-Type", "application/json");
        message.respond(JSON.stringify(message.string()), { headers: answer });
        message.respond(JSON.stringify(message.string()));
      },
    });
    await service.flush();
    thief.publish("echo", "[1]", { reply: frameSubject(CLUSTER, "b", "a") });
    await until("both were dropped", () => {
      const { forged, undecodable } = b.transport.counts;
      return forged === 1 && undecodable === 1;
    });
    t.same(b.received, []);
    await Promise.all([b.close(), thief.close(), service.close()]);
  });

  t.test("N4: drops frames of an incarnation that is down", async (t) => {
    const b = await station(server, "b", "2", {});
    present(b.transport, "a", "1", "up");
    present(b.transport, "a", "1", "down");
    const zombie = await station(server, "a", "1", { b: "2" });
    zombie.transport.send("b", tellOf(1));
    await until("it was dropped", () => b.transport.counts.buried > 0);
    t.same(b.received, []);
    await zombie.close();
    const successor = await station(server, "a", "3", { b: "2" });
    successor.transport.send("b", tellOf(2));
    await until("the successor is heard", () => b.received.length === 1);
    await Promise.all([b.close(), successor.close()]);
  });

  t.test(
    "regression X1: a successor whose frames overtake its heartbeat is heard once, and answered",
    async (t) => {
      const b = await station(server, "b", "2", { a: "1" });
      const successor = await station(server, "a", "3", { b: "2" });
      successor.transport.send("b", tellOf(1));
      await until("its frame came first", () => b.received.length === 1);
      b.transport.send("a", tellOf(1));
      await until("it is answered", () => successor.received.length === 1);
      // Now membership notices, as it does at the first beat of a newer incarnation.
      present(b.transport, "a", "1", "down");
      present(b.transport, "a", "3", "up");
      for (let id = 2; id <= 5; id++) {
        b.transport.send("a", tellOf(id));
        successor.transport.send("b", tellOf(id));
        await until("it arrived", () => b.received.length >= id);
        await b.connection.flush();
      }
      await Promise.all([b.transport.settle(3_000), successor.transport.settle(3_000)]);
      t.same(idsOf(successor), upTo(5), "nothing is taken for a duplicate");
      t.same(idsOf(b), upTo(5));
      await Promise.all([b.close(), successor.close()]);
    },
  );

  t.test("X2: what waits for a node that goes down is handed back", async (t) => {
    const a = await station(server, "a", "1", {});
    a.transport.send("b", tellOf(1));
    present(a.transport, "b", "2", "up");
    present(a.transport, "b", "2", "down");
    a.transport.send("b", tellOf(2));
    a.transport.close();
    t.same(
      a.handedBack.map(({ id }) => id),
      [2],
    );
    await a.close();
  });

  t.test("L3: names that nobody bears leave no links behind", async (t) => {
    const a = await station(server, "a", "1", {});
    for (let n = 1; n <= 50; n++) a.transport.send(`nobody-${n}`, { ...tellOf(n), ttlMs: 100 });
    await until("all were handed back", () => a.handedBack.length === 50);
    await until("their links are gone", () => a.transport.linkTo("nobody-1") === undefined);
    t.equal(a.transport.linkTo("nobody-50"), undefined);
    await a.close();
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const)
    t.test(
      `N3, T3: across a server's ${signal} and return every tell arrives once, in order`,
      async (t) => {
        const a = await station(server, "a", "1", { b: "2" });
        const b = await station(server, "b", "2", { a: "1" });
        let sent = 0;
        let refused = 0;
        const send = (): void => {
          if (a.transport.send("b", tellOf(sent + 1))) sent++;
          else refused++;
        };
        let sending: boolean = true;
        const sender = (async () => {
          while (sending) {
            for (let i = 0; i < 5; i++) send();
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        await until("traffic flows", () => b.received.length > 100);
        await server.stop(signal);
        const waitingFrom = sent;
        await until("sends wait", () => sent > waitingFrom + 500 || refused > 0);
        await server.start();
        await until("traffic flows again", () => b.received.length > waitingFrom + 500);
        sending = false;
        await sender;
        await until("all arrived", () => b.received.length + a.handedBack.length >= sent, 20_000);
        t.same(idsOf(b), upTo(sent), `${sent} sent, ${refused} refused`);
        t.same(a.handedBack, []);
        t.same([...a.losses, ...b.losses], []);
        await Promise.all([a.close(), b.close()]);
      },
    );
});
