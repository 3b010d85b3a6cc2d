/**
 * Which SPDX identifiers stand for one and the same text.
 *
 * Owns: that equivalence. "Or later" is said in a package's own notice, not in the licence, so
 * `GPL-3.0-only`, `GPL-3.0-or-later`, `GPL-3.0+` and `GPL-3.0` are told apart by no licence file.
 */

/** The same string for identifiers that share a text, different ones otherwise. */
export function textIdentity(licence: string): string {
  return licence.replace(/(?:-only|-or-later|\+)$/u, "");
}
