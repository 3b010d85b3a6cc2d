/**
 * Strangers' text as one line that can be shown: a file's name or words may hold anything.
 */

/** Control characters, and those that turn the direction of what follows. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The text on one line, without control sequences; what leads the line stays.
 *
 * @example
 * shownLine("LICENSE\u001b[2J\nMIT"); // "LICENSE [2J MIT"
 */
export function shownLine(text: string): string {
  return text.replace(UNSHOWN, " ").trimEnd();
}

/** The same, cut to a length; `most` is at least 1. */
export function shortLine(text: string, most: number): string {
  const line = shownLine(text).replace(/\s+/gu, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
