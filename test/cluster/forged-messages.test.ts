/** The ways of trap 13, tried on whatever is heard besides frames between nodes. */
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "nats";
import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import { ClientTransport } from "../../cluster/ingress/client-transport.ts";
import { Ingress } from "../../cluster/ingress/ingress.ts";
import { heartbeatBytes } from "../../cluster/membership/heartbeat.ts";
import { NatsMembership } from "../../cluster/membership/membership.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { frameBytes } from "../../cluster/wire/frame.ts";
import {
  egressSubject,
  heartbeatSubject,
  pinnedIngressSubject,
} from "../../cluster/wire/node-subject.ts";
import { createSystem, EventFeed } from "../../runtime/index.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock as clock } from "../../runtime/ports/clock.ts";
import { systemRandom } from "../../runtime/ports/random.ts";
import { systemScheduler as scheduler } from "../../runtime/ports/scheduler.ts";
import type { Envelope } from "../../runtime/remote/envelope.ts";
import { startTestServer, until } from "./test-server.ts";

const cluster = "forged";
const log = silentLog;
const WITHIN_MS = 60_000;

t.test("what the server is made to deliver", async (t) => {
  t.setTimeout(240_000);
  const server = await startTestServer();
  const { url } = server;
  const node = await openConnection({ url, cluster, name: "g" }, "data");
  const program = await openConnection({ url, cluster, name: "c" }, "client");
  const thief = await openConnection({ url, cluster, name: "thief" }, "client");
  t.teardown(async () => {
    await Promise.all([node.close(), program.close(), thief.close()]);
    await server.dispose();
  });
  const self = { name: "g", incarnation: "0000000000000001" };
  const traits = { roles: ["gateway"], capacity: 1, metadata: {} };
  const random = systemRandom();
  const leases = await natsKeyValues(node, { cluster, random }).open("LEASE", { ttlMs: 60_000 });
  const membership = new NatsMembership({
    connection: node,
    leases,
    leaseTtlMs: 60_000,
    cluster,
    self,
    traits,
    clock,
    random,
    log,
    events: new EventFeed("g", clock),
  });
  const system = createSystem({ node: "g", log });
  const ingress = new Ingress({
    connection: node,
    cluster,
    self,
    system,
    clock,
    scheduler,
    log,
    standing: () => true,
    reads: [],
    mostBytes: 1_000_000,
  });
  const transport = new ClientTransport({
    connection: program,
    inbox: `_INBOX_${cluster}.c.client`,
    cluster,
    role: "client",
    name: "c",
    incarnation: "0000000000000002",
    clock,
    scheduler,
    log,
    reads: [],
    mostBytes: 1_000_000,
  });
  const received: Envelope[] = [];
  transport.attach({
    received: (_from, envelope) => received.push(envelope),
    undelivered: () => {},
    unreadable: () => {},
    lost: () => {},
  });
  await node.flush();
  await transport.greet();
  t.teardown(async () => {
    transport.close();
    ingress.close();
    membership.close();
    await system.shutdown();
  });

  const answer: Envelope = {
    kind: 0,
    id: 1,
    to: "victim",
    from: "g/somebody",
    correlation: 0,
    type: "t.x@1",
    body: "forged",
    ttlMs: 0,
  };
  const frameFrom = (incarnation: string): Uint8Array =>
    frameBytes({ incarnation, linkSeq: 1, ackSeq: 0, baseSeq: 1, target: "", resend: false }, [
      answer,
    ]);
  const victims = [
    {
      what: "a heartbeat",
      subject: heartbeatSubject(cluster, "ghost"),
      bytes: heartbeatBytes({ ...traits, incarnation: "9", state: "up", lagMs: 0 }),
      counts: membership.counts,
    },
    {
      what: "a client's frame",
      subject: pinnedIngressSubject(cluster, "client", "c", "g"),
      bytes: frameFrom("0000000000000002"),
      counts: ingress.counts,
    },
    {
      what: "a gateway's frame",
      subject: egressSubject(cluster, "c", "g"),
      bytes: frameFrom("0000000000000001"),
      counts: transport.counts,
    },
  ];
  const manager = await jetstreamManager(thief);

  for (const [at, { what, subject, bytes, counts }] of victims.entries()) {
    t.test(`trap 13, S24: ${what} that nobody sent is dropped and counted`, async (t) => {
      const dropped = async (how: string, attack: () => unknown): Promise<void> => {
        const before = Object.values(counts).reduce((sum, count) => sum + count, 0);
        await attack();
        const now = (): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
        await until(`${how} is dropped`, () => now() > before, WITHIN_MS);
        t.ok(now() > before, how);
      };
      const [stream, loot] = [`LOOT${at}`, `loot${at}`];
      await manager.streams.add({ name: stream, subjects: [loot], allow_direct: true });
      await jetstream(thief).publish(loot, bytes);
      await dropped("a stream's direct answer", () =>
        thief.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ last_by_subj: loot }), {
          reply: subject,
        }),
      );
      await dropped("what a consumer delivers", async () => {
        // It delivers once somebody listens on its very subject.
        thief.subscribe(subject, { callback: () => {} });
        await thief.flush();
        const config = { deliver_subject: subject, ack_policy: AckPolicy.None };
        await manager.consumers.add(stream, { ...config, name: `push${at}` });
      });
      await dropped("an answer of the API", () =>
        thief.publish("$JS.API.INFO", "", { reply: subject }),
      );
      await dropped("what a responder answers", () => {
        thief.subscribe(`service${at}`, {
          max: 1,
          callback: (_error, message) => {
            const json = headers();
            json.set("Content-Type", "application/json");
            message.respond("[1]", { headers: json });
          },
        });
        thief.publish(`service${at}`, "", { reply: subject });
      });
      await manager.streams.delete(stream);
    });
  }

  t.test("and nobody has heard any of it", async (t) => {
    t.same(received, []);
    t.notOk(membership.members().some(({ name }) => name === "ghost"));
    t.equal(system.deadLetters, 0, "nothing reached an actor's address");
  });
});
