/**
 * The board on which unsure files are settled: its levels, its goal and its knowledge sources.
 *
 * Levels: `document` (one entry a file, posted by the pipeline) and `hypothesis` (one entry for each
 * licence that somebody sees in a file, with everyone's voice). The goal settles a file by the domain's
 * rule (`hypothesis.ts`), once every source that can speak has spoken.
 */
import {
  type BlackboardInput,
  type BoardOperations,
  blackboard,
  knowledgeSource,
  type SourceOperations,
} from "../../actors/index.ts";
import {
  type Draft,
  type Entry,
  type EntryId,
  entryId,
  type Goal,
  type Level,
  noisyOr,
} from "../../protocols/index.ts";
import type { ActorDefinition } from "../../runtime/index.ts";
import { readManifest, readReadme } from "./files/package-files.ts";
import {
  type Contender,
  type Hypothesis,
  type KnowledgeSourceName,
  settle,
} from "./methods/hypothesis.ts";
import { KNOWLEDGE_SOURCES } from "./methods/knowledge-source.ts";
import type { References } from "./methods/references.ts";
import { textIdentity } from "./methods/text-identity.ts";
import { type Subject, subjectText } from "./steps.ts";

/** The domain that boards and sources share. */
const DOMAIN = "licences";

/** Every knowledge source, by the cost and the credibility that the agenda rates it with. */
const SOURCES: Readonly<
  Record<KnowledgeSourceName, { readonly credibility: number; readonly cost: number }>
> = {
  title: { credibility: 0.8, cost: 1 },
  clauses: { credibility: 0.9, cost: 2 },
  similarity: { credibility: 0.95, cost: 50 },
  readme: { credibility: 0.7, cost: 3 },
  declared: { credibility: 0.95, cost: 1 },
};

/** The names of all sources. */
export const SOURCE_NAMES: readonly KnowledgeSourceName[] = [
  "title",
  "clauses",
  "similarity",
  "readme",
  "declared",
];

const document: Level = { name: "document", merge: noisyOr };

/** One entry per licence and file: the value keeps each source's own voice. */
const hypothesis: Level = {
  name: "hypothesis",
  merge: (live) => {
    const voices = live.flatMap(({ value }) => (value === undefined ? [] : [value as Hypothesis]));
    const merged = noisyOr(live);
    return { ...merged, value: { licence: voices[0]?.licence ?? "", voices } };
  },
};

const goal: Goal = ({ entries, quiet }) => {
  if (!quiet) return undefined;
  const claims = claimsAmong(entries);
  const settlement = settle(voicesOf(claims));
  if (settlement.phase === "open") return undefined;
  const leader = textIdentity(settlement.licence);
  return {
    value: { licence: settlement.licence },
    confidence: settlement.confidence,
    causes: claims
      .filter(({ value }) => textIdentity((value as Claim).licence) === leader)
      .map(({ id }) => id),
    note: settlement.contenders
      .map(({ licence, sources }) => `${licence} by ${sources.join(", ")}`)
      .join("; "),
  };
};

interface Claim {
  readonly licence: string;
  readonly voices: readonly Hypothesis[];
}

function claimsAmong(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ level, phase }) => level === "hypothesis" && phase === "live");
}

function voicesOf(claims: readonly Entry[]): readonly Hypothesis[] {
  return claims.flatMap(({ value }) => (value as Claim).voices);
}

/** Boards for licence files. */
export const filesBoard: ActorDefinition<BoardOperations, BlackboardInput> = blackboard({
  domain: DOMAIN,
  levels: [document, hypothesis],
  goal,
});

/** The statement that puts a file on the board. */
export function documentDraft(subject: Subject): Draft {
  const { id } = subject.document;
  return {
    type: "post",
    entry: entryId("document", id),
    subject: id,
    value: subject,
    confidence: 1,
    causes: [],
  };
}

/** What a settlement's entry says. */
export function settledLicence({ value }: Entry): string {
  return (value as { readonly licence: string }).licence;
}

/** A file that the board could not settle: somebody has to look at it. */
export interface OpenFile {
  readonly reason: string;
  /** The licences that are spoken for, best supported first. */
  readonly contenders: readonly Contender[];
}

/** Why a file is open, from what is said about it. */
export function openFile(entries: readonly Entry[]): OpenFile {
  const settlement = settle(voicesOf(claimsAmong(entries)));
  const { contenders } = settlement;
  switch (settlement.phase) {
    case "open":
      return { reason: settlement.reason, contenders };
    case "settled":
      return { reason: "the board ended before it was settled", contenders };
  }
}

/** A source of the board as an actor. */
export function sourceActor(
  name: KnowledgeSourceName,
  references: References,
): ActorDefinition<SourceOperations, undefined> {
  return knowledgeSource({
    domain: DOMAIN,
    name,
    ...SOURCES[name],
    triggers: [{ level: "document" }],
    writes: ["hypothesis"],
    perform: ({ entry }) => {
      const subject = entry.value as Subject;
      return opinionsOn(subject, name, references).map((one) => draftOf(subject, one));
    },
  });
}

/** What a source makes of a file that lies on this machine. */
function opinionsOn(
  subject: Subject,
  name: KnowledgeSourceName,
  references: References,
): readonly Hypothesis[] {
  const { root, document: file } = subject;
  const text = subjectText(subject);
  if (text === undefined) return [];
  const readme = name === "readme" ? readReadme(root, file) : undefined;
  const manifest = name === "declared" ? readManifest(root, file) : undefined;
  return KNOWLEDGE_SOURCES[name]({
    document: file,
    text,
    // Only this source compares with them, and loading all texts takes a while.
    references: name === "similarity" ? references.all() : references.common(),
    ...(readme === undefined ? {} : { readme }),
    ...(manifest === undefined ? {} : { manifest }),
  }).hypotheses;
}

function draftOf({ document: file }: Subject, voice: Hypothesis): Draft {
  return {
    type: "post",
    entry: claimId(file.id, voice.licence),
    value: voice,
    confidence: voice.confidence,
    note: voice.evidence === undefined ? voice.source : quoted(voice.evidence.quote),
  };
}

function claimId(file: string, licence: string): EntryId {
  return entryId("hypothesis", file, textIdentity(licence));
}

const MOST_QUOTED = 80;

function quoted(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MOST_QUOTED ? `“${line.slice(0, MOST_QUOTED)}…”` : `“${line}”`;
}
