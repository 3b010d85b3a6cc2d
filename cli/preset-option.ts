/** An option with a default that its help shows as somebody would type it: `10s`, not 10000. */
import { Option } from "commander";

/** The option; its default is what `parse` makes of `byDefault`. */
export function presetOption<T>(
  flags: string,
  about: string,
  parse: (text: string) => T,
  byDefault: string,
): Option {
  return new Option(flags, about).argParser(parse).default(parse(byDefault), byDefault);
}
