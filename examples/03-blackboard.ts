/**
 * A blackboard: sources that know little each settle together what none could alone. A witness is
 * switched on only when the others came to rest, and the board goes on from there.
 */
import {
  blackboard,
  boardRest,
  boardSubjects,
  createSystem,
  entryId,
  explanationLines,
  type Goal,
  knowledgeSource,
  noisyOr,
} from "troupe";

type Seen = { readonly call: string; readonly colour: string; readonly size: string };

const goal: Goal = ({ entries }) => {
  const best = entries.find((entry) => entry.level === "guess" && entry.confidence >= 0.9);
  return best && { value: best.value, confidence: best.confidence, causes: [best.id] };
};
const levels = ["sighting", "guess"].map((name) => ({ name, merge: noisyOr }));
const birds = blackboard({ domain: "birds", levels, goal });

const source = (name: string, confidence: number, birdOf: (seen: Seen) => string) =>
  knowledgeSource({
    domain: "birds",
    name,
    triggers: [{ level: "sighting" }],
    writes: ["guess"],
    credibility: confidence,
    cost: 1,
    perform: ({ entry }) => {
      const value = birdOf(entry.value as Seen);
      const guess = entryId("guess", entry.subject, value);
      return [{ type: "post", entry: guess, value, confidence, note: `by the ${name}` }];
    },
  });

const system = createSystem({ node: "n1" });
const { clock } = system.ports;
system.spawn(source("call", 0.7, ({ call }) => (call === "kraa" ? "crow" : "blackbird")));
system.spawn(source("colour", 0.6, ({ colour }) => (colour === "black" ? "crow" : "magpie")));
system.spawn(source("size", 0.5, ({ size }) => (size === "large" ? "crow" : "blackbird")));
system.spawn(source("witness", 0.8, () => "blackbird"));

const expects = ["call", "colour", "size", "witness"];
const board = system.spawn(birds, { input: { board: "birds", expects, off: ["witness"] } });
const see = (subject: string, value: Seen) =>
  ({ type: "post", entry: entryId("sighting", subject), subject, value, confidence: 0.5 }) as const;
const first = see("first", { call: "kraa", colour: "black", size: "large" });
const second = see("second", { call: "song", colour: "black", size: "small" });
await board.ask("post", { author: "walker", drafts: [first, second] });

const alone = await boardRest(board, { clock });
process.stdout.write(`${alone.outcome}: ${alone.settled} of ${alone.subjects} settled\n`);
await board.ask("enable", { source: "witness" });
const after = await boardRest(board, { clock });
process.stdout.write(`${after.outcome}: ${after.settled} of ${after.subjects} settled\n`);
for await (const { settlement } of boardSubjects(board)) {
  const { explanation } = await board.ask("explain", { entry: settlement?.id ?? "" });
  if (explanation) process.stdout.write(`${explanationLines(explanation).join("\n")}\n`);
}
await system.shutdown();
