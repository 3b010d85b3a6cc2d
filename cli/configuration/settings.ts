/**
 * The settings of `troupe node`, one line each: the one list that flags, environment, file and
 * `troupe config show` are made from.
 */
import { checkedFeatures, checkedMostBodyBytes, type NodeConfig } from "../../cluster/index.ts";
import { checkedNodeName } from "../../runtime/index.ts";
import {
  checkedBy,
  duration,
  oneOf,
  pairs,
  port,
  positive,
  type Setting,
  sizes,
  text,
  words,
  wordsOrNone,
} from "./setting.ts";

interface Listed extends Setting {
  readonly key: keyof NodeConfig;
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
const nodeName = checkedBy(text, checkedNodeName, "must be 1 to 64 of letters, digits, _ and -");

/** All of them, in the order in which they are shown. */
export const SETTINGS: readonly Setting[] = [
  {
    key: "name",
    flag: "--name <name>",
    variable: "TROUPE_NAME",
    about: "unique in the cluster; the host's and the process's by default",
    kind: nodeName,
  },
  {
    key: "roles",
    flag: "--roles <roles>",
    variable: "TROUPE_ROLES",
    about: "what it is for, separated by commas",
    kind: words,
    byDefault: [],
  },
  {
    key: "capacity",
    flag: "--capacity <number>",
    variable: "TROUPE_CAPACITY",
    about: "its share of what is placed by weight",
    kind: positive,
    byDefault: 1,
  },
  {
    key: "metadata",
    flag: "--metadata <pairs>",
    variable: "TROUPE_METADATA",
    about: "told to the others: key=value; may be repeated",
    kind: pairs,
    repeats: true,
    byDefault: {},
  },
  {
    key: "ingress",
    flag: "--ingress <state>",
    variable: "TROUPE_INGRESS",
    about: "open or closed to programs that are no nodes",
    kind: oneOf(["open", "closed"]),
    byDefault: "open",
  },
  {
    key: "services",
    flag: "--services <state>",
    variable: "TROUPE_SERVICES",
    about: "open or closed to NATS requests in JSON",
    kind: oneOf(["open", "closed"]),
    byDefault: "open",
  },
  {
    key: "nats",
    flag: "--nats <url>",
    variable: "TROUPE_NATS_URL",
    about: "a nats-server; an embedded one by default",
    kind: text,
  },
  {
    key: "nkey",
    flag: "--nkey <file>",
    variable: "TROUPE_NATS_NKEY",
    about: "the seed of the server's user",
    kind: text,
  },
  {
    key: "ca",
    flag: "--ca <file>",
    variable: "TROUPE_NATS_CA",
    about: "who signed the server's certificate",
    kind: text,
  },
  {
    key: "cluster",
    flag: "--cluster <name>",
    variable: "TROUPE_CLUSTER",
    about: "the cluster to join",
    kind: checkedBy(text, checkedNodeName, "must be 1 to 64 of letters, digits, _ and -"),
    byDefault: "troupe",
  },
  {
    key: "storeDir",
    flag: "--store <folder>",
    variable: "TROUPE_STORE",
    about: "where an embedded server keeps its streams",
    kind: text,
    byDefault: ".troupe/nats",
  },
  {
    key: "natsServer",
    flag: undefined,
    variable: "TROUPE_NATS_SERVER",
    about: "the binary of an embedded server; found or fetched by default",
    kind: text,
  },
  {
    key: "natsPort",
    flag: "--nats-port <port>",
    variable: "TROUPE_NATS_PORT",
    about: "the port of an embedded server; any free one by default",
    kind: port,
  },
  {
    key: "lease",
    flag: "--lease <span>",
    variable: "TROUPE_LEASE",
    about: "how long it lives without renewing its lease; 5s, on three servers 20s by default",
    kind: duration(2_000),
  },
  {
    key: "replicas",
    flag: "--replicas <count>",
    variable: "TROUPE_REPLICAS",
    about: "how many servers keep each stream and bucket: 1, 3 or 5; as the servers are by default",
    kind: oneOf([1, 3, 5]),
  },
  {
    key: "mostBodyBytes",
    flag: "--most-body <bytes>",
    variable: "TROUPE_MOST_BODY",
    about: "the largest body of a message to or from others; 67108864 by default",
    kind: checkedBy(positive, checkedMostBodyBytes, "must be 262144 to 1073741824 bytes"),
  },
  {
    key: "wireFeatures",
    flag: "--wire-features <names>",
    variable: "TROUPE_WIRE_FEATURES",
    about:
      "what it reads of the wire, or none: for an upgrade that may be taken back; all by default",
    kind: checkedBy(
      wordsOrNone,
      checkedFeatures,
      "must be of claims, moved, chunks and parts, or none",
    ),
  },
  {
    key: "model",
    flag: "--model <model>",
    variable: "TROUPE_MODEL",
    about: "auto, builtin or ollama:NAME",
    kind: text,
    byDefault: "auto",
  },
  {
    key: "ollamaHost",
    flag: undefined,
    variable: "OLLAMA_HOST",
    about: "where Ollama answers",
    kind: text,
  },
  {
    key: "log",
    flag: "--log <level>",
    variable: "TROUPE_LOG",
    about: LEVELS.join(", "),
    kind: oneOf(LEVELS),
    byDefault: "info",
  },
  {
    key: "healthPort",
    flag: "--health-port <port>",
    variable: "TROUPE_HEALTH_PORT",
    about: "where /healthz and /readyz answer; nowhere by default",
    kind: port,
  },
  {
    key: "healthHost",
    flag: "--health-host <host>",
    variable: "TROUPE_HEALTH_HOST",
    about: "the address that they answer on",
    kind: text,
    byDefault: "127.0.0.1",
  },
  {
    key: "pools",
    flag: "--pool <capability[=size]>",
    variable: "TROUPE_POOLS",
    about: "of the module's children only those that serve it, so many of each; may be repeated",
    kind: sizes,
    repeats: true,
  },
  {
    key: "drain",
    flag: "--drain <span>",
    variable: "TROUPE_DRAIN",
    about: "how long it may take to end in good order",
    kind: duration(0),
    byDefault: "10s",
  },
  {
    key: "rejoin",
    flag: "--rejoin <when>",
    variable: "TROUPE_REJOIN",
    about: "always or never: whether it starts anew, as another incarnation, when it was fenced",
    kind: oneOf(["always", "never"]),
    byDefault: "always",
  },
] satisfies readonly Listed[];
