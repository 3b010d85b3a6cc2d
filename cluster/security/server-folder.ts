/**
 * The folder of a secured server: its configuration, its certificates and the seeds of its users.
 *
 * Owns: which file is where, and that nobody else can read what is secret. The texts are
 * `server-config.ts` and `server-certificates.ts`.
 *
 *   plan.json · accounts.conf · s1.conf (s2.conf, s3.conf) · tls/ca.pem, ca.key, s1.pem, s1.key …
 *   seeds/<environment>/<role>-<name>.nk
 *
 * D1: what is secret is readable by its owner only, from its first byte on.
 * D2: nothing is overwritten unless that is asked for, and then only what stands above.
 * D3: a file is whole or not there: it is written beside its place and moved.
 * D4: adding or removing a user touches the plan, `accounts.conf` and that user's seed.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createUser } from "@nats-io/nkeys";
import { err, ok, type Result } from "../../runtime/result.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import type { ServerUser } from "./permissions.ts";
import { serverCertificates } from "./server-certificates.ts";
import { accountsText, serverText, urlOf } from "./server-config.ts";
import {
  checkedEnvironment,
  type PlannedEnvironment,
  type PlannedServer,
  parsePlan,
  type ServerPlan,
  withoutUser,
  withUser,
} from "./server-plan.ts";

/** What a folder is made for. */
export interface ServerFolderOptions {
  readonly folder: string;
  readonly servers: readonly PlannedServer[];
  /** Environments by name, with their users. */
  readonly environments: Readonly<Record<string, readonly ServerUser[]>>;
  readonly tls: boolean;
  readonly maxFileBytes: number;
  readonly maxMemoryBytes: number;
  /** The time now: certificates begin with it. */
  readonly nowMs: number;
  /** Whether what lies there may be overwritten, seeds included; default `refuse`. */
  readonly existing?: "refuse" | "overwrite";
}

/** A user and where its seed is. */
export interface SeededUser extends ServerUser {
  readonly environment: string;
  readonly seedFile: string;
}

/** A folder that was written. */
export interface ServerFolder {
  readonly folder: string;
  readonly plan: ServerPlan;
  /** Under which users reach the servers. */
  readonly url: string;
  readonly configs: readonly { readonly server: string; readonly file: string }[];
  readonly users: readonly SeededUser[];
  /** The certificate that users must trust. */
  readonly ca?: string;
}

const PLAN = "plan.json";
const ACCOUNTS = "accounts.conf";
const SECRET = 0o600;
const PUBLIC = 0o644;

/**
 * Writes everything.
 *
 * @throws {TroupeError} `credentials.unusable` when something lies there already, or cannot be written
 * @throws {TypeError} when a name is none, or used twice in an environment
 */
export async function writeServerFolder(options: ServerFolderOptions): Promise<ServerFolder> {
  const { servers, tls, maxFileBytes, maxMemoryBytes, existing = "refuse" } = options;
  const folder = resolve(options.folder);
  const keys = new Map<string, string>();
  const environments = Object.entries(options.environments).map(
    ([name, users]): PlannedEnvironment =>
      checkedEnvironment({
        name,
        users: users.map((user) => {
          const pair = createUser();
          keys.set(seedPath(name, user), textOf(pair.getSeed()));
          return { ...user, publicKey: pair.getPublicKey() };
        }),
      }),
  );
  const plan: ServerPlan = { v: 1, environments, servers, tls, maxFileBytes, maxMemoryBytes };
  if (existing === "refuse" && existsSync(join(folder, PLAN)))
    throw unusable(`${folder} holds a set-up already; --force replaces it, seeds included`);
  return written(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rm(join(folder, "seeds"), { recursive: true, force: true });
    const routePassword = randomBytes(24).toString("base64url");
    for (const server of servers) {
      const text = serverText(plan, server, { folder, routePassword });
      await put(join(folder, `${server.name}.conf`), text, SECRET);
    }
    if (tls) await putCertificates(folder, servers, options.nowMs);
    for (const [path, seed] of keys) await putSeed(folder, path, seed);
    await putPlan(folder, plan);
    return describedServerFolder(folder, plan);
  });
}

/**
 * Adds a user with a new nkey.
 *
 * @returns the user and its seed's file, or in one line why not
 * @throws {TroupeError} `credentials.unusable` when there is no set-up there, or it cannot be written
 */
export async function addServerUser(
  folder: string,
  environment: string,
  user: ServerUser,
): Promise<Result<SeededUser, string>> {
  const plan = await readServerPlan(folder);
  const pair = createUser();
  const added = withUser(plan, environment, { ...user, publicKey: pair.getPublicKey() });
  if (!added.ok) return added;
  const path = seedPath(environment, user);
  return written(folder, async () => {
    await putSeed(folder, path, textOf(pair.getSeed()));
    await putPlan(folder, added.value);
    return ok({ ...user, environment, seedFile: join(resolve(folder), path) });
  });
}

/**
 * Removes a user and its seed; once the servers are reloaded its nkey is worth nothing.
 *
 * @returns in one line why not
 * @throws {TroupeError} `credentials.unusable`
 */
export async function removeServerUser(
  folder: string,
  environment: string,
  name: string,
): Promise<Result<undefined, string>> {
  const plan = await readServerPlan(folder);
  const left = withoutUser(plan, environment, name);
  if (!left.ok) return left;
  const user = plan.environments
    .find((planned) => planned.name === environment)
    ?.users.find((planned) => planned.name === name);
  return written(folder, async () => {
    await putPlan(folder, left.value);
    if (user !== undefined) await rm(join(folder, seedPath(environment, user)), { force: true });
    return ok(undefined);
  });
}

/**
 * The plan of a folder.
 *
 * @throws {TroupeError} `credentials.unusable` when there is none
 */
export async function readServerPlan(folder: string): Promise<ServerPlan> {
  const file = join(folder, PLAN);
  let parsed: Result<ServerPlan, string>;
  try {
    parsed = parsePlan(await readFile(file, "utf8"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    parsed = err(code === "ENOENT" ? "there is none; `troupe nats init` makes one" : `${code}`);
  }
  if (parsed.ok) return parsed.value;
  throw unusable(`${file} cannot be used: ${parsed.error}`);
}

/** What lies in a folder, by its plan. */
export function describedServerFolder(folder: string, plan: ServerPlan): ServerFolder {
  const at = resolve(folder);
  return {
    folder: at,
    plan,
    url: urlOf(plan),
    configs: plan.servers.map(({ name }) => ({ server: name, file: join(at, `${name}.conf`) })),
    users: plan.environments.flatMap(({ name: environment, users }) =>
      users.map(({ publicKey: _, ...user }) => ({
        ...user,
        environment,
        seedFile: join(at, seedPath(environment, user)),
      })),
    ),
    ...(plan.tls ? { ca: join(at, "tls", "ca.pem") } : {}),
  };
}

async function putPlan(folder: string, plan: ServerPlan): Promise<void> {
  await put(join(folder, ACCOUNTS), accountsText(plan), PUBLIC);
  await put(join(folder, PLAN), `${JSON.stringify(plan, undefined, 2)}\n`, PUBLIC);
}

async function putSeed(folder: string, path: string, seed: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true, mode: 0o700 });
  await put(join(folder, path), `${seed}\n`, SECRET);
}

async function putCertificates(
  folder: string,
  servers: readonly PlannedServer[],
  nowMs: number,
): Promise<void> {
  const tls = join(folder, "tls");
  await mkdir(tls, { recursive: true, mode: 0o700 });
  const { authority, servers: signed } = await serverCertificates(servers, nowMs);
  await put(join(tls, "ca.pem"), authority.cert, PUBLIC);
  await put(join(tls, "ca.key"), authority.key, SECRET);
  for (const [name, { cert, key }] of signed) {
    await put(join(tls, `${name}.pem`), cert, PUBLIC);
    await put(join(tls, `${name}.key`), key, SECRET);
  }
}

/** D1, D3. */
async function put(file: string, text: string, mode: number): Promise<void> {
  const beside = `${file}.new`;
  await rm(beside, { force: true });
  await writeFile(beside, text, { mode, flag: "wx" });
  // The mode above is subject to the umask, which may take more than it should from a public file.
  await chmod(beside, mode);
  await rename(beside, file);
}

async function written<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw unusable(`${folder} cannot be written: ${messageOf(cause)}`, cause);
  }
}

function seedPath(environment: string, { role, name }: ServerUser): string {
  return join("seeds", environment, `${role}-${name}.nk`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function unusable(message: string, cause?: unknown): TroupeError {
  return new TroupeError("credentials.unusable", message, { cause });
}
