/** `troupe inspect`: all that is to be known of one node, or of one actor. */
import { Command } from "commander";
import type { NodeStatus } from "../../cluster/index.ts";
import { type ActorFamily, type ActorReport, nodeOf, pathOf } from "../../runtime/index.ts";
import type { TypedFlags } from "../configuration/configuration.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { tableText } from "../table.ts";
import { ANSWER_MS, askingCommand, asOperator, type Operator } from "./operator.ts";
import { shownBytes, shownShare, shownSpan, shownText } from "./shown.ts";

interface InspectOptions extends TypedFlags {
  readonly json?: true;
}

/** The command. */
export function inspectCommand(): Command {
  return askingCommand(new Command("inspect"))
    .description("show one node, or one actor with its children")
    .argument("<target>", "a node, or an actor's address like n1/session")
    .option("--json", "print a JSON document")
    .action(async (target: string, options: InspectOptions) => {
      const text = await asOperator(options, (operator) =>
        target.includes("/")
          ? actorText(operator, target, options)
          : nodeText(operator, target, options),
      );
      process.stdout.write(text);
    });
}

async function actorText(
  operator: Operator,
  address: string,
  { json }: InspectOptions,
): Promise<string> {
  const [node, path] = [nodeOf(address), pathOf(address)];
  await operator.member(node);
  const family = await operator.node(node).ask("actor", { path }, { timeout: ANSWER_MS });
  if (family === null) throw new CommandError(ExitCode.notFound, `no actor ${address}`);
  if (json) return `${JSON.stringify({ v: 1, ...family })}\n`;
  return familyText(family);
}

function familyText({ actor, children }: ActorFamily): string {
  const { lastFailure: failure } = actor;
  const lines = [
    ["address", actor.address],
    ["protocol", actor.protocol],
    ...(actor.capability === undefined ? [] : [["capability", actor.capability]]),
    ["phase", actor.phase],
    ["generation", String(actor.generation)],
    ["queued", `${actor.queued} of ${actor.capacity}`],
    ["stashed", String(actor.stashed)],
    ["busy", String(actor.busy)],
    ["restart", actor.restart],
    ["restarts", `${actor.restarts} that still count`],
    [
      "last failure",
      failure === undefined
        ? "none"
        : `${new Date(failure.atMs).toISOString()} in ${failure.operation}: ${failure.message}`,
    ],
    ["children", String(actor.children)],
  ];
  const below =
    children.length === 0
      ? ""
      : `\n${tableText(["CHILD", "PROTOCOL", "PHASE", "QUEUED", "STARTS"], children.map(rowOf))}`;
  return `${listText(lines)}${below}`;
}

function rowOf({ address, protocol, phase, queued, generation }: ActorReport): readonly string[] {
  return [shownText(address), shownText(protocol), phase, String(queued), String(generation)];
}

async function nodeText(
  operator: Operator,
  name: string,
  { json }: InspectOptions,
): Promise<string> {
  const member = await operator.member(name);
  const status = await operator.status(name);
  if (json) return `${JSON.stringify({ ...status, seenAs: member.phase })}\n`;
  const links = tableText(
    ["LINK TO", "WAITING", "SENT", "AGAIN", "RECEIVED", "TWICE", "STRAYS", "UNRESOLVED", "STATE"],
    status.links.map((link) => [
      link.node,
      String(link.waiting),
      String(link.framesSent),
      String(link.framesResent),
      String(link.framesReceived),
      String(link.duplicates),
      String(link.strays),
      String(link.unresolved),
      link.stalled ? "stalled" : link.settled ? "settled" : "under way",
    ]),
  );
  return `${listText(linesOf(status, member.phase))}\n${links}`;
}

function linesOf(status: NodeStatus, seenAs: string): readonly (readonly string[])[] {
  const { server, lease } = status;
  const state = (isUp: boolean): string => (isUp ? "connected" : "lost");
  return [
    ["node", status.name],
    ["incarnation", status.incarnation],
    ["cluster", status.cluster],
    ["phase", `${status.phase}, seen as ${seenAs}`],
    ["roles", status.roles.join(", ") || "none"],
    ["capacity", String(status.capacity)],
    ["metadata", JSON.stringify(status.metadata)],
    ["process", `${status.pid}, up ${shownSpan(status.uptimeMs)}`],
    ["processor", shownShare(status.cpuShare)],
    ["memory", `${shownBytes(status.rssBytes)}, heap ${shownBytes(status.heapBytes)}`],
    ["loop lag", `${status.lagMs} ms`],
    ["lease", `${lease.standing ? "standing" : "lost"}, of ${shownSpan(lease.ttlMs)}`],
    ["server", `${server.url}, version ${server.version}`],
    ["control", state(server.control)],
    ["data", state(server.data)],
    ["clients", String(status.clients)],
    ["actors", String(status.actors)],
    ["registered", status.registered.join(", ") || "none"],
    ["asks pending", String(status.pendingReplies)],
    ["streams out", String(status.streamsOut)],
    ["dead letters", String(status.deadLetters)],
    ["fenced results", String(status.fenced)],
  ];
}

function listText(lines: readonly (readonly string[])[]): string {
  const width = Math.max(...lines.map(([label = ""]) => label.length));
  return lines
    .map(([label = "", value = ""]) => `${label.padEnd(width)}  ${shownText(value)}\n`)
    .join("");
}
