/**
 * What arrived where a number belongs, for the one line that says so.
 *
 * `String(value)` would call what a peer has sent: an object whose `toString` is no function makes it throw.
 */
export function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : `of type ${typeof value}`;
}
