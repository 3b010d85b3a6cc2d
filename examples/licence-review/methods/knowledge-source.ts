/**
 * The knowledge sources that settle what the pipeline was unsure about.
 *
 * Owns: what each source looks at and which hypotheses it makes of it. Its neighbours are the methods
 * themselves (`title.ts`, `similarity.ts`, …) and `hypothesis.ts`, which weighs what is said here.
 *
 * K1: a source looks at the file, at the package's README or at its manifest, never at a name or a
 * path. K2: `declared` is a source like any other, so that a run without it leaves it out of the list
 * and nothing else changes. K3: README and manifest speak for the package's own licence only: about
 * code bundled in a subfolder they are silent.
 */

import type { LicenceDocument } from "../files/document.ts";
import { evidenceIn, type LicenceText } from "../files/licence-text.ts";
import type { NormalisedText } from "../files/normalised-text.ts";
import type { ReadmeFile } from "../files/package-files.ts";
import { clauses } from "./clauses.ts";
import { declaration, declared, licencesOf } from "./declared.ts";
import { type Finding, workUnits } from "./finding.ts";
import type { Hypothesis, KnowledgeSourceName } from "./hypothesis.ts";
import { readme } from "./readme.ts";
import type { ReferenceIndex } from "./reference-index.ts";
import { similarity } from "./similarity.ts";
import { title } from "./title.ts";

/** What the sources may look at. */
export interface Subject {
  readonly document: LicenceDocument;
  readonly text: NormalisedText;
  /** The reference texts that `similarity` compares with; all of them, for the board. */
  readonly references: ReferenceIndex;
  readonly readme?: ReadmeFile;
  /** The parsed `package.json`. */
  readonly manifest?: unknown;
}

/** Looks at a subject and says what it makes of it; says nothing when it has nothing to say. */
export type Contribute = (subject: Subject) => readonly Hypothesis[];

/** Every source. */
export const KNOWLEDGE_SOURCES: Readonly<Record<KnowledgeSourceName, Contribute>> = {
  title: (subject) => fromText(subject, "title", title(subject.text)),
  similarity: (subject) =>
    fromText(subject, "similarity", similarity(subject.text, subject.references)),
  clauses: contributeClauses,
  declared: contributeDeclared,
  readme: contributeReadme,
};

/** A file holds the text of one of the licences of an expression: each is as likely as the others. */
function contributeDeclared({ document, manifest }: Subject): readonly Hypothesis[] {
  const { confidence, work } = declared(manifest);
  const { expression } = declaration(manifest);
  if (document.scope === "bundled" || expression === undefined) return [];
  return licencesOf(expression).map((licence) => ({
    source: "declared",
    licence,
    confidence,
    workUnits: workUnits(work),
  }));
}

function contributeReadme({ document, readme: file }: Subject): readonly Hypothesis[] {
  if (document.scope === "bundled" || file === undefined) return [];
  return hypothesesOf("readme", readme(file.text), file);
}

/** All licences of a file that holds several: other sources may know which is the package's. */
function contributeClauses(subject: Subject): readonly Hypothesis[] {
  const { also, ...first } = clauses(subject.text);
  const work = { tokensRead: 0, referencesCompared: 0 };
  return [first, ...also.map((further) => ({ ...further, work }))].flatMap((finding) =>
    fromText(subject, "clauses", finding),
  );
}

function fromText(
  { document, text }: Subject,
  source: KnowledgeSourceName,
  finding: Finding,
): readonly Hypothesis[] {
  return hypothesesOf(source, finding, { path: document.path, text: text.source });
}

function hypothesesOf(
  source: KnowledgeSourceName,
  { licence, confidence, evidence, work }: Finding,
  file: { readonly path: string; readonly text: LicenceText },
): readonly Hypothesis[] {
  if (licence === undefined) return [];
  const seen = evidence === undefined ? {} : { evidence: evidenceIn(file, evidence) };
  return [{ source, licence, confidence, ...seen, workUnits: workUnits(work) }];
}
