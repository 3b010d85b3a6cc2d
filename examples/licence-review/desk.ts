/**
 * The review desk: a lead that routes questions about licences to three specialists.
 *
 * Owns: who answers what, and that an answer without evidence is not accepted. The reviews that the
 * answers are made of lie in a bucket: a contract carries its name, not a copy of them.
 */
import { type Intent as DeskIntent, lead, specialist } from "../../actors/index.ts";
import type { LeadOperations, SpecialistOperations } from "../../protocols/index.ts";
import { type ActorDefinition, addressOf } from "../../runtime/index.ts";
import { INTENT_THRESHOLD, INTENTS, type Specialist, scoreIntents } from "./answers/intents.ts";
import { type Answer, answerQuestion } from "./answers/questions.ts";
import type { Review } from "./answers/review.ts";

/** The specialists, each an actor of that name on every node. */
export const SPECIALISTS: readonly Specialist[] = ["permission", "obligation", "patent"];

/** Where the reviews lie: a bucket, one key a file. */
export interface ReviewsContext {
  readonly bucket: string;
}

/** What is asked of a specialist. */
interface Goal {
  readonly question: string;
  readonly context?: ReviewsContext;
}

/**
 * Defines the desk's lead.
 *
 * @param nodes - the nodes whose specialists it may ask; the intents are spread over them, and when a
 *   node is gone the same specialist of the next one stands in
 */
export function reviewDesk(nodes: readonly string[]): ActorDefinition<LeadOperations, undefined> {
  const intents = INTENTS.map(({ name, specialist: who, examples }, index): DeskIntent => {
    const first = index % nodes.length;
    const [specialist = "", ...standIns] = [...nodes.slice(first), ...nodes.slice(0, first)].map(
      (node) => addressOf(node, who),
    );
    return { name, specialist, standIns, examples, acceptance: "evidence" };
  });
  return lead({
    intents,
    score: (question) =>
      scoreIntents(question).map(({ intent, score }) => ({ intent, score: trusted(score) })),
    thresholds: DESK_THRESHOLDS,
    acceptance: { evidence: missingEvidence },
    deadline: "10s",
  });
}

/**
 * Two intents of one specialist share words, which halves the confidence of both; hence thresholds
 * below the score's own, and scores below that one counted half.
 */
const DESK_THRESHOLDS = { delegateAt: 0.18, clarifyAt: 0.1 } as const;

function trusted(score: number): number {
  return score < INTENT_THRESHOLD ? score / 2 : score;
}

/** Every package of an answer needs the clause that puts it there. */
function missingEvidence(result: unknown): string | undefined {
  const { packages } = result as Answer;
  const bare = packages.find(({ evidence }) => evidence.quote === "");
  return bare === undefined ? undefined : `${bare.name} is named without evidence`;
}

/** Defines a specialist of the desk. */
export function licenceSpecialist(
  name: Specialist,
): ActorDefinition<SpecialistOperations, undefined> {
  return specialist(async ({ goal }, { ports }) => {
    const { question, context } = goal as Goal;
    const best = scoreIntents(question).find(({ specialist: who }) => who === name);
    if (best === undefined || context === undefined) {
      return { kind: "refused", reason: `${name} has nothing to say about this` };
    }
    const bucket = await ports.keyValues.open(context.bucket);
    const reviews = (await bucket.entries(">")).map(({ value }) => value as Review);
    return { kind: "done", result: answerQuestion(best.intent, reviews) };
  });
}
