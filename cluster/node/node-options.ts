/**
 * What a node is started with, parsed once.
 *
 * Owns: the options, their defaults and the environment variables that stand in for them:
 * `TROUPE_NATS_URL` for `nats`, `TROUPE_NATS_NKEY` and `TROUPE_NATS_CA` for `credentials`,
 * `TROUPE_NATS_SERVER` for `natsServer`. Options win.
 */
import { checkedNodeName } from "../../runtime/address.ts";
import type { Duration } from "../../runtime/duration.ts";
import { durationMs } from "../../runtime/duration.ts";
import type { Log } from "../../runtime/log.ts";
import { pinoLog } from "../../runtime/log.ts";
import { hostMetadata, isHostKey } from "../../runtime/placement/hosts.ts";
import { MOST_BLOB_BYTES } from "../../runtime/ports/blob-store.ts";
import type { MemberTraits } from "../../runtime/ports/membership.ts";
import type { ModelClients } from "../../runtime/ports/model-client.ts";
import { type Registration, registrationsByName } from "../../runtime/registration.ts";
import { processScrubber } from "../../runtime/scrubber.ts";
import { withRoot } from "../../runtime/spawning/root-supervisor.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import type { HealthOptions } from "../health/health-server.ts";
import { GATEWAY_ROLE } from "../ingress/greeting.ts";
import {
  checkedCapacity,
  checkedMetadata,
  DEFAULT_CAPACITY,
  MOST_ENTRIES,
} from "../membership/member-traits.ts";
import type { StoreLife } from "../nats-server/launch.ts";
import type { LocateEnvironment } from "../nats-server/locate.ts";
import type {
  Credentials,
  CredentialsEnvironment,
  LoadedCredentials,
} from "../security/credentials.ts";
import { loadCredentials } from "../security/credentials.ts";
import { checkedMostBodyBytes } from "../wire/body-store.ts";
import { checkedClusterName } from "../wire/node-subject.ts";
import {
  CLIENT_FEATURES,
  checkedFeatures,
  WIRE_FEATURES,
  type WireFeature,
} from "../wire/wire-features.ts";
import type { Children } from "./node-module.ts";
import type { Pools } from "./node-pools.ts";

/** Options of `startNode`. */
export interface NodeOptions {
  /** Unique in the cluster: 1 to 64 of letters, digits, `_` and `-`. */
  readonly name: string;
  /** What it is for; `gateway` comes with every node whose ingress is open. */
  readonly roles?: readonly string[];
  /** Its share of what is placed by weight, relative to other nodes; above 0, default 1. */
  readonly capacity?: number;
  /**
   * Told to the other nodes: keys of 64 and values of 256 characters, at most 32 of them; the names of virtual
   * actors and singletons take one of these for each 256 characters. `hosts` and `hosts.…` are Troupe's own.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether it takes what programs that are no nodes send; default `open`. */
  readonly ingress?: "open" | "closed";
  /** Whether its actor types answer NATS requests in JSON, for `nats req` and `nats micro`; default `open`. */
  readonly services?: "open" | "closed";
  /** `nats://host:port`, several separated by commas; an embedded server when absent. */
  readonly nats?: string;
  /** What that server asks for; `TROUPE_NATS_NKEY` and `TROUPE_NATS_CA` by default, or nothing. */
  readonly credentials?: Credentials;
  /** The name of the cluster, one per environment; default `troupe`. */
  readonly cluster?: string;
  /** Where the embedded server keeps its streams; default `.troupe/nats`. */
  readonly storeDir?: string;
  /** Whether `storeDir` is removed with all it holds when the embedded server ends; default `kept`. */
  readonly storeLife?: StoreLife;
  /** The path of the embedded server's binary; found or fetched when absent. */
  readonly natsServer?: string;
  /** The port of the embedded server; default any free one. */
  readonly natsPort?: number;
  /** The models that actors may call; none when absent. */
  readonly models?: ModelClients;
  /** The actors to start. */
  readonly children?: Children;
  /** Of the children only those that serve these capabilities, this many of each. */
  readonly pools?: Pools;
  /** Where `/healthz` and `/readyz` answer over HTTP; nowhere when absent. */
  readonly health?: HealthOptions;
  /** The actors that it can run when somebody asks for them by name. */
  readonly actors?: readonly Registration[];
  readonly log?: Log;
  /** How long the node lives without a renewal of its lease; default 5 s, with three replicas 20 s. */
  readonly lease?: Duration;
  /** How many servers keep each stream and bucket that is made; default 3 where servers form a cluster, else 1. */
  readonly replicas?: 1 | 3 | 5;
  /**
   * The largest body of a message to or from another node or a client, in bytes; default 64 MB. Those over
   * 256 KB go by way of the server's object store, to and from clients in parts.
   */
  readonly mostBodyBytes?: number;
  /**
   * What this node reads of the wire beyond the first release; default all that it can. Less is for an
   * upgrade that may have to be taken back: `[]` speaks as the first release did.
   */
  readonly wireFeatures?: readonly WireFeature[];
  /** Read for what the options leave open, and for what is to be hidden in logs; default the process's environment. */
  readonly env?: NodeEnvironment;
}

/** The environment variables that are read. */
export interface NodeEnvironment extends LocateEnvironment, CredentialsEnvironment {
  readonly TROUPE_NATS_URL?: string | undefined;
}

/** The options with every default in its place. */
export interface NodeSettings {
  readonly name: string;
  readonly traits: MemberTraits;
  readonly cluster: string;
  readonly server:
    | {
        readonly kind: "external";
        readonly url: string;
        readonly credentials: LoadedCredentials;
      }
    | {
        readonly kind: "embedded";
        readonly storeDir: string;
        readonly storeLife: StoreLife;
        readonly port: number | undefined;
        readonly env: LocateEnvironment;
      };
  readonly models: ModelClients;
  readonly children: Children;
  readonly pools: Pools | undefined;
  readonly health: HealthOptions | undefined;
  readonly services: "open" | "closed";
  readonly actors: readonly Registration[];
  readonly log: Log;
  /** `undefined` = as the servers are. */
  readonly leaseTtlMs: number | undefined;
  /** `undefined` = as the servers are. */
  readonly replicas: number | undefined;
  readonly mostBodyBytes: number;
  /** What of the wire is read from clients. */
  readonly ingressReads: readonly WireFeature[];
}

const LEAST_LEASE_MS = 2_000;

/**
 * The settings that the options stand for.
 *
 * @throws {TypeError} when a name or the metadata has another form, or two actors have one name
 * @throws {TroupeError} `credentials.unusable`
 * @throws {RangeError} when the lease is shorter than 2 s or no duration, the capacity
 *   not above 0, the replicas are none of 1, 3 and 5, the largest body is none, or there is too much metadata
 */
export function nodeSettings(options: NodeOptions): NodeSettings {
  const env = options.env ?? process.env;
  processScrubber.addEnvironment({ ...env });
  const name = checkedNodeName(options.name);
  const actors = withRoot([...registrationsByName(options.actors ?? []).values()]);
  const leaseTtlMs = options.lease === undefined ? undefined : durationMs(options.lease);
  if (leaseTtlMs !== undefined && leaseTtlMs < LEAST_LEASE_MS)
    throw new RangeError(`lease must be at least ${LEAST_LEASE_MS} ms: ${leaseTtlMs}`);
  const { replicas } = options;
  if (replicas !== undefined && ![1, 3, 5].includes(replicas))
    throw new RangeError(`replicas must be 1, 3 or 5: ${replicas}`);
  const features = checkedFeatures(options.wireFeatures ?? [...WIRE_FEATURES, ...CLIENT_FEATURES]);
  return {
    name,
    ingressReads: CLIENT_FEATURES.filter((feature) => features.includes(feature)),
    mostBodyBytes: checkedMostBodyBytes(options.mostBodyBytes ?? MOST_BLOB_BYTES),
    traits: {
      roles: rolesOf(options),
      capacity: checkedCapacity(options.capacity ?? DEFAULT_CAPACITY),
      metadata: metadataOf(options, actors),
      reads: WIRE_FEATURES.filter((feature) => features.includes(feature)),
    },
    cluster: checkedClusterName(options.cluster ?? "troupe"),
    server: serverOf(options, env),
    models: options.models ?? noModels,
    children: options.children ?? [],
    pools: options.pools,
    health: options.health,
    services: options.services ?? "open",
    actors,
    log: (options.log ?? pinoLog("warn")).child({ node: name }),
    leaseTtlMs,
    replicas,
  };
}

/** What the node says of itself and of its registrations; others would not see one that says too much. */
function metadataOf(
  { metadata = {} }: NodeOptions,
  actors: readonly Registration[],
): MemberTraits["metadata"] {
  const own = checkedMetadata(metadata);
  const reserved = Object.keys(own).find(isHostKey);
  if (reserved !== undefined)
    throw new TypeError(
      `metadata may not use the key ${JSON.stringify(reserved)}: it is Troupe's own`,
    );
  const hosted = hostMetadata(actors);
  const [given, taken] = [Object.keys(own).length, Object.keys(hosted).length];
  if (given + taken > MOST_ENTRIES)
    throw new RangeError(
      `metadata may have ${MOST_ENTRIES} entries, and the names of this node's actors take ${taken} of them: ${given} were given`,
    );
  return { ...own, ...hosted };
}

function rolesOf({ roles = [], ingress = "open" }: NodeOptions): readonly string[] {
  return [...new Set(ingress === "open" ? [...roles, GATEWAY_ROLE] : roles)];
}

function serverOf(options: NodeOptions, env: NodeEnvironment): NodeSettings["server"] {
  const url = options.nats ?? env.TROUPE_NATS_URL;
  if (url !== undefined && url !== "")
    return { kind: "external", url, credentials: loadCredentials(options.credentials, env) };
  return {
    kind: "embedded",
    storeDir: options.storeDir ?? ".troupe/nats",
    storeLife: options.storeLife ?? "kept",
    port: options.natsPort,
    env:
      options.natsServer === undefined ? env : { ...env, TROUPE_NATS_SERVER: options.natsServer },
  };
}

const noModels: ModelClients = {
  client: (name) => {
    throw new TroupeError(
      "model.unknown",
      `no model ${name}: this node was started without models (option "models")`,
    );
  },
};
