/** Stage 2, hierarchy: a review desk answers questions about the result through its specialists. */
import type { Lead, LeadAnswer } from "../../protocols/index.ts";
import { type ActorRef, messageOf } from "../../runtime/index.ts";
import { answerText, type Answer as FoundAnswer, packageName } from "./answers/questions.ts";
import type { Review } from "./answers/review.ts";
import type { Crew } from "./crew.ts";
import { type ReviewsContext, reviewDesk } from "./desk.ts";
import type { ReviewedFile } from "./pipeline-stage.ts";
import type { Progress } from "./progress.ts";
import type { Answer } from "./summary.ts";

/** What the desk needs. */
export interface DeskOptions {
  readonly crew: Crew;
  readonly progress: Progress;
  readonly files: readonly ReviewedFile[];
  readonly questions: readonly string[];
}

const BUCKET = "reviews";
const AT_A_TIME = 32;
const ASK_TIMEOUT = "60s";

/** Asks the desk every question. */
export async function runDesk(options: DeskOptions): Promise<readonly Answer[]> {
  const { crew, files, questions, progress } = options;
  await keepReviews(crew, files);
  const desk = crew.system.spawn(reviewDesk(crew.alive), { name: "review-desk" });
  const answers: Answer[] = [];
  for (const question of questions) {
    progress.report("hierarchy", answers.length, questions.length);
    answers.push(await asked(desk, question));
  }
  progress.report("hierarchy", answers.length, questions.length);
  return answers;
}

type Desk = ActorRef<(typeof Lead)["operations"]>;

async function asked(desk: Desk, question: string): Promise<Answer> {
  const context: ReviewsContext = { bucket: BUCKET };
  try {
    const said = await desk.ask("handle", { question, context }, { timeout: ASK_TIMEOUT });
    return answerOf(question, said);
  } catch (error) {
    return unanswered(question, 0, `not answered: ${messageOf(error)}`);
  }
}

function answerOf(question: string, said: LeadAnswer): Answer {
  switch (said.kind) {
    case "answered": {
      const found = said.result as FoundAnswer;
      return {
        question,
        specialist: found.specialist,
        confidence: said.confidence,
        outcome: "answered",
        answer: answerText(found),
        packages: found.packages.map(packageName),
        evidence: [...found.packages, ...found.bundled].map((named) => ({
          package: packageName(named),
          ...named.evidence,
        })),
      };
    }
    case "clarify":
      return {
        ...unanswered(question, said.confidence, `Did you mean: ${said.intents.join(", ")}?`),
        outcome: "clarify",
      };
    case "escalated": {
      const { reason } = said;
      const why = "message" in reason ? `${reason.kind}: ${reason.message}` : reason.kind;
      return unanswered(
        question,
        said.confidence,
        `Nobody here can answer it, a person must (${why}).`,
      );
    }
  }
}

function unanswered(question: string, confidence: number, answer: string): Answer {
  return { question, confidence, outcome: "escalated", answer, packages: [], evidence: [] };
}

/** Puts the reviews where the specialists find them. */
async function keepReviews(crew: Crew, files: readonly ReviewedFile[]): Promise<void> {
  const bucket = await crew.system.ports.keyValues.open(BUCKET);
  const waiting = [...files];
  const keep = async (): Promise<void> => {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const { document, guess, terms } = file;
      const review: Review = {
        document,
        confidence: guess.confidence,
        terms,
        ...(guess.licence === null ? {} : { licence: guess.licence }),
      };
      await bucket.put(document.id, review);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, keep));
}
