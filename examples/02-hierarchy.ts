/**
 * Hierarchy: a desk routes questions to specialists by intent, asks back when it is unsure, and hands
 * to a person what nobody below can answer.
 */
import { actor, createSystem, type Intent, lead, Resolver, specialist } from "troupe";

const system = createSystem();
const billing = specialist(() => ({ kind: "done", result: "one of the two is paid back" }));
const repair = specialist(() => ({ kind: "refused", reason: "out of warranty" }));
const person = actor(Resolver, () => undefined, {
  resolve: (ctx, { reason }) => ({
    kind: "answered",
    by: ctx.self.address,
    result: `a person looks into it (${reason.kind})`,
  }),
});

/** The share of the question's words that the intent's examples know. */
function overlap(question: string, { examples }: Intent): number {
  const known = examples.join(" ").split(" ");
  const words = question.toLowerCase().match(/\w+/g) ?? [];
  return words.filter((word) => known.includes(word)).length / Math.max(1, words.length);
}

const intents: readonly Intent[] = [
  {
    name: "billing",
    specialist: system.spawn(billing, { name: "billing" }).address,
    examples: ["why was i charged twice", "send me the invoice again"],
  },
  {
    name: "repair",
    specialist: system.spawn(repair, { name: "repair" }).address,
    examples: ["my screen is broken", "the device does not start again"],
  },
];
const desk = system.spawn(
  lead({
    intents,
    score: (question) =>
      intents.map((one) => ({ intent: one.name, score: overlap(question, one) })),
    thresholds: { delegateAt: 0.6, clarifyAt: 0.3 },
    escalateTo: system.spawn(person, { name: "person" }),
    deadline: "2s",
  }),
  { name: "desk" },
);

const questions = ["Why was I charged twice?", "My screen is broken", "Again?", "Who won?"];
for (const question of questions) {
  const answer = await desk.ask("handle", { question });
  process.stdout.write(`${question} → ${answer.kind}: ${JSON.stringify(answer)}\n`);
}
await system.shutdown();
