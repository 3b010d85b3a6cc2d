/**
 * `troupe tail`: what happens in a cluster, as it happens, until Ctrl-C.
 *
 * T1: nodes that come up are followed too, and those that go are let go; with a target only its node is.
 * T2: what a node left out, because this reader was too slow, is said.
 * T3: standard output that nobody reads ends the command.
 */
import { Command } from "commander";
import type { EventsQuery } from "../../cluster/index.ts";
import { messageOf, nodeOf, pathOf, type TroupeEvent } from "../../runtime/index.ts";
import type { TypedFlags } from "../configuration/configuration.ts";
import { askingCommand, asOperator, type Operator } from "./operator.ts";
import { shownText } from "./shown.ts";

interface TailOptions extends TypedFlags {
  readonly type?: readonly string[];
  readonly json?: true;
}

/** A stream is opened again after this long; no deadline may be endless. */
const STREAM_MS = 3_600_000;
/** How often the list of nodes is read. */
const LOOK_MS = 1_000;
const COMMON: ReadonlySet<string> = new Set(["v", "node", "seq", "atMs", "type"]);

/** The command. */
export function tailCommand(): Command {
  return askingCommand(new Command("tail"))
    .description("print what happens in a cluster, as it happens, until interrupted")
    .argument("[target]", "a node, or an actor's address like n1/session; all nodes by default")
    .option("--type <types>", "only these, like task or actor.failed; may be repeated", collected)
    .option("--json", "print one JSON document a line")
    .action(async (target: string | undefined, options: TailOptions) => {
      await asOperator(options, (operator) => tail(operator, target, options));
    });
}

async function tail(
  operator: Operator,
  target: string | undefined,
  { type, json }: TailOptions,
): Promise<void> {
  const node = target?.includes("/") ? nodeOf(target) : target;
  if (node !== undefined) await operator.member(node);
  const query: EventsQuery = {
    ...(type === undefined ? {} : { types: type }),
    ...(target?.includes("/") ? { path: pathOf(target) } : {}),
  };
  const ending = endOfInterest();
  const show = json ? jsonLine : textLine;
  const followed = new Set<string>();
  const follow = async (name: string, incarnation: string): Promise<void> => {
    const key = `${name} ${incarnation}`;
    if (followed.has(key)) return;
    followed.add(key);
    const { signal } = ending;
    const options = { timeout: STREAM_MS, signal };
    try {
      for await (const { events, missed } of operator.node(name).stream("events", query, options)) {
        for (const event of events) process.stdout.write(show(event));
        if (missed > 0) process.stderr.write(`${name}: ${missed} events were left out\n`);
      }
    } catch (error) {
      if (!signal.aborted) process.stderr.write(`${name}: ${shownText(messageOf(error))}\n`);
    } finally {
      followed.delete(key);
    }
  };
  process.stderr.write(`following ${target ?? "all nodes"}; Ctrl-C ends\n`);
  while (!ending.signal.aborted) {
    try {
      for (const { name, incarnation, phase } of await operator.members())
        if (phase !== "down" && phase !== "suspected" && (node ?? name) === name)
          void follow(name, incarnation);
    } catch (error) {
      process.stderr.write(`${shownText(messageOf(error))}\n`);
    }
    await ending.pause(LOOK_MS);
  }
}

/** Ends on a signal, or when nobody reads any more (T3). */
function endOfInterest(): { readonly signal: AbortSignal; pause(spanMs: number): Promise<void> } {
  const abort = new AbortController();
  const end = (): void => abort.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  process.stdout.on("error", end);
  return {
    signal: abort.signal,
    pause: (spanMs) =>
      new Promise((resolve) => {
        const over = (): void => {
          clearTimeout(timer);
          abort.signal.removeEventListener("abort", over);
          resolve();
        };
        // A plain timer: it keeps the process alive while nothing happens.
        const timer = setTimeout(over, spanMs);
        abort.signal.addEventListener("abort", over);
        if (abort.signal.aborted) over();
      }),
  };
}

function jsonLine(event: TroupeEvent): string {
  return `${JSON.stringify(event)}\n`;
}

function textLine(event: TroupeEvent): string {
  const fields = Object.entries(event)
    .filter(([key, value]) => !COMMON.has(key) && value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  const at = new Date(event.atMs).toISOString().slice(11, 23);
  return `${at} ${event.node} ${event.type} ${shownText(fields.join(" "))}\n`;
}

function collected(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), ...value.split(",").filter((type) => type !== "")];
}
