/** `troupe nats`: the nats-server that nodes use when they are given none. */
import { once } from "node:events";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { launchNatsCluster, launchNatsServer, locateNatsServer } from "../cluster/index.ts";
import { natsInitCommand } from "./nats-init.ts";
import { natsUserCommand } from "./nats-user.ts";
import { portOf } from "./port.ts";

/** The command and its subcommands. */
export function natsCommand(): Command {
  const nats = new Command("nats").description("find or run a nats-server on this machine");
  nats
    .command("locate")
    .description("print the nats-server that would be used; fetch one when there is none")
    .option("--quiet", "print nothing")
    .option("--json", "print a JSON document")
    .action(async (options: { readonly quiet?: true; readonly json?: true }) => {
      const binary = await locateNatsServer({ env: process.env });
      if (options.quiet) return;
      const text = options.json ? JSON.stringify({ v: 1, ...binary }) : binary.path;
      process.stdout.write(`${text}\n`);
    });
  nats
    .command("run")
    .description("run a nats-server on 127.0.0.1 until interrupted, with nats-server.conf")
    .option("--port <port>", "its port, of several servers the first one's", portOf)
    .option("--store <folder>", "where its streams are kept", join(".troupe", "nats"))
    .option("--cluster <size>", "that many servers, of which one may be lost: 3 or 5", sizeOf)
    .option("--json", "print a JSON document when it is ready")
    .action(async (options: RunOptions) => {
      const binary = (await locateNatsServer({ env: process.env })).path;
      await (options.cluster === undefined ? runOne : runSeveral)(binary, options);
    });
  nats.addCommand(natsInitCommand()).addCommand(natsUserCommand());
  return nats;
}

interface RunOptions {
  readonly port?: number;
  readonly store: string;
  readonly cluster?: 3 | 5;
  readonly json?: true;
}

async function runOne(binary: string, { port, store, json }: RunOptions): Promise<void> {
  const server = await launchNatsServer({
    binary,
    storeDir: store,
    ...(port === undefined ? {} : { port }),
  });
  const { url, pid } = server;
  process.stdout.write(`${json ? JSON.stringify({ v: 1, url, pid }) : url}\n`);
  await untilSignal(server.ended);
  await server.stop();
}

async function runSeveral(
  binary: string,
  { port, store, cluster = 3, json }: RunOptions,
): Promise<void> {
  const running = await launchNatsCluster({
    binary,
    storeDir: store,
    size: cluster,
    ...(port === undefined ? {} : { port }),
  });
  const { url, servers } = running;
  const each = servers.map((server) => ({ url: server.url, pid: server.pid }));
  process.stdout.write(`${json ? JSON.stringify({ v: 1, url, servers: each }) : url}\n`);
  // The others go on without one that was killed: that is what they are for.
  for (const [index, server] of servers.entries())
    void server.ended.then(() => process.stderr.write(`troupe: server s${index + 1} has ended\n`));
  await untilSignal(Promise.all(servers.map(({ ended }) => ended)));
  await running.stop();
}

/** Waits for SIGINT or SIGTERM, or for `ended`. */
async function untilSignal(ended: Promise<unknown>): Promise<void> {
  // The servers are no reason for this process to stay; waiting for them is.
  const stay = setInterval(() => {}, 2 ** 30);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), ended]);
  clearInterval(stay);
}

function sizeOf(text: string): 3 | 5 {
  if (text === "3") return 3;
  if (text === "5") return 5;
  throw new InvalidArgumentError("a cluster has 3 or 5 servers; leave it away for one.");
}
