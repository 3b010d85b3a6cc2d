/**
 * The configuration of a command: its flags, the environment and the file made one.
 *
 * Owns: putting the parts together. Which place wins is `resolve.ts`.
 */
import type { Command } from "commander";
import type { NodeConfig } from "../../cluster/index.ts";
import { TroupeError } from "../../runtime/index.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { loadConfigFile } from "./config-file.ts";
import { type ResolvedSetting, resolveSettings } from "./resolve.ts";
import { SETTINGS } from "./settings.ts";

/** What commander makes of the flags of {@link addSettings}. */
export type TypedFlags = Readonly<Record<string, unknown>>;

/** What holds, and where it came from. */
export interface Configuration {
  readonly values: NodeConfig;
  readonly settings: readonly ResolvedSetting[];
}

/** Gives a command the flags of some settings, by default of all, and `--config`. */
export function addSettings(command: Command, keys?: readonly (keyof NodeConfig)[]): Command {
  const wanted: readonly string[] | undefined = keys;
  for (const { key, flag, about, repeats, byDefault } of SETTINGS) {
    if (flag === undefined || wanted?.includes(key) === false) continue;
    const isPlain = typeof byDefault === "string" || typeof byDefault === "number";
    const line = isPlain ? `${about} (default: ${byDefault})` : about;
    if (repeats) command.option(flag, line, collected);
    else command.option(flag, line);
  }
  return command.option("--config <file>", "the configuration; troupe.config.ts by default");
}

/**
 * The configuration of a command with the flags of {@link addSettings}.
 *
 * @throws {CommandError} of wrong usage when a flag is wrong
 * @throws {TroupeError} `config.invalid` when the environment or the file is
 */
export async function configurationOf(typed: TypedFlags): Promise<Configuration> {
  const named = typed["config"];
  const file = await loadConfigFile(typeof named === "string" ? named : undefined, process.cwd());
  const flags = Object.fromEntries(
    SETTINGS.map(({ key, flag }) => [key, flag === undefined ? undefined : typed[nameOf(flag)]]),
  );
  const resolved = resolveSettings(SETTINGS, { flags, env: process.env, file });
  if (!resolved.ok) {
    const { line, from } = resolved.error;
    if (from === "flag") throw new CommandError(ExitCode.usage, line);
    throw new TroupeError("config.invalid", line);
  }
  const entries = resolved.value.flatMap(({ key, value }) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { values: Object.fromEntries(entries), settings: resolved.value };
}

/** Under which name commander keeps a flag: `--health-port <port>` under `healthPort`. */
function nameOf(flag: string): string {
  const [long = ""] = flag.slice(2).split(" ", 1);
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function collected(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
