/** Stage 2, hierarchy: a review desk answers questions about the result through its specialists. */
import type { Lead, LeadAnswer } from "../../protocols/index.ts";
import { type ActorRef, messageOf } from "../../runtime/index.ts";
import { answerText, type Answer as FoundAnswer } from "./answers/questions.ts";
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
/** How often a question is put: a specialist is lost with its node. */
const MOST_DESKS = 3;

/** Asks the desk every question. */
export async function runDesk(options: DeskOptions): Promise<readonly Answer[]> {
  const { crew, files, questions, progress } = options;
  await keepReviews(crew, files);
  const desks = new Desks(crew);
  const answers: Answer[] = [];
  for (const question of questions) {
    progress.report("hierarchy", answers.length, questions.length);
    answers.push(await desks.ask(question));
  }
  progress.report("hierarchy", answers.length, questions.length);
  return answers;
}

type Desk = ActorRef<(typeof Lead)["operations"]>;

/** Asks a desk; when that lost its specialist, one over the nodes that are left, which stays. */
class Desks {
  readonly #crew: Crew;
  #opened = 0;
  #desk: Desk;

  constructor(crew: Crew) {
    this.#crew = crew;
    this.#desk = this.#next();
  }

  async ask(question: string): Promise<Answer> {
    const context: ReviewsContext = { bucket: BUCKET };
    for (let tried = 1; ; tried++) {
      try {
        const said = await this.#desk.ask(
          "handle",
          { question, context },
          { timeout: ASK_TIMEOUT },
        );
        if (!isLost(said) || tried === MOST_DESKS) return answerOf(question, said);
      } catch (error) {
        return unanswered(question, 0, `not answered: ${messageOf(error)}`);
      }
      this.#desk = this.#next();
    }
  }

  #next(): Desk {
    this.#opened++;
    const { alive, node } = this.#crew;
    return node.spawn(reviewDesk(alive), { name: `review-desk-${this.#opened}` });
  }
}

/** Whether the specialist never came to an answer, which says nothing of the question. */
function isLost(said: LeadAnswer): boolean {
  return (
    said.kind === "escalated" && (said.reason.kind === "failed" || said.reason.kind === "late")
  );
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
        packages: found.packages.map(({ name, version }) => `${name}@${version}`),
        evidence: [...found.packages, ...found.bundled].map(({ name, version, evidence }) => ({
          package: `${name}@${version}`,
          ...evidence,
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
      return unanswered(question, said.confidence, `Passed on to a person (${why}).`);
    }
  }
}

function unanswered(question: string, confidence: number, answer: string): Answer {
  return { question, confidence, outcome: "escalated", answer, packages: [], evidence: [] };
}

/** Puts the reviews where the specialists find them. */
async function keepReviews(crew: Crew, files: readonly ReviewedFile[]): Promise<void> {
  const bucket = await crew.node.system.ports.keyValues.open(BUCKET);
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
