/**
 * Tries every row of `access-rows.ts` on a real server with the generated configuration: an allowed one must work,
 * a denied one be refused.
 */
import type { Msg, NatsConnection } from "nats";
import { errors, type PermissionViolationError } from "nats";
import t from "tap";
import { followConnection, inboxPrefixOf, openConnection } from "../../cluster/connections.ts";
import { loadCredentials } from "../../cluster/security/credentials.ts";
import type { Role } from "../../cluster/security/server-role.ts";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsEventLogs } from "../../cluster/stores/nats-event-logs.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { natsReminders } from "../../cluster/stores/nats-reminders.ts";
import * as subject from "../../cluster/wire/node-subject.ts";
import { seededRandom } from "../../runtime/ports/random.ts";
import { startSecuredServer } from "../cluster/security/secured-server.ts";
import { until } from "../cluster/test-server.ts";
import { C, classOf, type Name, ROWS, type Row, service, USERS } from "./access-rows.ts";

t.setTimeout(180_000);

/** A user's connection with what it was refused. */
interface Party {
  readonly connection: NatsConnection;
  readonly refused: PermissionViolationError[];
}

t.test("S24: the generated permissions", async (t) => {
  const server = await startSecuredServer({ environments: { [C]: USERS, other: USERS } });
  const parties = new Map<string, Party>();
  t.teardown(async () => {
    await Promise.all([...parties.values()].map(({ connection }) => connection.close()));
    await server.end();
  });
  const partyOf = async (name: Name, environment = C): Promise<Party> => {
    const known = parties.get(`${environment} ${name}`);
    if (known !== undefined) return known;
    const role: Role = USERS.find((user) => user.name === name)?.role ?? "client";
    const credentials = loadCredentials({ nkey: server.seedOf(role, name, environment) }, {});
    const target = { url: server.url, cluster: environment, name, credentials };
    const connection = await openConnection(target, role === "node" ? "control" : "client");
    const refused: Party["refused"] = [];
    void followConnection(connection, {
      disconnected: () => {},
      reconnected: () => {},
      refused: (error) => {
        if (error instanceof errors.PermissionViolationError) refused.push(error);
      },
    });
    const party = { connection, refused };
    parties.set(`${environment} ${name}`, party);
    return party;
  };

  const { connection: n1 } = await partyOf("n1");
  const random = seededRandom(1);
  const buckets = natsKeyValues(n1, { cluster: C, random });
  for (const name of ["LEASE", "REGISTRY", "board_given", "board_open", "board_secret"]) {
    const bucket = await buckets.open(name);
    if (name.startsWith("board")) await bucket.put("k", 1);
  }
  await (await natsEventLogs(n1, { cluster: C, random }).open("run.0")).read(1);
  await natsReminders(n1, { cluster: C }).cancel({ type: "t", key: "k", name: "r" });
  await natsDurableQueue(n1, {
    cluster: C,
    inboxPrefix: inboxPrefixOf({ cluster: C, name: "n1" }, "control"),
  }).publish({ id: "t1", capability: "x", priority: "batch", input: 1 } as never);

  /** Does what the row says; whether it worked, and whether it was refused. */
  async function tried({
    who,
    does,
    subject: on,
  }: Row): Promise<{ worked: boolean; refused: boolean }> {
    const { connection, refused } = await partyOf(who);
    refused.length = 0;
    const heard: Msg[] = [];
    const listener = does.kind === "tell" ? (await partyOf(does.at)).connection : connection;
    const reply = `${inboxPrefixOf({ cluster: C, name: who }, who.startsWith("n") ? "control" : "client")}.matrix`;
    const where = does.kind === "tell" ? does.on : does.kind === "ask" ? reply : on;
    const subscription = listener.subscribe(where, {
      callback: (error, message) => {
        if (error === null) heard.push(message);
      },
    });
    await listener.flush();
    if (does.kind === "hear") {
      const { connection: speaker } = await partyOf(does.from);
      speaker.publish(does.sent, "x");
      await speaker.flush();
    } else if (does.kind === "tell") connection.publish(on, "x");
    else connection.publish(on, does.body ?? "", { reply });
    await connection.flush();
    await listener.flush();
    await until("it was heard or refused", () => heard.length + refused.length > 0, 10_000);
    const worked = heard.length > 0 && heard.every(({ headers }) => headers?.code !== 503);
    if (!subscription.isClosed()) subscription.unsubscribe();
    return { worked, refused: refused.some((error) => error.subject === on) };
  }

  t.test("S24: each role may do what its rows say, and nothing that they deny", async (t) => {
    const wrong: string[] = [];
    for (const row of ROWS) {
      const { worked, refused } = await tried(row);
      const isRight = row.verdict === "may" ? worked && !refused : refused && !worked;
      if (isRight) continue;
      const role = USERS.find(({ name }) => name === row.who)?.role;
      const got = `${worked ? "it worked" : "it did not work"}, ${refused ? "refused" : "not refused"}`;
      wrong.push(
        `${role} ${row.who}, ${classOf(row)} (${row.does.kind}) ${row.subject}: expected ${row.verdict}, got: ${got}`,
      );
    }
    t.same(wrong, []);
  });

  t.test("has rows that deny each role something in each class", async (t) => {
    const seen = new Set<string>();
    for (const row of ROWS) {
      const role = USERS.find(({ name }) => name === row.who)?.role;
      seen.add(`${role} ${row.verdict} ${classOf(row)}`);
    }
    for (const role of ["node", "client", "operator"])
      for (const kind of ["publish", "subscribe", "KV", "stream", "consumer"])
        t.ok(seen.has(`${role} may not ${kind}`), `${role} may not ${kind}`);
    t.ok(ROWS.length >= 150, `${ROWS.length} rows`);
  });

  t.test("has a row for every subject of the wire that somebody publishes on", async (t) => {
    const examples: Readonly<Record<string, string>> = {
      frameSubject: subject.frameSubject(C, "n2", "n1"),
      heartbeatSubject: subject.heartbeatSubject(C, "n1"),
      topicSubject: subject.topicSubject(C, "cfp.x@1", "n1"),
      ingressSubject: subject.ingressSubject(C, "client", "c1"),
      pinnedIngressSubject: subject.pinnedIngressSubject(C, "client", "c1", "n2"),
      egressSubject: subject.egressSubject(C, "c1", "n1"),
      serviceSubject: service,
    };
    const builders = Object.keys(subject).filter((name) => name.endsWith("Subject"));
    for (const name of builders) {
      const of = examples[name];
      const tellers = ROWS.filter((row) => row.does.kind === "tell" && row.subject === of);
      t.ok(
        tellers.some((row) => row.verdict === "may"),
        `${name}: somebody may`,
      );
      const kind = of?.split(".")[3];
      const refused = ROWS.some(
        (row) => row.verdict === "may not" && row.subject.split(".")[3] === kind,
      );
      t.ok(refused, `${name}: somebody may not`);
    }
  });

  t.test("an environment sees nothing of another", async (t) => {
    const { connection: here } = await partyOf("n2");
    const { connection: there } = await partyOf("n1", "other");
    const heard: string[] = [];
    here.subscribe(subject.heartbeatsOf(C), {
      callback: (_, { subject: of }) => void heard.push(of),
    });
    await here.flush();
    there.publish(subject.heartbeatSubject("other", "n1"), "x");
    await there.flush();
    const { connection: own } = await partyOf("n1");
    own.publish(subject.heartbeatSubject(C, "n1"), "x");
    await until("its own is heard", () => heard.length > 0);
    t.same(heard, [subject.heartbeatSubject(C, "n1")]);
    const streams = await there.request("$JS.API.STREAM.NAMES", "", { timeout: 5_000 });
    t.equal(streams.json<{ total: number }>().total, 0);
  });
});
