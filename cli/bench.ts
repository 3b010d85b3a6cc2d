/** `troupe bench`: `load` puts load on a cluster, the others are the repository's own suites. */
import { Command } from "commander";
import { loadCommand } from "./bench-load.ts";
import { suiteCommands } from "./bench-suite.ts";

/** The command and its subcommands. */
export function benchCommand(version: string): Command {
  const bench = new Command("bench").description("measure").addCommand(loadCommand(version));
  for (const suite of suiteCommands()) bench.addCommand(suite);
  return bench;
}
