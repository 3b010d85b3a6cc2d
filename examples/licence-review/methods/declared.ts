/**
 * Method: what does the package's manifest declare?
 *
 * Owns: the forms of the `license` field, old ones included, and what counts as declared. It is the
 * truth that agreement is scored against, so the pipeline and the market never see it; as a knowledge
 * source of the board it can be switched off.
 *
 * E1: `expression` is a valid SPDX expression or absent: free text is never guessed into one.
 * Source: npm's package.json documentation, which still describes the legacy forms.
 */
import parse from "spdx-expression-parse";
import { type Finding, noFinding } from "./finding.ts";

/** The parser recurses: a longer text is nobody's licence, but could exhaust the stack. */
const LONGEST_EXPRESSION = 1_000;

/** What a manifest declares. */
export interface Declaration {
  /** A valid SPDX expression; absent when there is none. */
  readonly expression?: string;
  /** The field as it stands, for people; empty when it is missing. */
  readonly raw: string;
}

/** Reads the licence of a parsed `package.json`; any value is accepted. */
export function declaration(manifest: unknown): Declaration {
  const { license, licenses } = (manifest ?? {}) as {
    readonly license?: unknown;
    readonly licenses?: unknown;
  };
  const field = license ?? licenses;
  const raw = field === undefined ? "" : rawOf(field);
  const names = Array.isArray(field) ? field.map(nameOf) : [nameOf(field)];
  const expression = names.length === 1 ? names[0] : names.map((name) => `(${name})`).join(" OR ");
  return expression !== undefined && isExpression(expression) ? { expression, raw } : { raw };
}

/** The identifiers in an SPDX expression, in order, each once; exceptions and references left out. */
export function licencesOf(expression: string): readonly string[] {
  const found = new Set<string>();
  const visit = (node: parse.Info): void => {
    if ("conjunction" in node) {
      visit(node.left);
      visit(node.right);
    } else {
      found.add(node.license);
    }
  };
  visit(parse(expression));
  return [...found];
}

/** The declaration as a finding: the first identifier of the expression, surer when it is the only one. */
export function declared(manifest: unknown): Finding {
  const work = { tokensRead: 1, referencesCompared: 0 };
  const { expression } = declaration(manifest);
  if (expression === undefined) return noFinding(work);
  const licences = licencesOf(expression);
  const [licence] = licences;
  if (licence === undefined) return noFinding(work);
  return { licence, confidence: 0.9 / licences.length, work };
}

/** Legacy entries are `{ type, url }`; everything else must be text. */
function nameOf(field: unknown): string {
  if (typeof field === "string") return field;
  const type = (field as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === "string" ? type : "";
}

function rawOf(field: unknown): string {
  return typeof field === "string" ? field : JSON.stringify(field);
}

function isExpression(text: string): boolean {
  if (text.length > LONGEST_EXPRESSION) return false;
  try {
    parse(text);
    return true;
  } catch {
    // The parser has no other way to say no: "UNLICENSED", "SEE LICENSE IN …", "BSD", "".
    return false;
  }
}
