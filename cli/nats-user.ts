/** `troupe nats user`: adds, removes and lists the users of a secured nats-server. */
import { Argument, Command } from "commander";
import {
  addServerUser,
  describedServerFolder,
  type Role,
  readServerPlan,
  removeServerUser,
} from "../cluster/index.ts";
import { CommandError, ExitCode } from "./exit-code.ts";
import { SERVER_FOLDER } from "./nats-init.ts";

interface UserCommandOptions {
  readonly dir: string;
  readonly environment: string;
  readonly json?: true;
}

interface AddCommandOptions extends UserCommandOptions {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
}

const RELOAD = "troupe: now reload every server: nats-server --signal reload (or SIGHUP)\n";

/** The command and its subcommands. */
export function natsUserCommand(): Command {
  const user = new Command("user").description("the users of a secured nats-server");
  const role = (): Argument => new Argument("<role>").choices(["node", "client", "operator"]);
  withPlace(user.command("add"))
    .description("add a user with a new seed")
    .addArgument(role())
    .argument("<name>", "used once in its environment")
    .option("--read <bucket...>", "a bucket that a client may read")
    .option("--write <bucket...>", "a bucket that a client may read and write")
    .action(addUser);
  withPlace(user.command("remove"))
    .description("remove a user; its seed is worth nothing once the servers are reloaded")
    .argument("<name>")
    .action(removeUser);
  withPlace(user.command("list")).description("list them").action(listUsers);
  return user;
}

function withPlace(command: Command): Command {
  return command
    .option("--dir <folder>", "where `troupe nats init` wrote", SERVER_FOLDER)
    .option("--environment <name>", "the user's cluster", "troupe")
    .option("--json", "print a JSON document");
}

async function addUser(role: Role, name: string, options: AddCommandOptions): Promise<void> {
  const { dir, environment, read = [], write = [], json } = options;
  if (role !== "client" && read.length + write.length > 0)
    throw new CommandError(
      ExitCode.usage,
      "--read and --write are for clients: others need neither",
    );
  const user = {
    role,
    name,
    ...(read.length === 0 ? {} : { reads: read }),
    ...(write.length === 0 ? {} : { writes: write }),
  };
  const added = await addServerUser(dir, environment, user);
  if (!added.ok) throw new CommandError(ExitCode.conflict, added.error);
  process.stdout.write(
    json ? `${JSON.stringify({ v: 1, ...added.value })}\n` : `${added.value.seedFile}\n`,
  );
  process.stderr.write(RELOAD);
}

async function removeUser(name: string, options: UserCommandOptions): Promise<void> {
  const removed = await removeServerUser(options.dir, options.environment, name);
  if (!removed.ok) throw new CommandError(ExitCode.notFound, removed.error);
  if (options.json) process.stdout.write(`${JSON.stringify({ v: 1, removed: name })}\n`);
  process.stderr.write(RELOAD);
}

async function listUsers({ dir, environment, json }: UserCommandOptions): Promise<void> {
  const { users } = describedServerFolder(dir, await readServerPlan(dir));
  const own = users.filter((user) => user.environment === environment);
  const lines = own.map(({ role, name, seedFile }) => `${role} ${name}\t${seedFile}\n`);
  process.stdout.write(json ? `${JSON.stringify({ v: 1, users: own })}\n` : lines.join(""));
}
