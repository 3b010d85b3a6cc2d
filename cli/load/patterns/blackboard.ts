/**
 * The blackboard job of `troupe bench load --pattern blackboard`: a board on every node; each request
 * posts a sighting of its own, and three knowledge sources settle it.
 *
 * All that was ever posted stays on the board, as it does on anybody's: a long run makes it slower, and
 * that is part of what is measured.
 */
import { Board, type BoardOperations, blackboard, knowledgeSource } from "../../../actors/index.ts";
import type { Node } from "../../../cluster/index.ts";
import { entryId, type Goal, noisyOr } from "../../../protocols/index.ts";
import {
  type ActorRef,
  type Address,
  addressOf,
  type ChildSpec,
  type Clock,
  child,
  TroupeError,
} from "../../../runtime/index.ts";
import { patternJob } from "./pattern-job.ts";

const LEVELS = ["sighting", "guess"].map((name) => ({ name, merge: noisyOr }));
const SOURCES = ["call", "colour", "size"] as const;
const CONFIDENCE = 0.6;
const ENOUGH = 0.9;
/** How soon a settlement is seen: a grain of the latencies. */
const LOOK_MS = 5;
const SETTLE_MS = 30_000;

const goal: Goal = ({ entries }) => {
  const best = entries.find((entry) => entry.level === "guess" && entry.confidence >= ENOUGH);
  return best && { value: best.value, confidence: best.confidence, causes: [best.id] };
};

/** The actors of one node; its board is its own. */
export function children(node: Pick<Node, "name">): readonly ChildSpec[] {
  const domain = `load-${node.name}`;
  const sources = SOURCES.map((name) =>
    child(
      knowledgeSource({
        domain,
        name,
        triggers: [{ level: "sighting" }],
        writes: ["guess"],
        credibility: CONFIDENCE,
        cost: 1,
        concurrency: 64,
        perform: ({ entry }) => [
          {
            type: "post",
            entry: entryId("guess", entry.subject, "crow"),
            value: "crow",
            confidence: CONFIDENCE,
            note: `by the ${name}`,
          },
        ],
      }),
      { name, mailbox: { capacity: 10_000 } },
    ),
  );
  const input = { board: domain, expects: [...SOURCES] };
  return [
    ...sources,
    child(blackboard({ domain, levels: LEVELS, goal }), {
      name: "board",
      input,
      mailbox: { capacity: 10_000 },
    }),
    child(jobOn(addressOf(node.name, "board")), { name: "job" }),
  ];
}

function jobOn(board: Address): ReturnType<typeof patternJob> {
  let posted = 0;
  return patternJob(async (ctx) => {
    const subject = ctx.random.id();
    // Subjects are listed in the order in which they came, and this actor alone posts to its board.
    const from = posted++;
    const ref = ctx.refOf(Board, board);
    const entry = entryId("sighting", subject);
    const draft = { type: "post", entry, subject, value: "seen", confidence: 0.5 } as const;
    await ref.ask("post", { author: "load", drafts: [draft] });
    return settled(ref, subject, from, ctx.clock);
  });
}

/** What the board settled a subject as. */
async function settled(
  board: ActorRef<BoardOperations>,
  subject: string,
  from: number,
  clock: Clock,
): Promise<unknown> {
  const untilMs = clock.monotonicMs() + SETTLE_MS;
  while (clock.monotonicMs() < untilMs) {
    const { subjects } = await board.ask("subjects", { from, limit: 1 });
    const [report] = subjects;
    if (report?.subject !== subject) {
      throw new TroupeError("refused", `the board has ${report?.subject ?? "nothing"} there`);
    }
    if (report.settlement !== undefined) return report.settlement.value;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
  throw new TroupeError("ask.timeout", `the board settled nothing within ${SETTLE_MS} ms`);
}
