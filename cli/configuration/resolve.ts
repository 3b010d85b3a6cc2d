/**
 * Which value of a setting holds, and where it came from: a pure decision.
 *
 * I1: a flag wins over the environment, the environment over the file, the file over the default. What
 *     loses is not even looked at, so that a mended setting stays mended.
 * I2: what is wrong is one line that names the setting, its value and where that came from.
 * I3: a key of the file that no setting has is refused, with the one that was probably meant.
 */
import { err, ok, type Result } from "../../runtime/index.ts";
import type { Setting } from "./setting.ts";

/** A setting with what holds of it. */
export interface ResolvedSetting {
  readonly key: string;
  /** `undefined` when nobody says anything and there is no default. */
  readonly value: unknown;
  /** The flag, the variable, the file, or `default`. */
  readonly origin: string;
}

/** Where values may stand. */
export interface ConfigSources {
  /** By key, as they were typed. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file:
    | { readonly name: string; readonly values: Readonly<Record<string, unknown>> }
    | undefined;
}

/** What is wrong with a configuration. */
export interface ConfigFault {
  readonly line: string;
  /** A flag is wrong usage, all else wrong configuration. */
  readonly from: "flag" | "env" | "file";
}

/** What holds of each setting, in their order, or the first thing that is wrong. */
export function resolveSettings(
  settings: readonly Setting[],
  sources: ConfigSources,
): Result<readonly ResolvedSetting[], ConfigFault> {
  const unknown = unknownKey(settings, sources.file);
  if (unknown !== undefined) return err(unknown);
  const resolved: ResolvedSetting[] = [];
  for (const setting of settings) {
    const { key, kind, byDefault } = setting;
    const found = givenTo(setting, sources);
    if (found === undefined) {
      resolved.push({ key, value: byDefault, origin: "default" });
      continue;
    }
    try {
      resolved.push({ key, value: kind(found.given), origin: found.origin });
    } catch (thrown) {
      const must = thrown instanceof Error ? thrown.message : String(thrown);
      const line = `${key} ${must}: ${shown(found.given)} (from ${found.origin})`;
      return err({ line, from: found.from });
    }
  }
  return ok(resolved);
}

interface Given {
  readonly given: unknown;
  readonly origin: string;
  readonly from: ConfigFault["from"];
}

function givenTo({ key, flag, variable }: Setting, sources: ConfigSources): Given | undefined {
  const typed = sources.flags[key];
  if (typed !== undefined) {
    return { given: typed, origin: flag?.split(" ", 1)[0] ?? key, from: "flag" };
  }
  const exported = variable === undefined ? undefined : sources.env[variable];
  // `TROUPE_NATS_URL= troupe node …` unsets it for one command.
  if (variable !== undefined && exported !== undefined && exported !== "")
    return { given: exported, origin: variable, from: "env" };
  const written = sources.file?.values[key];
  if (sources.file === undefined || written === undefined) return undefined;
  return { given: written, origin: sources.file.name, from: "file" };
}

function unknownKey(
  settings: readonly Setting[],
  file: ConfigSources["file"],
): ConfigFault | undefined {
  if (file === undefined) return undefined;
  const known = settings.map(({ key }) => key);
  const unknown = Object.keys(file.values).find((key) => !known.includes(key));
  if (unknown === undefined) return undefined;
  const near = known.find((key) => distance(key.toLowerCase(), unknown.toLowerCase()) <= 2);
  const instead = near === undefined ? `it may have ${known.join(", ")}` : `did you mean ${near}?`;
  return {
    line: `${file.name} has an unknown setting ${shown(unknown)}: ${instead}`,
    from: "file",
  };
}

function shown(value: unknown): string {
  const isData = typeof value === "object" || typeof value === "string";
  const json = isData ? JSON.stringify(value) : String(value);
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
}

/** How many letters must be changed, added or taken away. Source: Wagner and Fischer 1974. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
