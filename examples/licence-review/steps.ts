/**
 * The steps of the pipeline, as capabilities and as the workers that have them.
 *
 * Owns: what each step takes and gives. The steps themselves are pure functions of the domain; who does
 * them when is the plan's affair (`pipeline-stage.ts`).
 *
 * P1: a step never fails for what lies on the disk: a file that cannot be read is a result, and the
 * steps after it have little to say.
 */
import { taskRequest, type WorkerOperations, worker } from "../../actors/index.ts";
import { type Capability, capability } from "../../protocols/index.ts";
import type { ActorDefinition } from "../../runtime/index.ts";
import { reviewedTerms } from "./answers/review.ts";
import type { Term } from "./answers/term.ts";
import type { LicenceDocument } from "./files/document.ts";
import { type LicenceText, readLicence } from "./files/licence-text.ts";
import { type NormalisedText, normalisedText } from "./files/normalised-text.ts";
import { readReadme } from "./files/package-files.ts";
import { type Classification, firstGuess } from "./methods/classification.ts";
import { workUnits } from "./methods/finding.ts";
import { type Opening, openingOf } from "./methods/opening.ts";

/** A file to be looked at, and the folder that its path is relative to. */
export interface Subject {
  readonly root: string;
  readonly document: LicenceDocument;
}

/** What reading a file gave. */
export type ReadResult =
  | { readonly kind: "read"; readonly text: LicenceText }
  | { readonly kind: "skipped"; readonly reason: string };

/** The first guess at a file's licence. */
export interface Guess extends Pick<Classification, "confidence" | "unsure" | "doubt"> {
  readonly licence: string | null;
  /** How the text opens: what the market knows of it beforehand. */
  readonly opening: Opening;
  /** Words in the text. */
  readonly tokens: number;
  readonly workUnits: number;
}

/** A paragraph about a file. */
export interface Summary {
  readonly text: string;
  readonly model: string;
}

/** A file is a licence text only up to this size: results travel in messages. */
export const MOST_BYTES: number = 128 * 1024;

/** The text of a file that lies on this machine; `undefined` when it cannot be read. */
export function subjectText({ root, document }: Subject): NormalisedText | undefined {
  const read = readLicence(root, document, { maxBytes: MOST_BYTES });
  return read.ok ? normalisedText(read.value) : undefined;
}

/** Reads a file. */
export const Read: Capability<Subject, ReadResult> = capability("read@1");
/** Guesses the licence of a text. */
export const Classify: Capability<{ readonly read: ReadResult }, Guess> = capability("classify@1");
/** Extracts permissions, obligations and patent terms. */
export const Obligations: Capability<
  Subject & { readonly read: ReadResult; readonly shipped: readonly Guess[] },
  readonly Term[]
> = capability("obligations@1");
/** Summarises a text. */
export const Summarise: Capability<{ readonly read: ReadResult }, Summary> =
  capability("summarise@1");

const AT_A_TIME = { concurrency: 8 };

/** Reads. */
export const reader: ActorDefinition<WorkerOperations, undefined> = worker(
  Read,
  ({ root, document }): ReadResult => {
    const read = readLicence(root, document, { maxBytes: MOST_BYTES });
    return read.ok
      ? { kind: "read", text: read.value }
      : { kind: "skipped", reason: read.error.reason };
  },
  AT_A_TIME,
);

/** Classifies. */
export const classifier: ActorDefinition<WorkerOperations, undefined> = worker(
  Classify,
  ({ read }): Guess => {
    if (read.kind === "skipped") return NO_GUESS;
    const text = normalisedText(read.text);
    const { licence, confidence, unsure, doubt, work } = firstGuess(text);
    return {
      licence: licence ?? null,
      confidence,
      unsure,
      doubt,
      opening: openingOf(text),
      tokens: text.words.length,
      workUnits: workUnits(work),
    };
  },
  AT_A_TIME,
);

const NO_GUESS: Guess = {
  licence: null,
  confidence: 0,
  unsure: false,
  doubt: "",
  opening: "other",
  tokens: 0,
  workUnits: 0,
};

/** Extracts terms. */
export const termReader: ActorDefinition<WorkerOperations, undefined> = worker(
  Obligations,
  ({ root, document, read, shipped }): readonly Term[] => {
    if (read.kind === "skipped") return [];
    return reviewedTerms(document, {
      text: normalisedText(read.text),
      readme: document.scope === "bundled" ? undefined : readReadme(root, document),
      shipped: shipped.flatMap(({ licence }) => (licence === null ? [] : [licence])),
    });
  },
  AT_A_TIME,
);

/** Summarises, with whatever model the node has. */
export const summariser: ActorDefinition<WorkerOperations, undefined> = worker(
  Summarise,
  async ({ read }, work): Promise<Summary> => {
    const model = work.model("auto");
    if (read.kind === "skipped") return { text: "", model: model.identity.name };
    const task = { task: "summarise", text: read.text.text, limit: 2 } as const;
    const text = await model.generate(taskRequest(task, "text")).text;
    return { text, model: model.identity.name };
  },
  AT_A_TIME,
);

/** The workers of every node, by the names that they are spawned with. */
export const STEP_WORKERS: readonly {
  readonly name: string;
  readonly worker: ActorDefinition<WorkerOperations, undefined>;
}[] = [
  { name: "reader", worker: reader },
  { name: "classifier", worker: classifier },
  { name: "term-reader", worker: termReader },
  { name: "summariser", worker: summariser },
];
