/** `troupe config show`: the settings that a node would be started with here, and where they come from. */
import { Command } from "commander";
import { addSettings, configurationOf, type TypedFlags } from "./configuration/configuration.ts";
import type { ResolvedSetting } from "./configuration/resolve.ts";
import { tableText } from "./table.ts";

interface ShowOptions extends TypedFlags {
  readonly origin?: true;
  readonly json?: true;
}

/** The command and its subcommand. */
export function configCommand(): Command {
  const config = new Command("config").description("look at the configuration");
  const show = new Command("show")
    .description("print each setting, as troupe node would have it with the same flags")
    .option("--origin", "and where it comes from")
    .option("--json", "print a JSON document")
    .action(async (options: ShowOptions) => {
      const { settings } = await configurationOf(options);
      const shown = settings.map(withoutSecrets);
      process.stdout.write(options.json ? jsonOf(shown, options) : textOf(shown, options));
    });
  return config.addCommand(addSettings(show));
}

function jsonOf(settings: readonly ResolvedSetting[], { origin }: ShowOptions): string {
  const entries = settings.map(({ key, value, origin: from }) => {
    const shown = value ?? null;
    return [key, origin ? { value: shown, origin: from } : shown] as const;
  });
  return `${JSON.stringify({ v: 1, settings: Object.fromEntries(entries) })}\n`;
}

function textOf(settings: readonly ResolvedSetting[], { origin }: ShowOptions): string {
  const rows = settings.map(({ key, value, origin: from }) => {
    const shown =
      value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
    return origin ? [key, shown, from] : [key, shown];
  });
  return tableText(["SETTING", "VALUE", ...(origin ? ["FROM"] : [])], rows);
}

/** What stands in a URL before its host may be a password or a token; an nkey may be the seed itself. */
function withoutSecrets(setting: ResolvedSetting): ResolvedSetting {
  const { key, value } = setting;
  if (typeof value !== "string") return setting;
  if (key === "nkey" && /^S[A-Z]/.test(value)) return { ...setting, value: "***" };
  return { ...setting, value: value.replace(/(\/\/)[^/@,]+@/g, "$1***@") };
}
