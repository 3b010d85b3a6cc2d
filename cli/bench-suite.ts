/**
 * `troupe bench <suite>`: runs a benchmark suite of the repository in a process of its own.
 *
 * The suites compare with other packages and are not shipped: in an installed package the command
 * says where they are. Output and exit code are the suite's: 0 every goal met, 1 not, 2 wrong usage.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { CommandError, ExitCode, Interrupted } from "./exit-code.ts";

/** The suites, with what each measures. */
const SUITES: Readonly<Record<string, string>> = {
  kernel: "the local kernel against bare code and other runtimes",
};

const MAIN = fileURLToPath(new URL("../benchmarks/main.js", import.meta.url));
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

interface SuiteCommandOptions {
  readonly only?: string;
  readonly quick?: true;
  readonly json?: true;
  readonly seed?: string;
  readonly data?: string;
}

/** A command per suite. */
export function suiteCommands(): readonly Command[] {
  return Object.entries(SUITES).map(([name, about]) =>
    new Command(name)
      .description(`measure ${about}`)
      .option("--only <name>", "the rows whose name holds this")
      .option("--quick", "a shorter form of each")
      .option("--seed <number>", "of what is random in the work")
      .option("--data <dir>", "where data files lie")
      .option("--json", "print a JSON document")
      .action((options: SuiteCommandOptions) => benchSuite(name, options)),
  );
}

async function benchSuite(name: string, options: SuiteCommandOptions): Promise<void> {
  if (!existsSync(MAIN)) {
    throw new CommandError(
      ExitCode.unavailable,
      "the benchmark suites are not part of the package: run them from a clone of the repository",
    );
  }
  const child = spawn(process.execPath, [MAIN, name, ...flagsOf(options)], { stdio: "inherit" });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    if (signal !== null) throw new Interrupted(signal);
    process.exitCode = code ?? ExitCode.failed;
  } finally {
    for (const signal of SIGNALS) process.off(signal, pass);
  }
}

function flagsOf({ only, quick, json, seed, data }: SuiteCommandOptions): readonly string[] {
  return [
    ...(only === undefined ? [] : [`--only=${only}`]),
    ...(seed === undefined ? [] : [`--seed=${seed}`]),
    ...(data === undefined ? [] : [`--data=${data}`]),
    ...(quick === undefined ? [] : ["--quick"]),
    ...(json === undefined ? [] : ["--json"]),
  ];
}
