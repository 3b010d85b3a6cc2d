/**
 * Hierarchy: a desk routes questions to specialists by intent, asks back when it is unsure, and hands
 * to a person what nobody below can answer.
 */
import { type Intent, lead, specialist } from "../actors/index.ts";
import { type LeadAnswer, Resolver } from "../protocols/index.ts";
import { actor, createSystem } from "../runtime/index.ts";

const system = createSystem();

const billing = system.spawn(
  specialist(({ goal }) => ({
    kind: "done",
    result: `looked into ${JSON.stringify(goal)}`,
  })),
  { name: "billing" },
);
const repair = system.spawn(
  specialist(() => ({ kind: "refused", reason: "the device is out of warranty" })),
  { name: "repair" },
);
const person = system.spawn(
  actor(Resolver, () => undefined, {
    resolve: (ctx, { question, reason }) => ({
      kind: "answered",
      by: ctx.self.address,
      result: `a person takes over (${reason.kind}): ${question}`,
    }),
  }),
  { name: "person" },
);

const desk = system.spawn(
  lead({
    intents: [
      {
        name: "billing",
        specialist: billing.address,
        examples: ["why was i charged twice", "send me the invoice again"],
      },
      {
        name: "repair",
        specialist: repair.address,
        examples: ["my screen is broken", "the device does not start again"],
      },
    ],
    score: (question, intents) =>
      intents.map((intent) => ({ intent: intent.name, score: overlap(question, intent) })),
    thresholds: { delegateAt: 0.6, clarifyAt: 0.3 },
    escalateTo: person,
    deadline: "2s",
  }),
  { name: "desk" },
);

/** The share of the question's words that the intent's examples know. */
function overlap(question: string, { examples }: Intent): number {
  const known = new Set(examples.join(" ").split(" "));
  const words = question.toLowerCase().split(/\W+/).filter(Boolean);
  return words.filter((word) => known.has(word)).length / words.length;
}

function said(answer: LeadAnswer): string {
  switch (answer.kind) {
    case "answered":
      return String(answer.result);
    case "clarify":
      return `do you mean ${answer.intents.join(" or ")}?`;
    case "escalated":
      return answer.resolution?.kind === "answered" ? String(answer.resolution.result) : "nobody";
  }
}

for (const question of ["Why was I charged again?", "My screen is broken", "Again!", "Who won?"]) {
  const answer = await desk.ask("handle", { question });
  process.stdout.write(`${question}\n  ${answer.kind}: ${said(answer)}\n`);
}
await system.shutdown();
