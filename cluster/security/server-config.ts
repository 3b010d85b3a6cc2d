/**
 * A plan as nats-server's configuration.
 *
 * Owns: the text of `accounts.conf`, which all servers of a set-up share, and of each server's own
 * file. Who may do what is `permissions.ts`.
 *
 * F1: without an nkey of the plan nobody connects; there is no user without one, and no
 *     `no_auth_user`.
 * F2: an environment is an account: nothing of one is seen in another.
 * F3: acknowledged means on the disk: `sync_interval: always`.
 *
 * Cost: pure.
 */
import { join } from "node:path";
import { type Permissions, permissionsOf, type SubjectRules } from "./permissions.ts";
import type { PlannedEnvironment, PlannedServer, ServerPlan } from "./server-plan.ts";

/** What of a server's file the plan does not say. */
export interface ServerSecrets {
  /** Where everything lies, absolute. */
  readonly folder: string;
  /** With which the servers know each other. */
  readonly routePassword: string;
}

const MOST_CONNECTIONS = 4_096;
const MOST_SUBSCRIPTIONS = 100_000;
const MOST_STREAMS = 1_024;
const MOST_CONSUMERS = 16_384;

/** `accounts.conf`: an account per environment, a user per nkey. */
export function accountsText(plan: ServerPlan): string {
  const share = plan.environments.length;
  const accounts = plan.environments.map((environment) =>
    accountText(environment, {
      maxFileBytes: Math.floor(plan.maxFileBytes / share),
      maxMemoryBytes: Math.floor(plan.maxMemoryBytes / share),
    }),
  );
  return [
    "# Written by `troupe nats`; changes are lost with the next `troupe nats user`.",
    "# After a change: nats-server --signal reload, on every server.",
    "accounts {",
    ...accounts,
    "  # The server's own events: nobody is let in.",
    "  SYS {}",
    "}",
    "system_account: SYS",
    "",
  ].join("\n");
}

/** A server's own file. */
export function serverText(
  plan: ServerPlan,
  server: PlannedServer,
  { folder, routePassword }: ServerSecrets,
): string {
  const { tls, maxFileBytes, maxMemoryBytes } = plan;
  const several = plan.servers.length > 1;
  const lines = [
    "# Written by `troupe nats init`. Keep it to yourself: it may hold a password.",
    `server_name: ${quoted(server.name)}`,
    `listen: ${quoted(`${listenHost(server)}:${server.port}`)}`,
    ...(server.port > 0
      ? [
          "# What clients are told of this server: what its certificate says, not every address it has.",
          `client_advertise: ${quoted(`${server.host}:${server.port}`)}`,
        ]
      : []),
    "# What `troupe doctor` and your monitoring read; on this machine only.",
    `http: ${quoted(`127.0.0.1:${server.monitorPort}`)}`,
    "",
    "# Frames are at most 258 KB; an atomic batch and a stored value stay below this.",
    "max_payload: 1MB",
    "max_pending: 64MB",
    `max_connections: ${MOST_CONNECTIONS}`,
    'write_deadline: "5s"',
    'ping_interval: "10s"',
    "ping_max: 2",
    'lame_duck_duration: "30s"',
    'lame_duck_grace_period: "1s"',
    "logtime_utc: true",
    "",
    "jetstream {",
    `  store_dir: ${quoted(join(folder, `store-${server.name}`))}`,
    `  max_memory_store: ${maxMemoryBytes}`,
    "  # Below what is free on the disk: a full one shows only as time-outs.",
    `  max_file_store: ${maxFileBytes}`,
    "  # A power cut loses nothing that was acknowledged, at about a fifth of the speed.",
    "  sync_interval: always",
    "}",
    "",
  ];
  if (tls) lines.push(...tlsLines("", server, folder), "");
  if (several) lines.push(...routeLines(plan, server, { folder, routePassword }), "");
  return [...lines, 'include "./accounts.conf"', ""].join("\n");
}

/** The URL under which users reach all servers. */
export function urlOf(plan: ServerPlan): string {
  const scheme = plan.tls ? "tls" : "nats";
  return plan.servers.map(({ host, port }) => `${scheme}://${host}:${port}`).join(",");
}

function listenHost({ host }: PlannedServer): string {
  return isLoopback(host) ? "127.0.0.1" : "0.0.0.0";
}

/** Whether only programs of the same machine reach that host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.startsWith("127.");
}

function tlsLines(indent: string, { name }: PlannedServer, folder: string): readonly string[] {
  const file = (what: string): string => quoted(join(folder, "tls", what));
  return [
    `${indent}tls {`,
    `${indent}  cert_file: ${file(`${name}.pem`)}`,
    `${indent}  key_file: ${file(`${name}.key`)}`,
    `${indent}  ca_file: ${file("ca.pem")}`,
    `${indent}  timeout: 5`,
    `${indent}}`,
  ];
}

function routeLines(
  plan: ServerPlan,
  server: PlannedServer,
  { folder, routePassword }: ServerSecrets,
): readonly string[] {
  const others = plan.servers.filter(({ name }) => name !== server.name);
  return [
    "cluster {",
    '  name: "troupe"',
    `  listen: ${quoted(`${listenHost(server)}:${server.routePort}`)}`,
    `  authorization { user: "route", password: ${quoted(routePassword)}, timeout: 5 }`,
    "  routes: [",
    ...others.map(
      ({ host, routePort }) =>
        `    ${quoted(`nats://route:${routePassword}@${host}:${routePort}`)}`,
    ),
    "  ]",
    ...(plan.tls ? tlsLines("  ", server, folder) : []),
    "}",
  ];
}

function accountText(
  { name, users }: PlannedEnvironment,
  most: { readonly maxFileBytes: number; readonly maxMemoryBytes: number },
): string {
  const nodes = users.filter(({ role }) => role === "node").map((user) => user.name);
  return [
    `  ${quoted(accountOf(name))} {`,
    `    jetstream { max_file: ${most.maxFileBytes}, max_mem: ${most.maxMemoryBytes}, max_streams: ${MOST_STREAMS}, max_consumers: ${MOST_CONSUMERS} }`,
    `    limits { max_conn: ${MOST_CONNECTIONS}, max_subs: ${MOST_SUBSCRIPTIONS} }`,
    "    users: [",
    ...users.map((user) => {
      const permissions = permissionsOf(user, name, nodes);
      return [
        `      # ${user.role} ${user.name}`,
        "      {",
        `        nkey: ${quoted(user.publicKey)}`,
        ...permissionLines(permissions),
        "      }",
      ].join("\n");
    }),
    "    ]",
    "  }",
  ].join("\n");
}

/** The account of an environment. */
export function accountOf(environment: string): string {
  return `TROUPE_${environment}`;
}

function permissionLines({ publish, subscribe }: Permissions): readonly string[] {
  return [
    "        permissions {",
    `          publish ${rulesText(publish)}`,
    `          subscribe ${rulesText(subscribe)}`,
    "        }",
  ];
}

function rulesText({ allow, deny = [] }: SubjectRules): string {
  const list = (subjects: readonly string[]): string =>
    `[\n${subjects.map((subject) => `            ${quoted(subject)}`).join("\n")}\n          ]`;
  return `{\n          allow: ${list(allow)}${deny.length === 0 ? "" : `\n          deny: ${list(deny)}`}\n          }`;
}

/** A string of the configuration; subjects, names, hosts and paths hold nothing that needs more. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
