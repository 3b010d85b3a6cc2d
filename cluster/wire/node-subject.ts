/**
 * The subjects on which nodes and clients speak, and who a message's subject says it is from.
 *
 * Owns: frames, heartbeats, topics, services and the ingress. Its neighbour `subject.ts` owns the work queue.
 *
 * J1: the sender is always a token of the subject, so that the server's permissions vouch for it.
 */

const ROOT = "troupe.v1";
const CLUSTER = /^[A-Za-z0-9-]{1,64}$/;

/**
 * The name itself, when it may name a cluster.
 *
 * @throws {TypeError} unless it is 1 to 64 of letters, digits and `-`
 */
export function checkedClusterName(name: string): string {
  if (CLUSTER.test(name)) return name;
  throw new TypeError(`not a cluster name: ${JSON.stringify(name)} (1 to 64 of A-Z a-z 0-9 -)`);
}

/** Frames from one node to another. */
export function frameSubject(cluster: string, to: string, from: string): string {
  return `${ROOT}.${cluster}.n.${to}.${from}`;
}

/** All frames to a node. */
export function framesTo(cluster: string, to: string): string {
  return frameSubject(cluster, to, "*");
}

/** A node's heartbeats. */
export function heartbeatSubject(cluster: string, node: string): string {
  return `${ROOT}.${cluster}.hb.${node}`;
}

/** All heartbeats of a cluster. */
export function heartbeatsOf(cluster: string): string {
  return heartbeatSubject(cluster, "*");
}

/** What a node publishes on a topic. */
export function topicSubject(cluster: string, topic: string, from: string): string {
  return `${ROOT}.${cluster}.topic.${tokenOf(topic)}.${from}`;
}

/** What anyone publishes on a topic. */
export function topicFrom(cluster: string, topic: string): string {
  return topicSubject(cluster, topic, "*");
}

/** Who speaks on the ingress: on `in`, or on `op`, where only operators may publish. */
export type IngressRole = "client" | "operator";

const INGRESS_TOKEN: Readonly<Record<IngressRole, string>> = { client: "in", operator: "op" };

/** What a program that is no node sends to whichever gateway is free. */
export function ingressSubject(cluster: string, role: IngressRole, client: string): string {
  return `${ROOT}.${cluster}.${INGRESS_TOKEN[role]}.${client}`;
}

/** What it sends to the gateway that greeted it. */
export function pinnedIngressSubject(
  cluster: string,
  role: IngressRole,
  client: string,
  gateway: string,
): string {
  return `${ingressSubject(cluster, role, client)}.${gateway}`;
}

/** The ingress of all programs of a role, before they have a gateway. */
export function ingressOf(cluster: string, role: IngressRole): string {
  return ingressSubject(cluster, role, "*");
}

/** What all programs of a role send to one gateway. */
export function pinnedIngressOf(cluster: string, role: IngressRole, gateway: string): string {
  return pinnedIngressSubject(cluster, role, "*", gateway);
}

/** Where a gateway answers a client. */
export function egressSubject(cluster: string, client: string, gateway: string): string {
  return `${ROOT}.${cluster}.out.${client}.${gateway}`;
}

/** Where an actor type answers an operation in JSON, whoever asks. */
export function serviceSubject(cluster: string, type: string, operation: string): string {
  return `${ROOT}.${cluster}.svc.${tokenOf(type)}.${tokenOf(operation)}`;
}

/** Where an actor type answers all its operations. */
export function serviceSubjects(cluster: string, type: string): string {
  return `${ROOT}.${cluster}.svc.${tokenOf(type)}.*`;
}

/** A subject of the cluster by its tokens, wildcards included; for permissions. */
export function clusterSubjects(cluster: string, ...tokens: readonly string[]): string {
  return [ROOT, cluster, ...tokens].join(".");
}

/** The last token of a subject: the sender of frames, heartbeats and topics. */
export function senderOf(subject: string): string {
  return subject.slice(subject.lastIndexOf(".") + 1);
}

/** The client that a message on the ingress is from; the fifth token. */
export function clientOf(subject: string): string {
  return subject.split(".", 5)[4] ?? "";
}

/** Any text as one token: what is not a letter, a digit, `_`, `-` or `@` becomes `=` and its code. */
export function tokenOf(text: string): string {
  return text.replace(/[^A-Za-z0-9_@-]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `=${code.toString(16)}=`;
  });
}
