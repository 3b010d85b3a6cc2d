#!/usr/bin/env node
/**
 * The command line: one file per command beside this one.
 *
 * Data goes to standard output, talk to standard error; exit codes are `exit-code.ts`.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { processScrubber } from "../runtime/index.ts";
import { benchCommand } from "./bench.ts";
import { configCommand } from "./config.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { ExitCode, exitCodeOf, Interrupted, lineOf } from "./exit-code.ts";
import { natsCommand } from "./nats.ts";
import { nodeCommand } from "./node.ts";
import { inspectCommand } from "./operations/inspect.ts";
import { psCommand } from "./operations/ps.ts";
import { tailCommand } from "./operations/tail.ts";

const LINGER_MS = 1_000;

const { version } = JSON.parse(
  readFileSync(new URL(import.meta.resolve("troupe/package.json")), "utf8"),
) as { version: string };

const troupe = new Command("troupe")
  .description("Supervised actors over NATS for back ends made of LLM calls")
  .version(version)
  .addCommand(demoCommand())
  .addCommand(nodeCommand())
  .addCommand(psCommand())
  .addCommand(inspectCommand())
  .addCommand(tailCommand())
  .addCommand(configCommand())
  .addCommand(benchCommand(version))
  .addCommand(natsCommand())
  .addCommand(doctorCommand());

// Commands that are added do not inherit these from the one they are added to.
for (const command of allOf(troupe)) {
  command.showHelpAfterError("(--help shows the options)").exitOverride();
}

processScrubber.addEnvironment(process.env);
process.on("uncaughtException", (error: unknown) => {
  // What Node would print, without the secrets that it may hold.
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `troupe: ended by an error that nobody caught\n${processScrubber.scrubbed(said)}\n`,
  );
  process.exit(ExitCode.failed);
});

// Whoever reads may have seen enough (`troupe demo | head -1`): that is no failure of the command.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.stderr.on("error", () => {});

try {
  await troupe.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    process.stderr.write(`troupe: ${lineOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
    // Who waits for this process, a shell in a loop for one, must see that a signal ended it.
    if (error instanceof Interrupted) process.kill(process.pid, error.signal);
  }
}

// A connection that the system still tries to make holds a command for two minutes: it has ended before.
setTimeout(() => process.exit(), LINGER_MS).unref();

function allOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}
