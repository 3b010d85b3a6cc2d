/**
 * The knowledge sources that settle what the pipeline was unsure about.
 *
 * Owns: what each source looks at and which hypotheses it makes of it. Its neighbours are the methods
 * themselves (`title.ts`, `similarity.ts`, …) and `hypothesis.ts`, which weighs what is said here.
 *
 * K1: a source looks at the file, at the package's README or at its manifest, never at a name or a
 * path. K2: `declared` is a source like any other, so that a run without it leaves it out of the list
 * and nothing else changes. K3: README and manifest speak for the package's own licence only: about
 * code bundled in a subfolder they are silent. K4: work counts whether or not it led to a hypothesis.
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

/** What a source makes of a subject, and what that took. */
export interface Contribution {
  /** None when it has nothing to say. */
  readonly hypotheses: readonly Hypothesis[];
  /** Counted work; see `finding.ts`. */
  readonly workUnits: number;
}

/** Looks at a subject and says what it makes of it. */
export type Contribute = (subject: Subject) => Contribution;

const SILENT: Contribution = { hypotheses: [], workUnits: 0 };

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
function contributeDeclared({ document, manifest }: Subject): Contribution {
  if (document.scope === "bundled") return SILENT;
  const { confidence, work } = declared(manifest);
  const { expression } = declaration(manifest);
  const licences = expression === undefined ? [] : licencesOf(expression);
  return {
    hypotheses: licences.map((licence) => ({ source: "declared", licence, confidence })),
    workUnits: workUnits(work),
  };
}

function contributeReadme({ document, readme: file }: Subject): Contribution {
  if (document.scope === "bundled" || file === undefined) return SILENT;
  const finding = readme(file.text);
  return { hypotheses: said("readme", [finding], file), workUnits: workUnits(finding.work) };
}

/** All licences of a file that holds several: other sources may know which is the package's. */
function contributeClauses({ document, text }: Subject): Contribution {
  const { also, ...first } = clauses(text);
  const hypotheses = said("clauses", [first, ...also], { path: document.path, text: text.source });
  return { hypotheses, workUnits: workUnits(first.work) };
}

function fromText(
  { document, text }: Subject,
  source: KnowledgeSourceName,
  finding: Finding,
): Contribution {
  const hypotheses = said(source, [finding], { path: document.path, text: text.source });
  return { hypotheses, workUnits: workUnits(finding.work) };
}

function said(
  source: KnowledgeSourceName,
  findings: readonly Omit<Finding, "work">[],
  file: { readonly path: string; readonly text: LicenceText },
): readonly Hypothesis[] {
  return findings.flatMap(({ licence, confidence, evidence }) => {
    if (licence === undefined) return [];
    const seen = evidence === undefined ? {} : { evidence: evidenceIn(file, evidence) };
    return [{ source, licence, confidence, ...seen }];
  });
}
