/**
 * Who may do what on a server that runs with the generated configuration: every row is tried there, an
 * allowed one must work and a denied one be refused.
 */
import type { Msg, NatsConnection } from "nats";
import { errors, type PermissionViolationError } from "nats";
import t from "tap";
import { followConnection, inboxPrefixOf, openConnection } from "../../../cluster/connections.ts";
import { loadCredentials } from "../../../cluster/security/credentials.ts";
import type { Role } from "../../../cluster/security/server-role.ts";
import { natsDurableQueue } from "../../../cluster/stores/nats-durable-queue.ts";
import { natsEventLogs } from "../../../cluster/stores/nats-event-logs.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { natsReminders } from "../../../cluster/stores/nats-reminders.ts";
import * as subject from "../../../cluster/wire/node-subject.ts";
import { seededRandom } from "../../../runtime/ports/random.ts";
import { until } from "../test-server.ts";
import { startSecuredServer } from "./secured-server.ts";

t.setTimeout(180_000);

const C = "mx";
const USERS = [
  { role: "node", name: "n1" },
  { role: "node", name: "n2" },
  { role: "client", name: "c1", reads: ["board_given"], writes: ["board_open"] },
  { role: "client", name: "c2" },
  { role: "operator", name: "op1" },
] as const;
type Name = (typeof USERS)[number]["name"];

/** A row: who does what, and how it must end. */
interface Row {
  readonly who: Name;
  readonly subject: string;
  readonly verdict: "may" | "may not";
  /**
   * `tell` publishes, and `at` must hear it; `ask` publishes and must be answered; `hear` subscribes, and
   * must hear what `from` publishes there.
   */
  readonly does:
    | { readonly kind: "tell"; readonly at: Name; readonly on: string }
    | { readonly kind: "ask"; readonly body?: string }
    | { readonly kind: "hear"; readonly from: Name; readonly sent: string };
}

const may = (who: Name, does: Row["does"], of: string): Row => ({
  who,
  does,
  subject: of,
  verdict: "may",
});
const mayNot = (who: Name, does: Row["does"], of: string): Row => ({
  ...may(who, does, of),
  verdict: "may not",
});
const tell = (at: Name, on: string): Row["does"] => ({ kind: "tell", at, on });
const ask = (body = ""): Row["does"] => ({ kind: "ask", body });
const hear = (from: Name, sent: string): Row["does"] => ({ kind: "hear", from, sent });

const frames = subject.framesTo(C, "n2");
const beats = subject.heartbeatsOf(C);
const topics = subject.clusterSubjects(C, "topic", "*", "*");
const service = subject.serviceSubject(C, "x@1", "op");
const services = subject.serviceSubjects(C, "x@1");
const egress = (name: string): string => subject.egressSubject(C, name, "*");
const inbox = (name: string, purpose: "control" | "data" | "client"): string =>
  `${inboxPrefixOf({ cluster: C, name }, purpose)}.x`;
const key = (bucket: string, name: string): string => `$KV.TROUPE_${C}_${bucket}.${name}`;
const api = (what: string): string => `$JS.API.${what}`;
const stream = (bucket: string): string => `KV_TROUPE_${C}_${bucket}`;
const TASKS = `TROUPE_${C}_TASKS`;
const lastOf = (bucket: string): string => JSON.stringify({ last_by_subj: key(bucket, "k") });
const consumer = (of: string): string =>
  JSON.stringify({ stream_name: of, config: { ack_policy: "none", mem_storage: true } });

const ROWS: readonly Row[] = [
  // Frames: only under one's own name.
  may("n1", tell("n2", frames), subject.frameSubject(C, "n2", "n1")),
  mayNot("n1", tell("n2", frames), subject.frameSubject(C, "n2", "n2")),
  mayNot("n1", tell("n2", frames), subject.frameSubject(C, "n2", "c1")),
  mayNot("c1", tell("n2", frames), subject.frameSubject(C, "n2", "n1")),
  mayNot("c1", tell("n2", frames), subject.frameSubject(C, "n2", "c1")),
  mayNot("op1", tell("n2", frames), subject.frameSubject(C, "n2", "n1")),
  may("n2", hear("n1", subject.frameSubject(C, "n2", "n1")), frames),
  mayNot("n1", hear("n1", subject.frameSubject(C, "n2", "n1")), frames),
  mayNot("c1", hear("n1", subject.frameSubject(C, "n2", "n1")), frames),
  mayNot("op1", hear("n1", subject.frameSubject(C, "n2", "n1")), frames),
  mayNot("c1", hear("n1", subject.frameSubject(C, "n2", "n1")), "troupe.v1.mx.>"),
  mayNot("c1", hear("n1", subject.frameSubject(C, "n2", "n1")), ">"),
  // Heartbeats.
  may("n1", tell("n2", beats), subject.heartbeatSubject(C, "n1")),
  mayNot("n1", tell("n2", beats), subject.heartbeatSubject(C, "n2")),
  mayNot("c1", tell("n2", beats), subject.heartbeatSubject(C, "n1")),
  mayNot("op1", tell("n2", beats), subject.heartbeatSubject(C, "n1")),
  may("op1", hear("n1", subject.heartbeatSubject(C, "n1")), beats),
  mayNot("c1", hear("n1", subject.heartbeatSubject(C, "n1")), beats),
  // Topics.
  may("n1", tell("n2", topics), subject.topicSubject(C, "cfp.x@1", "n1")),
  mayNot("n1", tell("n2", topics), subject.topicSubject(C, "cfp.x@1", "n2")),
  mayNot("c1", tell("n2", topics), subject.topicSubject(C, "cfp.x@1", "c1")),
  mayNot("c1", hear("n1", subject.topicSubject(C, "t", "n1")), subject.topicFrom(C, "t")),
  // Services: everybody may ask, nodes alone answer.
  may("n1", tell("n2", services), service),
  may("c1", tell("n2", services), service),
  may("op1", tell("n2", services), service),
  mayNot("c1", hear("n1", service), services),
  mayNot("op1", hear("n1", service), services),
  may("op1", tell("n2", "$SRV.PING"), "$SRV.PING"),
  mayNot("c1", tell("n2", "$SRV.PING"), "$SRV.PING"),
  // The ingress: clients on `in`, operators on `op`, each under its own name.
  may("c1", tell("n2", subject.ingressOf(C, "client")), subject.ingressSubject(C, "client", "c1")),
  mayNot(
    "c1",
    tell("n2", subject.ingressOf(C, "client")),
    subject.ingressSubject(C, "client", "c2"),
  ),
  mayNot(
    "c1",
    tell("n2", subject.ingressOf(C, "operator")),
    subject.ingressSubject(C, "operator", "c1"),
  ),
  mayNot(
    "c1",
    tell("n2", subject.ingressOf(C, "operator")),
    subject.ingressSubject(C, "operator", "op1"),
  ),
  may(
    "c1",
    tell("n2", subject.pinnedIngressOf(C, "client", "n2")),
    subject.pinnedIngressSubject(C, "client", "c1", "n2"),
  ),
  mayNot(
    "c1",
    tell("n2", subject.pinnedIngressOf(C, "client", "n2")),
    subject.pinnedIngressSubject(C, "client", "c2", "n2"),
  ),
  may(
    "op1",
    tell("n2", subject.ingressOf(C, "operator")),
    subject.ingressSubject(C, "operator", "op1"),
  ),
  may(
    "op1",
    tell("n2", subject.pinnedIngressOf(C, "operator", "n2")),
    subject.pinnedIngressSubject(C, "operator", "op1", "n2"),
  ),
  mayNot(
    "op1",
    tell("n2", subject.ingressOf(C, "client")),
    subject.ingressSubject(C, "client", "c1"),
  ),
  // Answers of gateways.
  may("n1", tell("c1", egress("c1")), subject.egressSubject(C, "c1", "n1")),
  mayNot("n1", tell("c1", egress("c1")), subject.egressSubject(C, "c1", "n2")),
  mayNot("c2", tell("c1", egress("c1")), subject.egressSubject(C, "c1", "n1")),
  mayNot("c2", hear("n1", subject.egressSubject(C, "c1", "n1")), egress("c1")),
  mayNot("op1", hear("n1", subject.egressSubject(C, "c1", "n1")), egress("c1")),
  // Inboxes.
  may("n1", tell("c1", inbox("c1", "client")), inbox("c1", "client")),
  mayNot("n1", tell("n2", inbox("n2", "control")), inbox("n2", "control")),
  mayNot("c1", tell("n2", inbox("n2", "control")), inbox("n2", "control")),
  mayNot("c2", hear("n1", inbox("c1", "client")), inbox("c1", "client")),
  mayNot("c2", hear("n1", inbox("c1", "client")), `_INBOX_${C}.>`),
  mayNot("n1", hear("n1", inbox("c1", "client")), inbox("n2", "control")),
  mayNot("op1", hear("n1", inbox("c1", "client")), inbox("c1", "client")),
  mayNot("c2", hear("n1", "_INBOX.x"), "_INBOX.>"),
  // Buckets: of clients only those that they were given.
  may("n1", ask("v"), key("board_secret", "k")),
  may("c1", ask("v"), key("board_open", "k")),
  mayNot("c1", ask("v"), key("board_given", "k")),
  mayNot("c1", ask("v"), key("board_secret", "k")),
  mayNot("c2", ask("v"), key("board_open", "k")),
  mayNot("op1", ask("v"), key("board_secret", "k")),
  may("c1", ask(lastOf("board_given")), api(`STREAM.MSG.GET.${stream("board_given")}`)),
  may("c1", ask(lastOf("board_open")), api(`STREAM.MSG.GET.${stream("board_open")}`)),
  mayNot("c1", ask(lastOf("board_secret")), api(`STREAM.MSG.GET.${stream("board_secret")}`)),
  mayNot("c2", ask(lastOf("board_given")), api(`STREAM.MSG.GET.${stream("board_given")}`)),
  may("op1", ask(lastOf("board_given")), api(`STREAM.MSG.GET.${stream("board_given")}`)),
  // Leases: each node its own.
  may("n1", ask("v"), key("LEASE", "node.n1")),
  mayNot("n1", ask("v"), key("LEASE", "node.n2")),
  may("n1", ask("v"), key("LEASE", "leader.x")),
  mayNot("c1", ask("v"), key("LEASE", "node.n1")),
  mayNot("op1", ask("v"), key("LEASE", "node.n1")),
  mayNot("n1", ask(), api(`STREAM.PURGE.${stream("LEASE")}`)),
  mayNot("n1", ask(), api(`STREAM.DELETE.${stream("LEASE")}`)),
  mayNot("n1", ask(), api(`STREAM.UPDATE.${stream("LEASE")}`)),
  mayNot("n1", ask(), api(`STREAM.MSG.DELETE.${stream("LEASE")}`)),
  // Trap 13: what the server delivers wherever the asker says is for nodes.
  may("n1", ask(lastOf("board_given")), api(`DIRECT.GET.${stream("board_given")}`)),
  mayNot("c1", ask(lastOf("board_given")), api(`DIRECT.GET.${stream("board_given")}`)),
  mayNot("c1", ask(), api(`DIRECT.GET.${stream("board_given")}.${key("board_given", "k")}`)),
  mayNot("op1", ask(lastOf("board_given")), api(`DIRECT.GET.${stream("board_given")}`)),
  may("n1", ask(consumer(stream("board_given"))), api(`CONSUMER.CREATE.${stream("board_given")}`)),
  mayNot("c1", ask(consumer(stream("board_open"))), api(`CONSUMER.CREATE.${stream("board_open")}`)),
  mayNot("op1", ask(consumer(TASKS)), api(`CONSUMER.CREATE.${TASKS}`)),
  may("c1", ask(), api("INFO")),
  may("op1", ask(), api("INFO")),
  may("n1", ask(), api("INFO")),
  // Streams.
  may("n1", ask(), api("STREAM.NAMES")),
  may("op1", ask(), api("STREAM.NAMES")),
  mayNot("c1", ask(), api("STREAM.NAMES")),
  may("op1", ask(), api(`STREAM.INFO.${TASKS}`)),
  mayNot("c1", ask(), api(`STREAM.INFO.${TASKS}`)),
  mayNot(
    "c1",
    ask(JSON.stringify({ name: "LOOT", subjects: ["loot"] })),
    api("STREAM.CREATE.LOOT"),
  ),
  mayNot(
    "op1",
    ask(JSON.stringify({ name: "LOOT", subjects: ["loot"] })),
    api("STREAM.CREATE.LOOT"),
  ),
  // Durable tasks.
  may("n1", ask("v"), `troupe.v1.${C}.q.x.batch`),
  mayNot("c1", ask("v"), `troupe.v1.${C}.q.x.batch`),
  mayNot("op1", ask("v"), `troupe.v1.${C}.q.x.batch`),
  mayNot("c1", ask("v"), `troupe.v1.${C}.dlq.x`),
  // Event logs.
  may("n1", ask("v"), `troupe.v1.${C}.log.run.1`),
  // Reminders: nodes arm them, and the server alone says that one is due.
  may("n1", ask("v"), `troupe.v1.${C}.rem.at.t.k.r`),
  mayNot("n1", ask("v"), `troupe.v1.${C}.rem.due.t.k.r`),
  mayNot("c1", ask("v"), `troupe.v1.${C}.rem.at.t.k.r`),
  may("n1", hear("n2", `troupe.v1.${C}.log.run.1`), `troupe.v1.${C}.log.run.1`),
  mayNot("c1", ask("v"), `troupe.v1.${C}.log.run.1`),
  mayNot("op1", ask("v"), `troupe.v1.${C}.log.run.1`),
  mayNot("c1", hear("n2", `troupe.v1.${C}.log.run.1`), `troupe.v1.${C}.log.>`),
  // The server itself.
  mayNot("n1", ask(), "$SYS.REQ.SERVER.PING"),
  mayNot("op1", ask(), "$SYS.REQ.SERVER.PING"),
];

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
  for (const name of ["LEASE", "board_given", "board_open", "board_secret"]) {
    const bucket = await buckets.open(name);
    if (name !== "LEASE") await bucket.put("k", 1);
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

  for (const row of ROWS) {
    const { who, verdict, does } = row;
    t.test(`${who} ${verdict} ${does.kind} ${row.subject}`, async (t) => {
      const { worked, refused } = await tried(row);
      t.equal(worked, verdict === "may", "whether it works");
      t.equal(refused, verdict === "may not", "whether the server refuses");
    });
  }

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
