/** `troupe nats`: the nats-server that nodes use when they are given none. */
import { once } from "node:events";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { launchNatsServer, locateNatsServer } from "../cluster/index.ts";

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
    .option("--port <port>", "its port; any free one by default", portOf)
    .option("--store <folder>", "where its streams are kept", join(".troupe", "nats"))
    .option("--json", "print a JSON document when it is ready")
    .action(
      async (options: { readonly port?: number; readonly store: string; readonly json?: true }) => {
        const binary = await locateNatsServer({ env: process.env });
        const server = await launchNatsServer({
          binary: binary.path,
          storeDir: options.store,
          ...(options.port === undefined ? {} : { port: options.port }),
        });
        const { url, pid } = server;
        process.stdout.write(`${options.json ? JSON.stringify({ v: 1, url, pid }) : url}\n`);
        // The server is no reason for this process to stay; waiting for it is.
        const stay = setInterval(() => {}, 2 ** 30);
        await Promise.race([
          once(process, "SIGINT"),
          once(process, "SIGTERM"),
          server.ended.then(() => {}),
        ]);
        clearInterval(stay);
        await server.stop();
      },
    );
  return nats;
}

/** A port as typed. */
export function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("a port is a whole number from 1 to 65535.");
}
