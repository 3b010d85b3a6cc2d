/**
 * A node whose seed was stolen has the server itself deliver frames in another node's name: on a real server with
 * the generated permissions, between real nodes. A consumer that pushes would need a listener on its very subject,
 * which these permissions give to nobody: `forged-messages.test.ts` tries it without them.
 */
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import t from "tap";
import { openConnection } from "../../cluster/connections.ts";
import { startNode } from "../../cluster/node/start-node.ts";
import { loadCredentials } from "../../cluster/security/credentials.ts";
import { frameBytes } from "../../cluster/wire/frame.ts";
import { frameSubject, serviceSubject } from "../../cluster/wire/node-subject.ts";
import { child, silentLog } from "../../runtime/index.ts";
import { Parrot, parrot } from "../cluster/fixtures/parrot.ts";
import { startSecuredServer } from "../cluster/security/secured-server.ts";
import { until } from "../cluster/test-server.ts";
import { keepingLog } from "./keeping-log.ts";

t.setTimeout(240_000);

const C = "stolen";
const WITHIN_MS = 60_000;
const USERS = ["n1", "n2", "n3"].map((name) => ({ role: "node", name }) as const);

t.test("trap 13, S24: what a stolen seed can have the server deliver", async (t) => {
  const server = await startSecuredServer({ environments: { [C]: USERS } });
  const as = (name: string) => ({ nkey: server.seedOf("node", name) });
  const options = { nats: server.url, cluster: C, env: {} };
  const { log, lines } = keepingLog();
  const n1 = await startNode({ ...options, name: "n1", credentials: as("n1"), log: silentLog });
  const n2 = await startNode({
    ...options,
    name: "n2",
    credentials: as("n2"),
    log,
    children: [child(parrot, { name: "parrot" })],
  });
  const target = { url: server.url, cluster: C, name: "n3" };
  const credentials = loadCredentials(as("n3"), {});
  const thief = await openConnection({ ...target, credentials }, "control");
  t.teardown(async () => {
    await thief.close();
    await n2.stop();
    await n1.stop();
    await server.end();
  });
  await until("they know each other", () => n1.membership.members().length === 2, WITHIN_MS);
  const ref = n1.refOf(Parrot, "n2/parrot");
  const heard = (): Promise<readonly number[]> => ref.ask("heard", undefined, { timeout: "60s" });
  ref.tell("hear", 1);
  t.same(await heard(), [1]);

  const victim = frameSubject(C, "n2", "n1");
  const header = { linkSeq: 1_000, ackSeq: 0, baseSeq: 1_000, resend: false };
  const forged = frameBytes(
    {
      ...header,
      incarnation: n1.membership.self.incarnation,
      target: n2.membership.self.incarnation,
    },
    [
      {
        kind: 0,
        id: 1,
        to: "parrot",
        from: "n1/somebody",
        correlation: 0,
        type: "parrot.hear@1",
        body: 666,
        ttlMs: 0,
      },
    ],
  );
  const manager = await jetstreamManager(thief);
  const ask = (subject: string, body: object | string): void =>
    thief.publish(subject, typeof body === "string" ? body : JSON.stringify(body), {
      reply: victim,
    });
  const attacks: Readonly<Record<string, () => unknown>> = {
    "a stream's direct answer": async () => {
      await manager.streams.add({ name: "LOOT", subjects: ["$KV.LOOT.>"], allow_direct: true });
      await jetstream(thief).publish("$KV.LOOT.k", forged);
      ask("$JS.API.DIRECT.GET.LOOT", { last_by_subj: "$KV.LOOT.k" });
    },
    "what a consumer is pulled for": async () => {
      await manager.consumers.add("LOOT", { name: "pulled", ack_policy: AckPolicy.Explicit });
      ask("$JS.API.CONSUMER.MSG.NEXT.LOOT.pulled", { batch: 1 });
    },
    "what a stream publishes again": async () => {
      const republish = { src: "$KV.ECHO.k", dest: victim };
      await manager.streams.add({ name: "ECHO", subjects: ["$KV.ECHO.>"], republish });
      await jetstream(thief).publish("$KV.ECHO.k", forged);
    },
    "an answer of the API": () => ask("$JS.API.INFO", ""),
    "an answer of a service": () => ask(serviceSubject(C, "parrot@1", "where"), ""),
    "a true frame that was stored": async () => {
      await manager.streams.add({ name: "TAP", subjects: [victim], allow_direct: true });
      ref.tell("hear", 2);
      await until("it came", async () => (await heard()).includes(2), WITHIN_MS);
      ask("$JS.API.DIRECT.GET.TAP", { seq: 1 });
    },
    "a true frame that a consumer is pulled for": async () => {
      await manager.consumers.add("TAP", { name: "again", ack_policy: AckPolicy.Explicit });
      ask("$JS.API.CONSUMER.MSG.NEXT.TAP.again", { batch: 1 });
    },
  };
  const dropped = (): number => lines.filter((line) => line.startsWith("dropped what ")).length;

  for (const [what, attack] of Object.entries(attacks)) {
    t.test(`${what} is dropped, and said`, async (t) => {
      const before = dropped();
      await attack();
      await until("it is dropped", () => dropped() > before, WITHIN_MS);
      t.notOk((await heard()).includes(666));
    });
  }

  t.test("and what the nodes say themselves goes on, each thing once", async (t) => {
    ref.tell("hear", 3);
    t.same(await heard(), [1, 2, 3]);
  });
});
