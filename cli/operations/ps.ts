/** `troupe ps`: the nodes of a cluster, or their actors. */
import { Command, InvalidArgumentError } from "commander";
import type { NodeStatus } from "../../cluster/index.ts";
import type {
  ActorReport,
  ActorsPage,
  ActorsQuery,
  Member,
  TroupeError,
} from "../../runtime/index.ts";
import type { TypedFlags } from "../configuration/configuration.ts";
import { ExitCode } from "../exit-code.ts";
import { tableText } from "../table.ts";
import { ANSWER_MS, answerOf, askingCommand, asOperator, type Operator } from "./operator.ts";
import { shownBytes, shownShare, shownSpan, shownText } from "./shown.ts";

interface PsOptions extends TypedFlags {
  readonly actors?: true;
  readonly node?: string;
  readonly limit: number;
  readonly json?: true;
}

/** A node with what it said of itself; `error` when it did not answer. */
interface Listed {
  readonly member: Member;
  readonly status?: NodeStatus;
  readonly error?: TroupeError;
}

const PAGE = 500;

/** The command. */
export function psCommand(): Command {
  return askingCommand(new Command("ps"))
    .description("list the nodes of a cluster, or with --actors their actors")
    .option("--actors", "the actors instead of the nodes")
    .option("--node <name>", "of this node only")
    .option("--limit <count>", "actors of each node at most", limitOf, 1_000)
    .option("--json", "print a JSON document")
    .action(async (options: PsOptions) => {
      const text = await asOperator(options, (operator) =>
        options.actors ? actorsText(operator, options) : nodesText(operator, options),
      );
      process.stdout.write(text);
    });
}

async function nodesText(operator: Operator, options: PsOptions): Promise<string> {
  const listed = await Promise.all(
    (await wanted(operator, options)).map(async (member): Promise<Listed> => {
      if (member.phase === "down") return { member };
      const answer = await answerOf(operator.status(member.name));
      return answer.ok ? { member, status: answer.value } : { member, error: answer.error };
    }),
  );
  for (const { member, error } of listed) if (error !== undefined) silent(member.name, error);
  if (options.json) {
    const nodes = listed.map(({ member, status, error }) => {
      const { members: _all, ...own } = status ?? { members: [] };
      return { ...own, ...member, ...(error === undefined ? {} : { error: error.code }) };
    });
    return `${JSON.stringify({ v: 1, nodes })}\n`;
  }
  return tableText(
    ["NODE", "PHASE", "ROLES", "CAPACITY", "LAG", "ACTORS", "MEMORY", "CPU", "UPTIME"],
    listed.map(({ member, status }) => [
      member.name,
      member.phase,
      member.roles.map(shownText).join(",") || "-",
      String(member.capacity),
      member.phase === "down" ? "-" : `${member.lagMs} ms`,
      ...(status === undefined
        ? ["-", "-", "-", "-"]
        : [
            String(status.actors),
            shownBytes(status.rssBytes),
            shownShare(status.cpuShare),
            shownSpan(status.uptimeMs),
          ]),
    ]),
  );
}

async function actorsText(operator: Operator, options: PsOptions): Promise<string> {
  const members = (await wanted(operator, options)).filter(({ phase }) => phase !== "down");
  const pages = await Promise.all(
    members.map(async ({ name }) => {
      const answer = await answerOf(actorsOf(operator, name, options.limit));
      if (answer.ok) return answer.value;
      silent(name, answer.error);
      return { actors: [], isWhole: false };
    }),
  );
  const actors = pages.flatMap((page) => page.actors);
  if (options.json) {
    return `${JSON.stringify({ v: 1, actors, isWhole: pages.every(({ isWhole }) => isWhole) })}\n`;
  }
  pages.forEach(({ isWhole }, at) => {
    if (!isWhole) process.stderr.write(`${members[at]?.name}: there may be more\n`);
  });
  return tableText(
    ["ACTOR", "PROTOCOL", "PHASE", "QUEUED", "CHILDREN", "STARTS", "LAST FAILURE"],
    actors.map((actor) => [
      shownText(actor.address),
      shownText(actor.protocol),
      actor.phase,
      String(actor.queued),
      String(actor.children),
      String(actor.generation),
      shownText(actor.lastFailure?.message ?? "-"),
    ]),
  );
}

async function actorsOf(
  operator: Operator,
  node: string,
  limit: number,
): Promise<{ readonly actors: readonly ActorReport[]; readonly isWhole: boolean }> {
  const actors: ActorReport[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const most = Math.min(PAGE, limit - actors.length);
    if (most <= 0) return { actors, isWhole: false };
    const query: ActorsQuery = { from, limit: most };
    const page: ActorsPage = await operator.node(node).ask("actors", query, { timeout: ANSWER_MS });
    actors.push(...page.actors);
    from = page.next;
  }
  return { actors, isWhole: true };
}

async function wanted(operator: Operator, { node }: PsOptions): Promise<readonly Member[]> {
  if (node !== undefined) return [await operator.member(node)];
  return (await operator.members()).toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Said on standard error; the exit code tells scripts that something is missing. */
function silent(node: string, { code, message }: TroupeError): void {
  process.stderr.write(`${node}: ${code}: ${shownText(message)}\n`);
  process.exitCode = ExitCode.unavailable;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000_000) return limit;
  throw new InvalidArgumentError("a limit is a whole number from 1 to 1000000.");
}
