/**
 * Who may do what on a server that runs with the configuration that `troupe nats init` writes: role by subject, as
 * data. `access-matrix.test.ts` tries every row.
 */
import { inboxPrefixOf } from "../../cluster/connections.ts";
import * as subject from "../../cluster/wire/node-subject.ts";

/** The cluster that the subjects are of. */
export const C: string = "mx";
/** Who tries. */
export const USERS = [
  { role: "node", name: "n1" },
  { role: "node", name: "n2" },
  { role: "client", name: "c1", reads: ["board_given"], writes: ["board_open"] },
  { role: "client", name: "c2" },
  { role: "operator", name: "op1" },
] as const;
/** One of {@link USERS}. */
export type Name = (typeof USERS)[number]["name"];

/** A row: who does what, and how it must end. */
export interface Row {
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
/** Where a service is asked. */
export const service: string = subject.serviceSubject(C, "x@1", "op");
const services = subject.serviceSubjects(C, "x@1");
const egress = (name: string): string => subject.egressSubject(C, name, "*");
const inbox = (name: string, purpose: "control" | "data" | "client"): string =>
  `${inboxPrefixOf({ cluster: C, name }, purpose)}.x`;
const key = (bucket: string, name: string): string => `$KV.TROUPE_${C}_${bucket}.${name}`;
const api = (what: string): string => `$JS.API.${what}`;
const stream = (bucket: string): string => `KV_TROUPE_${C}_${bucket}`;
/** The stream of durable tasks. */
export const TASKS: string = `TROUPE_${C}_TASKS`;
const lastOf = (bucket: string): string => JSON.stringify({ last_by_subj: key(bucket, "k") });
const consumer = (of: string): string =>
  JSON.stringify({ stream_name: of, config: { ack_policy: "none", mem_storage: true } });

/** All rows. */
export const ROWS: readonly Row[] = [
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
  // More of what nobody but nodes does with buckets.
  may("n1", ask("v"), key("REGISTRY", "shard.1")),
  mayNot("c1", ask("v"), key("REGISTRY", "shard.1")),
  mayNot("op1", ask("v"), key("REGISTRY", "shard.1")),
  mayNot("c1", ask("v"), key("tasks", "t1")),
  mayNot("op1", ask("v"), key("tasks", "t1")),
  mayNot("c1", ask("v"), key("claims", "x")),
  mayNot("c1", ask("v"), `$O.TROUPE_${C}_blobs.C.x`),
  mayNot("op1", ask("v"), `$O.TROUPE_${C}_blobs.C.x`),
  mayNot("c1", hear("n1", key("board_open", "k")), "$KV.>"),
  mayNot("c1", hear("n1", key("board_open", "k")), key("board_open", ">")),
  mayNot("op1", hear("n1", key("board_open", "k")), "$KV.>"),
  mayNot("n2", hear("n1", key("board_open", "k")), "$KV.>"),
  // A client looks at its own buckets' streams and at no other, and changes none.
  may("c1", ask(), api(`STREAM.INFO.${stream("board_given")}`)),
  may("c1", ask(), api(`STREAM.INFO.${stream("board_open")}`)),
  mayNot("c1", ask(), api(`STREAM.INFO.${stream("board_secret")}`)),
  mayNot("c1", ask(), api(`STREAM.INFO.${stream("LEASE")}`)),
  mayNot("c1", ask(), api(`STREAM.PURGE.${stream("board_open")}`)),
  mayNot("c1", ask(), api(`STREAM.DELETE.${stream("board_open")}`)),
  mayNot("c1", ask(), api(`STREAM.UPDATE.${stream("board_open")}`)),
  mayNot("c1", ask(), api(`STREAM.MSG.DELETE.${stream("board_open")}`)),
  mayNot("c1", ask(), api(`STREAM.SNAPSHOT.${stream("board_given")}`)),
  // An operator looks, and removes streams; it writes none of what is in them.
  may("op1", ask(), api("STREAM.LIST")),
  may("op1", ask(), api(`STREAM.DELETE.TROUPE_${C}_NONE`)),
  mayNot("op1", ask(), api(`STREAM.PURGE.${stream("board_given")}`)),
  mayNot("op1", ask(), api(`STREAM.UPDATE.${stream("board_given")}`)),
  mayNot("op1", ask(), api(`STREAM.MSG.DELETE.${stream("board_given")}`)),
  mayNot("op1", ask(), api(`STREAM.RESTORE.${stream("board_given")}`)),
  // Nodes make, change and purge streams; they remove none, and leave the server's own affairs alone.
  may("n1", ask(), api(`STREAM.INFO.${TASKS}`)),
  may("n1", ask(), api(`STREAM.PURGE.${stream("board_given")}`)),
  mayNot("n1", ask(), api(`STREAM.DELETE.${TASKS}`)),
  mayNot("n1", ask(), api(`STREAM.SNAPSHOT.${TASKS}`)),
  mayNot("n1", ask(), api(`STREAM.RESTORE.${TASKS}`)),
  mayNot("n1", ask(), api(`STREAM.LEADER.STEPDOWN.${TASKS}`)),
  mayNot("n1", ask(), api(`STREAM.PEER.REMOVE.${TASKS}`)),
  mayNot("n1", ask(), api("META.LEADER.STEPDOWN")),
  mayNot("n1", ask(), api("SERVER.REMOVE")),
  mayNot("n1", ask(), api("ACCOUNT.PURGE.x")),
  mayNot("op1", ask(), api("META.LEADER.STEPDOWN")),
  mayNot("op1", ask(), api("SERVER.REMOVE")),
  mayNot("c1", ask(), api("META.LEADER.STEPDOWN")),
  // Consumers.
  may("n1", ask(consumer(TASKS)), api(`CONSUMER.CREATE.${TASKS}.none`)),
  may("n1", ask(), api(`CONSUMER.INFO.${TASKS}.none`)),
  may("n1", ask(), api(`CONSUMER.DELETE.${TASKS}.none`)),
  may("n1", ask(), api(`CONSUMER.NAMES.${TASKS}`)),
  mayNot("n1", ask(), api(`CONSUMER.PAUSE.${TASKS}.none`)),
  mayNot("n1", ask(), api(`CONSUMER.LEADER.STEPDOWN.${TASKS}.none`)),
  may("op1", ask(), api(`CONSUMER.INFO.${TASKS}.none`)),
  may("op1", ask(), api(`CONSUMER.NAMES.${TASKS}`)),
  may("op1", ask(), api(`CONSUMER.LIST.${TASKS}`)),
  mayNot("op1", ask(), api(`CONSUMER.DELETE.${TASKS}.none`)),
  mayNot("op1", ask(), api(`CONSUMER.MSG.NEXT.${TASKS}.none`)),
  mayNot("op1", ask(), `$JS.ACK.${TASKS}.none.1.1.1.1.0`),
  mayNot(
    "c1",
    ask(consumer(stream("board_given"))),
    api(`CONSUMER.CREATE.${stream("board_given")}.x`),
  ),
  mayNot("c1", ask(), api(`CONSUMER.DURABLE.CREATE.${stream("board_given")}.x`)),
  mayNot("c1", ask(), api(`CONSUMER.MSG.NEXT.${TASKS}.none`)),
  mayNot("c1", ask(), api(`CONSUMER.INFO.${TASKS}.none`)),
  mayNot("c1", ask(), api(`CONSUMER.NAMES.${TASKS}`)),
  mayNot("c1", ask(), api(`CONSUMER.DELETE.${TASKS}.none`)),
  mayNot("c1", ask(), `$JS.ACK.${TASKS}.none.1.1.1.1.0`),
  mayNot("c1", ask(), `$JS.FC.${TASKS}.none.x`),
  // Whoever listens where others are answered, or reads what the server tells of them.
  mayNot("c1", hear("n1", "$JS.ACK.x"), "$JS.ACK.>"),
  mayNot("op1", hear("n1", "$JS.ACK.x"), "$JS.ACK.>"),
  mayNot("c1", hear("n1", "_INBOX.x"), "$JS.EVENT.>"),
  mayNot("c1", hear("op1", "$SRV.PING"), "$SRV.>"),
  mayNot("op1", hear("op1", "$SRV.PING"), "$SRV.>"),
  mayNot("op1", hear("n1", "_INBOX.x"), "_INBOX.>"),
  mayNot("op1", hear("n1", "_INBOX.x"), ">"),
  mayNot("n1", hear("n1", "_INBOX.x"), ">"),
  mayNot("n1", hear("n1", "_INBOX.x"), "_INBOX.>"),
  mayNot("n1", hear("n1", "_INBOX.x"), `_INBOX_${C}.>`),
  mayNot("n1", hear("n2", `troupe.v1.${C}.q.x.batch`), `troupe.v1.${C}.q.>`),
  mayNot("c1", hear("n2", `troupe.v1.${C}.q.x.batch`), `troupe.v1.${C}.q.>`),
  mayNot(
    "c1",
    hear("op1", subject.ingressSubject(C, "operator", "op1")),
    subject.ingressOf(C, "operator"),
  ),
  mayNot(
    "c2",
    hear("c1", subject.ingressSubject(C, "client", "c1")),
    subject.ingressOf(C, "client"),
  ),
  mayNot(
    "op1",
    hear("c1", subject.ingressSubject(C, "client", "c1")),
    subject.ingressOf(C, "client"),
  ),
  // Dead letters and reminders.
  mayNot("op1", ask("v"), `troupe.v1.${C}.dlq.x`),
  mayNot("op1", ask("v"), `troupe.v1.${C}.rem.at.t.k.r`),
  mayNot("c1", ask("v"), `troupe.v1.${C}.rem.due.t.k.r`),
  // Other environments by name, and the server's account.
  mayNot("c1", ask("v"), "troupe.v1.other.in.c1"),
  mayNot("n1", ask("v"), "troupe.v1.other.hb.n1"),
  mayNot("n1", hear("n1", "_INBOX.x"), "troupe.v1.*.hb.*"),
  mayNot("c1", ask(), "$SYS.REQ.SERVER.PING"),
  mayNot("c1", hear("n1", "_INBOX.x"), "$SYS.>"),
  mayNot("op1", hear("n1", "_INBOX.x"), "$SYS.>"),
  // The server itself.
  mayNot("n1", ask(), "$SYS.REQ.SERVER.PING"),
  mayNot("op1", ask(), "$SYS.REQ.SERVER.PING"),
];

/** What a row is about. */
export type SubjectClass = "publish" | "subscribe" | "KV" | "stream" | "consumer";

/** The class of a row. */
export function classOf({ does, subject: on }: Row): SubjectClass {
  if (does.kind === "hear") return "subscribe";
  if (on.startsWith("$KV.") || on.startsWith("$O.") || on.includes(".MSG.GET.")) return "KV";
  if (/^\$JS\.(ACK|FC)\.|\.CONSUMER\./.test(on)) return "consumer";
  return on.startsWith("$JS.API.") ? "stream" : "publish";
}
