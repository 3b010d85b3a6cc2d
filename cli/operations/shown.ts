/** How quantities are shown to people. */

/** Bytes as `12 MB`. */
export function shownBytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}

/** A share as `12%`. */
export function shownShare(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A span as `42s`, `3m12s`, `5h3m` or `2d4h`. */
export function shownSpan(spanMs: number): string {
  const seconds = Math.floor(spanMs / 1_000);
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (days) return `${days}d${(hours ?? 0) % 24}h`;
  if (hours) return `${hours}h${(minutes ?? 0) % 60}m`;
  if (minutes) return `${minutes}m${seconds % 60}s`;
  return `${seconds}s`;
}

/** Text from elsewhere on one line, without what a terminal would obey. */
export function shownText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
