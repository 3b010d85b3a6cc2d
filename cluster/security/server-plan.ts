/**
 * What a secured nats-server is set up for: its environments with their users, and its servers.
 *
 * Owns: the plan as data, checking it, and changing its users. It holds public keys only; seeds are
 * files of their own. What the server makes of it is `server-config.ts`, what lies on the disk
 * `server-folder.ts`.
 *
 * L1: a name is used once in an environment, whatever its role: inboxes and answers go by names.
 */
import { checkedNodeName } from "../../runtime/address.ts";
import { err, ok, type Result } from "../../runtime/result.ts";
import { checkedClusterName } from "../wire/node-subject.ts";
import type { ServerUser } from "./permissions.ts";
import type { Role } from "./server-role.ts";

/** A user with the public half of its nkey. */
export interface PlannedUser extends ServerUser {
  /** `U…`, 56 characters. */
  readonly publicKey: string;
}

/** A cluster of ours, in an account of its own. */
export interface PlannedEnvironment {
  /** Also the cluster's name. */
  readonly name: string;
  readonly users: readonly PlannedUser[];
}

/** A server of the set-up. */
export interface PlannedServer {
  readonly name: string;
  /** Where the others and all users reach it. */
  readonly host: string;
  readonly port: number;
  /** Where the other servers reach it. */
  readonly routePort: number;
  /** Where it tells of itself, on 127.0.0.1 only. */
  readonly monitorPort: number;
}

/** A set-up. */
export interface ServerPlan {
  readonly v: 1;
  readonly environments: readonly PlannedEnvironment[];
  readonly servers: readonly PlannedServer[];
  readonly tls: boolean;
  /** What streams may take of the disk, per server. */
  readonly maxFileBytes: number;
  readonly maxMemoryBytes: number;
}

/** The roles, in the order of their lists. */
export const ROLES: readonly Role[] = ["node", "client", "operator"];

/**
 * The servers of a set-up.
 *
 * @param hosts - one for all, or one each; servers on one host get ports one after another
 * @throws {RangeError} when there are several hosts, but not one for each server
 */
export function plannedServers(
  count: 1 | 3,
  hosts: readonly string[],
  port: number,
): readonly PlannedServer[] {
  if (hosts.length !== 1 && hosts.length !== count)
    throw new RangeError(`${count} servers need 1 or ${count} hosts: ${hosts.length} were given`);
  const onOne = hosts.length === 1;
  return Array.from({ length: count }, (_, index) => {
    const at = onOne ? index : 0;
    return {
      name: `s${index + 1}`,
      host: (onOne ? hosts[0] : hosts[index]) ?? "",
      port: port + at,
      routePort: port + 2_000 + at,
      monitorPort: port + 4_000 + at,
    };
  });
}

/**
 * The plan with one more user.
 *
 * @returns why not, in one line, when the environment is unknown or the name taken
 * @throws {TypeError} when the name has another form
 */
export function withUser(
  plan: ServerPlan,
  environment: string,
  user: PlannedUser,
): Result<ServerPlan, string> {
  checkedNodeName(user.name);
  const found = plan.environments.find(({ name }) => name === environment);
  if (found === undefined) return err(unknownEnvironment(plan, environment));
  const holder = found.users.find(({ name }) => name === user.name);
  if (holder !== undefined)
    return err(`${environment} has a ${holder.role} named ${user.name}: names are used once`);
  return ok(withUsers(plan, environment, [...found.users, user]));
}

/** The plan without a user; why not, in one line, when there is none of that name. */
export function withoutUser(
  plan: ServerPlan,
  environment: string,
  name: string,
): Result<ServerPlan, string> {
  const found = plan.environments.find((planned) => planned.name === environment);
  if (found === undefined) return err(unknownEnvironment(plan, environment));
  const left = found.users.filter((user) => user.name !== name);
  if (left.length === found.users.length) {
    const known = found.users.map((user) => user.name).join(", ") || "none";
    return err(`${environment} has no user named ${name}; it has ${known}`);
  }
  return ok(withUsers(plan, environment, left));
}

/**
 * The environment itself, when its name may be a cluster's and its users' names differ.
 *
 * @throws {TypeError} otherwise
 */
export function checkedEnvironment(environment: PlannedEnvironment): PlannedEnvironment {
  checkedClusterName(environment.name);
  const seen = new Set<string>();
  for (const { name } of environment.users) {
    checkedNodeName(name);
    if (seen.has(name))
      throw new TypeError(`${environment.name} would have two users named ${name}`);
    seen.add(name);
  }
  return environment;
}

/** The plan that a file holds, or in one line why it holds none. */
export function parsePlan(text: string): Result<ServerPlan, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("it is no JSON");
  }
  const plan = value as Partial<ServerPlan> | null;
  if (typeof plan !== "object" || plan === null || plan.v !== 1)
    return err("it is of another version of Troupe");
  if (!Array.isArray(plan.environments) || !Array.isArray(plan.servers))
    return err("it names no environments or servers");
  return ok(plan as ServerPlan);
}

function withUsers(
  plan: ServerPlan,
  environment: string,
  users: readonly PlannedUser[],
): ServerPlan {
  return {
    ...plan,
    environments: plan.environments.map((planned) =>
      planned.name === environment ? { ...planned, users } : planned,
    ),
  };
}

function unknownEnvironment(plan: ServerPlan, environment: string): string {
  const known = plan.environments.map(({ name }) => name).join(", ");
  return `there is no environment ${environment}; there are ${known}`;
}
