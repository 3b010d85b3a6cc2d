/**
 * The hierarchy job of `troupe bench load --pattern hierarchy`: a desk on every node routes questions by
 * intent to the specialists beside it.
 */
import { type Intent, lead, specialist } from "../../../actors/index.ts";
import type { Node } from "../../../cluster/index.ts";
import { Lead } from "../../../protocols/index.ts";
import { type Address, addressOf, type ChildSpec, child } from "../../../runtime/index.ts";
import { patternJob } from "./pattern-job.ts";

const SPECIALISTS = ["billing", "repair"] as const;
const EXAMPLES: Readonly<Record<(typeof SPECIALISTS)[number], readonly string[]>> = {
  billing: ["why was i charged twice", "send me the invoice again please"],
  repair: ["my screen is broken again", "the device does not start"],
};
const QUESTIONS: readonly string[] = Object.values(EXAMPLES).flat();
const THRESHOLDS = { delegateAt: 0.5, clarifyAt: 0.2 };
const MAILBOX = { capacity: 10_000 } as const;

/** The actors of one node. */
export function children(node: Pick<Node, "name">): readonly ChildSpec[] {
  const intents = SPECIALISTS.map(
    (name): Intent => ({
      name,
      specialist: addressOf(node.name, name),
      examples: EXAMPLES[name],
    }),
  );
  const score = (question: string) =>
    intents.map((intent) => ({ intent: intent.name, score: overlap(question, intent) }));
  return [
    ...SPECIALISTS.map((name) =>
      child(
        specialist(() => ({ kind: "done", result: `${name} looked into it` })),
        { name, mailbox: MAILBOX },
      ),
    ),
    child(lead({ intents, score, thresholds: THRESHOLDS }), { name: "desk", mailbox: MAILBOX }),
    child(jobAt(addressOf(node.name, "desk")), { name: "job" }),
  ];
}

function jobAt(desk: Address): ReturnType<typeof patternJob> {
  return patternJob(async (ctx) => {
    const question = QUESTIONS[ctx.random.int(QUESTIONS.length)] ?? "";
    const answer = await ctx.refOf(Lead, desk).ask("handle", { question });
    return answer.kind === "answered" ? answer.by : ctx.fail(`question.${answer.kind}`, answer);
  });
}

/** The share of the question's words that the intent's examples know. */
function overlap(question: string, { examples }: Intent): number {
  const known = new Set(examples.join(" ").split(" "));
  const words = question.split(" ");
  return words.filter((word) => known.has(word)).length / Math.max(1, words.length);
}
