/**
 * What the answers should be: derived from what the packages declare and from a table of well-known
 * facts about licences, neither of which the review looks at.
 */
import { readFileSync } from "node:fs";
import type { Test } from "tap";
import { INTENTS, type IntentName } from "../../../../examples/licence-review/answers/intents.ts";
import { packageName } from "../../../../examples/licence-review/answers/questions.ts";
import type { LicenceDocument } from "../../../../examples/licence-review/files/document.ts";
import { readManifest } from "../../../../examples/licence-review/files/package-files.ts";
import { declaration, licencesOf } from "../../../../examples/licence-review/methods/declared.ts";
import { textIdentity } from "../../../../examples/licence-review/methods/text-identity.ts";

const REPOSITORY = new URL("../../../../../", import.meta.url);

/** Which intents a licence answers, by its identifier. */
export const PROPERTIES: Readonly<Record<string, readonly string[]>> = (
  JSON.parse(
    readFileSync(new URL("test/fixtures/licence-properties.json", REPOSITORY), "utf8"),
  ) as { readonly licences: Readonly<Record<string, readonly string[]>> }
).licences;

/** By package, what its manifest declares; without those that declare nothing valid. */
export function declarationsOf(
  root: string,
  documents: readonly LicenceDocument[],
): ReadonlyMap<string, string> {
  const declarations = new Map<string, string>();
  for (const document of documents) {
    const { expression } = declaration(readManifest(root, document));
    if (expression !== undefined) declarations.set(packageName(document.package), expression);
  }
  return declarations;
}

/**
 * Compares the packages of every answer with the declarations: precision and recall at least 0.95.
 *
 * @param packagesOf - the packages of an answer, as `packageName` gives them
 */
export function measureAnswers(
  t: Test,
  declarations: ReadonlyMap<string, string>,
  packagesOf: (intent: IntentName) => readonly string[],
): void {
  for (const { name } of INTENTS) {
    const expected = expectedFor(name, declarations);
    const found = packagesOf(name).filter((key) => declarations.has(key));
    const both = found.filter((key) => expected.has(key)).length;
    const precision = found.length === 0 ? 1 : both / found.length;
    const recall = expected.size === 0 ? 1 : both / expected.size;
    const figures = `precision ${precision.toFixed(3)} recall ${recall.toFixed(3)}`;
    t.comment(`${name}: ${found.length} found, ${expected.size} expected, ${figures}`);
    t.ok(precision >= 0.95, `${name} ${figures}`);
    t.ok(recall >= 0.95, `${name} ${figures}`);
  }
}

/** The set that the declarations and the table of well-known facts give. */
function expectedFor(name: IntentName, declarations: ReadonlyMap<string, string>): Set<string> {
  const expected = new Set<string>();
  for (const [key, expression] of declarations) {
    const says = licencesOf(expression).some((licence) =>
      PROPERTIES[textIdentity(licence)]?.includes(name),
    );
    if (says) expected.add(key);
  }
  return expected;
}
