/**
 * A setting: its name, where it may stand, and what it may be.
 *
 * Owns: the kinds of values and what is wrong with those that are none. The list of settings is
 * `settings.ts`, which of several places wins `resolve.ts`.
 *
 * I1: a kind reads text, as flags and the environment have it, and the value itself, as a file has it.
 * I2: what is wrong is said in one clause that follows the setting's name: "must be …".
 */
import { durationMs } from "../../runtime/index.ts";

/** Reads a value; throws an `Error` that says what it must be. */
export type Kind<T> = (given: unknown) => T;

/** A setting of `troupe node`. */
export interface Setting {
  /** As the file has it. */
  readonly key: string;
  /** As the command line has it, with its argument. */
  readonly flag: string | undefined;
  /** As the environment has it. */
  readonly variable: string | undefined;
  readonly about: string;
  readonly kind: Kind<unknown>;
  /** The flag may be given several times. */
  readonly repeats?: true;
  /** What holds when nobody says anything; absent when nothing does. */
  readonly byDefault?: unknown;
}

/** Any text but none. */
export const text: Kind<string> = (given) => {
  if (typeof given === "string" && given !== "") return given;
  throw new Error("must be text");
};

/** One of some words. */
export function oneOf<W extends string | number>(words: readonly W[]): Kind<W> {
  return (given) => {
    const found = words.find((word) => word === given || String(word) === given);
    if (found !== undefined) return found;
    throw new Error(`must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
  };
}

/** Words: an array, or separated by commas. */
export const words: Kind<readonly string[]> = (given) => {
  const list = typeof given === "string" ? separated(given) : given;
  if (Array.isArray(list) && list.every((word) => typeof word === "string" && word !== ""))
    return list;
  throw new Error("must be a list of words");
};

/** Words as {@link words}; `none` stands for no word, for the environment cannot hold an empty list. */
export const wordsOrNone: Kind<readonly string[]> = (given) => {
  const list = words(given);
  return list.length === 1 && list[0] === "none" ? [] : list;
};

/** A number above 0. */
export const positive: Kind<number> = (given) => {
  const number = numberOf(given);
  if (Number.isFinite(number) && number > 0) return number;
  throw new Error("must be a number above 0");
};

/** A port. */
export const port: Kind<number> = (given) => {
  const number = numberOf(given);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw new Error("must be a port, a whole number from 1 to 65535");
};

/** A duration of at least so many milliseconds. */
export function duration(leastMs: number): Kind<number> {
  return (given) => {
    const typed = typeof given === "number" || typeof given === "string" ? given : "";
    let spanMs = Number.NaN;
    try {
      spanMs = durationMs(typeof typed === "string" && /^\d+$/.test(typed) ? Number(typed) : typed);
    } catch {
      // Said below, with the bound.
    }
    if (spanMs >= leastMs) return spanMs;
    throw new Error(`must be a duration like "5s" or "500ms", at least ${leastMs} ms`);
  };
}

/** What another check takes, which throws a message of its own. */
export function checkedBy<T>(kind: Kind<T>, check: (value: T) => T, must: string): Kind<T> {
  return (given) => {
    const value = kind(given);
    try {
      return check(value);
    } catch {
      throw new Error(must);
    }
  };
}

/** Strings by key: an object, or `key=value` separated by commas. */
export const pairs: Kind<Readonly<Record<string, string>>> = (given) => {
  const entries = entriesOf(given, (part) => {
    const at = part.indexOf("=");
    return at < 1 ? undefined : [part.slice(0, at), part.slice(at + 1)];
  });
  if (entries?.every(([, value]) => typeof value === "string"))
    return Object.fromEntries(entries) as Readonly<Record<string, string>>;
  throw new Error("must be pairs like zone=eu,release=7");
};

/** Sizes by name: an object, or `name=size` separated by commas, where no size is 1. */
export const sizes: Kind<Readonly<Record<string, number>>> = (given) => {
  const entries = entriesOf(given, (part) => {
    const [name = "", size = "1", ...rest] = part.split("=");
    return name === "" || rest.length > 0 ? undefined : [name, Number(size)];
  });
  const isSize = ([, size]: readonly [string, unknown]): boolean =>
    typeof size === "number" && Number.isInteger(size) && size >= 1 && size <= 10_000;
  if (entries?.every(isSize))
    return Object.fromEntries(entries) as Readonly<Record<string, number>>;
  throw new Error("must be capabilities with sizes from 1 to 10000, like read@1=4,classify@1=2");
};

function entriesOf(
  given: unknown,
  parse: (part: string) => readonly [string, unknown] | undefined,
): readonly (readonly [string, unknown])[] | undefined {
  const parts = typeof given === "string" ? separated(given) : given;
  if (Array.isArray(parts)) {
    const parsed = parts.flatMap((part) => (typeof part === "string" ? separated(part) : [""]));
    const entries = parsed.map(parse);
    return entries.every((entry) => entry !== undefined) ? entries : undefined;
  }
  return typeof parts === "object" && parts !== null ? Object.entries(parts) : undefined;
}

function separated(list: string): readonly string[] {
  return list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function numberOf(given: unknown): number {
  if (typeof given === "number") return given;
  return typeof given === "string" && given.trim() !== "" ? Number(given) : Number.NaN;
}
