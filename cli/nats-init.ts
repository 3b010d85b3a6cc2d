/**
 * `troupe nats init`: writes the configuration of a secured nats-server, or of three, with users,
 * permissions, limits and certificates.
 */
import { statfs } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import {
  isLoopback,
  plannedServers,
  type Role,
  type ServerFolder,
  type ServerUser,
  writeServerFolder,
} from "../cluster/index.ts";
import { checkedNodeName, systemClock } from "../runtime/index.ts";
import { portOf } from "./port.ts";
import { presetOption } from "./preset-option.ts";

interface InitCommandOptions {
  readonly servers: 1 | 3;
  readonly dir: string;
  readonly environment?: readonly string[];
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
  readonly operators: readonly string[];
  readonly host: readonly string[];
  readonly port: number;
  readonly tls?: true;
  readonly maxFile: number;
  readonly maxMemory: number;
  readonly force?: true;
  readonly json?: true;
}

/** Where a set-up lies unless it is said. */
export const SERVER_FOLDER = "troupe-nats";
const GIBIBYTE = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = { MB: 2 ** 20, GB: GIBIBYTE, TB: 2 ** 40 };

/** The command. */
export function natsInitCommand(): Command {
  return new Command("init")
    .description("write the configuration of a secured nats-server, or of three")
    .option("--servers <count>", "1 or 3", serversOf, 1)
    .option(
      "--dir <folder>",
      "where to write it, and where the servers will read it",
      SERVER_FOLDER,
    )
    .option("--environment <name...>", "a cluster's name; an account each (default: troupe)")
    .addOption(
      presetOption(
        "--nodes <names>",
        "who may be a node, separated by commas",
        namesOf,
        "n1,n2,n3",
      ),
    )
    .addOption(presetOption("--clients <names>", "who may be a client", namesOf, "c1"))
    .addOption(presetOption("--operators <names>", "who may be an operator", namesOf, "op1"))
    .addOption(
      presetOption(
        "--host <hosts>",
        "where the servers are reached: one host, or one each",
        hostsOf,
        "127.0.0.1",
      ),
    )
    .option("--port <port>", "of the first server", portOf, 4_222)
    .option("--tls", "make certificates, and refuse connections without")
    .addOption(
      presetOption("--max-file <size>", "what streams may take of the disk", sizeOf, "10GB"),
    )
    .addOption(
      presetOption("--max-memory <size>", "what streams may take of the memory", sizeOf, "256MB"),
    )
    .option("--force", "replace what lies there, seeds included")
    .option("--json", "print a JSON document")
    .action(natsInit);
}

async function natsInit(options: InitCommandOptions): Promise<void> {
  const users: readonly ServerUser[] = [
    ...usersOf("node", options.nodes),
    ...usersOf("client", options.clients),
    ...usersOf("operator", options.operators),
  ];
  const environments = options.environment ?? ["troupe"];
  const written = await writeServerFolder({
    folder: options.dir,
    servers: plannedServers(options.servers, options.host, options.port),
    environments: Object.fromEntries(environments.map((name) => [name, users])),
    tls: options.tls === true,
    maxFileBytes: options.maxFile,
    maxMemoryBytes: options.maxMemory,
    nowMs: systemClock.nowMs(),
    existing: options.force ? "overwrite" : "refuse",
  });
  process.stdout.write(options.json ? `${JSON.stringify(jsonOf(written))}\n` : listOf(written));
  process.stderr.write(`${(await adviceFor(written)).join("\n")}\n`);
}

function jsonOf({ folder, url, configs, users, ca }: ServerFolder): unknown {
  return { v: 1, dir: folder, url, servers: configs, users, ...(ca === undefined ? {} : { ca }) };
}

function listOf({ configs, users, ca }: ServerFolder): string {
  const lines = [
    ...configs.map(({ server, file }) => `server ${server}\t${file}`),
    ...(ca === undefined ? [] : [`ca\t${ca}`]),
    ...users.map((user) => `${user.environment} ${user.role} ${user.name}\t${user.seedFile}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** What to do next, and what to beware of. */
async function adviceFor({
  folder,
  plan,
  url,
  configs,
  users,
  ca,
}: ServerFolder): Promise<string[]> {
  const node = users.find(({ role }) => role === "node");
  const trust = ca === undefined ? "" : ` --ca ${ca}`;
  const lines = ["troupe: the set-up is written. Next:", "  1. start each server:"];
  for (const { file } of configs) lines.push(`       nats-server -c ${file}`);
  lines.push(
    "     (troupe nats locate prints where a nats-server is, and fetches one where there is none)",
  );
  lines.push(
    "  2. start each node with its own seed, and give nobody another's:",
    `       troupe node ./app.js --name ${node?.name ?? "NAME"} --cluster ${node?.environment ?? "NAME"} \\`,
    `         --nats ${url} --nkey ${node?.seedFile ?? "FILE"}${trust}`,
    "  3. look: troupe doctor with an operator's seed and the same flags",
    "  4. more users: troupe nats user add node NAME, then nats-server --signal reload",
    "  Seeds are passwords: copy each to its user's machine and nowhere else.",
  );
  const remote = plan.servers.filter(({ host }) => !isLoopback(host));
  if (remote.length > 0) {
    lines.push(`  The files name each other by path: put the folder at ${folder} on every server.`);
    if (!plan.tls)
      lines.push("  Beware: without --tls everybody on the way can read what is sent.");
  }
  const { bavail, bsize } = await statfs(folder);
  const onOne = new Set(plan.servers.map(({ host }) => host)).size === 1;
  const needed = plan.maxFileBytes * (onOne ? plan.servers.length : 1);
  if (bavail * bsize < needed)
    lines.push(
      `  Beware: streams may take ${inGb(needed)} GB here, and ${inGb(bavail * bsize)} are free; see --max-file.`,
    );
  return lines;
}

function inGb(bytes: number): string {
  return (bytes / GIBIBYTE).toFixed(1);
}

function usersOf(role: Role, names: readonly string[]): readonly ServerUser[] {
  return names.map((name) => ({ role, name }));
}

function serversOf(text: string): 1 | 3 {
  if (text === "1") return 1;
  if (text === "3") return 3;
  throw new InvalidArgumentError("it is 1 or 3: two servers outlast no loss.");
}

function namesOf(text: string): readonly string[] {
  try {
    return partsOf(text).map(checkedNodeName);
  } catch {
    throw new InvalidArgumentError("names are 1 to 64 of letters, digits, _ and -.");
  }
}

function hostsOf(text: string): readonly string[] {
  const hosts = partsOf(text);
  if (hosts.length > 0 && hosts.every((host) => /^[A-Za-z0-9.:-]+$/.test(host))) return hosts;
  throw new InvalidArgumentError("hosts are names or addresses, separated by commas.");
}

function partsOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function sizeOf(text: string): number {
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?)(MB|GB|TB)$/.exec(text) ?? [];
  const bytes = Math.floor(Number(count) * (UNITS[unit] ?? 0));
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError("a size is like 512MB or 10GB.");
}
