/**
 * What each user of a cluster may do on the server: one allow-list per role and name.
 *
 * Owns: which subjects a user publishes to and hears. The subjects themselves are the wire's
 * (`wire/node-subject.ts`) and the stores', inboxes those of `connections.ts`; who the users
 * are is `server-plan.ts`.
 *
 * P1: a node publishes frames, heartbeats and topics only under its own token, and no lease but its own:
 *     that makes a subject, and the key in a lease, proof of who speaks (S24).
 * P2: everybody hears only inboxes of its own.
 * P3: only nodes read streams directly or make consumers: the server delivers those answers to whatever
 *     subject the asker names, another node's included. Nobody is given `allow_responses`, for the same
 *     reason.
 * P4: permissions match whole tokens: a bucket is named in full or not at all.
 * P5: a client speaks with gateways and services only, beside the buckets that it was given, and asks
 *     JetStream for a sign of life (`server-change.ts`); an operator besides looks at streams, hears
 *     heartbeats and may remove streams.
 *
 * Cost: pure; a node's list grows by one line per other node.
 */
import { inboxesOf, inboxPrefixOf } from "../connections.ts";
import { LEASE_BUCKET, leaseKey } from "../membership/lease.ts";
import { logSubjects } from "../stores/log-subject.ts";
import { armedSubjects } from "../stores/reminder-subject.ts";
import { bucketStream, bucketSubject, storeName } from "../stores/store-name.ts";
import { deadLetterSubjects, taskSubjects } from "../stores/task-subject.ts";
import {
  clusterSubjects,
  egressSubject,
  frameSubject,
  framesTo,
  heartbeatSubject,
  heartbeatsOf,
  ingressOf,
  ingressSubject,
  pinnedIngressOf,
  pinnedIngressSubject,
} from "../wire/node-subject.ts";
import type { Role } from "./server-role.ts";

/** A user as the server's configuration knows it. */
export interface ServerUser {
  readonly role: Role;
  /** The node's, client's or operator's name, unique in its cluster whatever its role. */
  readonly name: string;
  /** Buckets that a client may read, by the cluster's own names for them; none by default. */
  readonly reads?: readonly string[];
  /** Buckets that a client may also write; none by default. */
  readonly writes?: readonly string[];
}

/** Subjects, as the server's configuration writes them. What is denied is so although allowed. */
export interface SubjectRules {
  readonly allow: readonly string[];
  readonly deny?: readonly string[];
}

/** What a user may do. */
export interface Permissions {
  readonly publish: SubjectRules;
  readonly subscribe: SubjectRules;
}

/** JetStream's API as nodes need it; not deleting streams, not moving leaders, nothing of other accounts. */
const NODE_API = [
  "INFO",
  "STREAM.CREATE.*",
  "STREAM.UPDATE.*",
  "STREAM.INFO.*",
  "STREAM.NAMES",
  "STREAM.LIST",
  "STREAM.PURGE.*",
  "STREAM.MSG.GET.*",
  "STREAM.MSG.DELETE.*",
  "DIRECT.GET.>",
  "CONSUMER.CREATE.>",
  "CONSUMER.DURABLE.CREATE.>",
  "CONSUMER.MSG.NEXT.>",
  "CONSUMER.INFO.>",
  "CONSUMER.DELETE.>",
  "CONSUMER.NAMES.*",
  "CONSUMER.LIST.*",
];
/** What would undo a lease other than by its holder. */
const LEASE_API = ["STREAM.UPDATE", "STREAM.PURGE", "STREAM.MSG.DELETE"];
const OPERATOR_API = [
  "INFO",
  "STREAM.NAMES",
  "STREAM.LIST",
  "STREAM.INFO.*",
  "STREAM.DELETE.*",
  "STREAM.MSG.GET.*",
  "CONSUMER.NAMES.*",
  "CONSUMER.LIST.*",
  "CONSUMER.INFO.>",
];
const BUCKET_API = ["STREAM.INFO", "STREAM.MSG.GET"];

/**
 * What `user` may do in `cluster`.
 *
 * @param nodes - the names of all nodes of the cluster, `user` included
 * @throws {TypeError} when the cluster's name is none
 */
export function permissionsOf(
  user: ServerUser,
  cluster: string,
  nodes: readonly string[],
): Permissions {
  switch (user.role) {
    case "node":
      return nodePermissions(user.name, cluster, nodes);
    case "client":
      return clientPermissions(user, cluster);
    case "operator":
      return operatorPermissions(user.name, cluster);
  }
}

function nodePermissions(name: string, cluster: string, nodes: readonly string[]): Permissions {
  const leases = storeName(cluster, LEASE_BUCKET);
  const others = nodes.filter((node) => node !== name);
  return {
    publish: {
      allow: [
        frameSubject(cluster, "*", name),
        heartbeatSubject(cluster, name),
        clusterSubjects(cluster, "topic", "*", name),
        egressSubject(cluster, "*", name),
        clusterSubjects(cluster, "svc", ">"),
        taskSubjects(cluster),
        deadLetterSubjects(cluster),
        logSubjects(cluster),
        armedSubjects(cluster),
        // Answers to clients, and to tools that ask a service. Never below a node's inbox (P2).
        `${inboxPrefixOf({ cluster, name: "*" }, "client")}.>`,
        "_INBOX.>",
        ...NODE_API.map(apiSubject),
        "$JS.ACK.>",
        "$JS.FC.>",
        "$KV.>",
        "$O.>",
      ],
      deny: [
        ...others.map((other) => bucketSubject(leases, leaseKey(other))),
        ...LEASE_API.map((api) => apiSubject(`${api}.${bucketStream(leases)}`)),
      ],
    },
    subscribe: {
      allow: [
        framesTo(cluster, name),
        heartbeatsOf(cluster),
        clusterSubjects(cluster, "topic", "*", "*"),
        ingressOf(cluster, "client"),
        ingressOf(cluster, "operator"),
        pinnedIngressOf(cluster, "client", name),
        pinnedIngressOf(cluster, "operator", name),
        clusterSubjects(cluster, "svc", ">"),
        logSubjects(cluster),
        "$SRV.>",
        `${inboxesOf({ cluster, name })}.>`,
      ],
    },
  };
}

function clientPermissions(user: ServerUser, cluster: string): Permissions {
  const { name, reads = [], writes = [] } = user;
  const streams = [...new Set([...reads, ...writes])].map((bucket) =>
    bucketStream(storeName(cluster, bucket)),
  );
  return {
    publish: {
      allow: [
        ingressSubject(cluster, "client", name),
        pinnedIngressSubject(cluster, "client", name, "*"),
        clusterSubjects(cluster, "svc", ">"),
        apiSubject("INFO"),
        ...streams.flatMap((stream) => BUCKET_API.map((api) => apiSubject(`${api}.${stream}`))),
        ...writes.map((bucket) => bucketSubject(storeName(cluster, bucket), ">")),
      ],
    },
    subscribe: { allow: answersTo(cluster, name) },
  };
}

function operatorPermissions(name: string, cluster: string): Permissions {
  return {
    publish: {
      allow: [
        ingressSubject(cluster, "operator", name),
        pinnedIngressSubject(cluster, "operator", name, "*"),
        clusterSubjects(cluster, "svc", ">"),
        "$SRV.>",
        ...OPERATOR_API.map(apiSubject),
      ],
    },
    subscribe: { allow: [...answersTo(cluster, name), heartbeatsOf(cluster)] },
  };
}

/** Where a program that is no node is answered. */
function answersTo(cluster: string, name: string): readonly string[] {
  return [egressSubject(cluster, name, "*"), `${inboxesOf({ cluster, name })}.>`];
}

function apiSubject(api: string): string {
  return `$JS.API.${api}`;
}
