/**
 * A job of a pattern as one request: asked to run it, an actor answers when it has ended well, and
 * refuses when it has not, so that only good ends count as such.
 */
import {
  type ActorContext,
  type ActorDefinition,
  type Ask,
  actor,
  ask,
  type Protocol,
  protocol,
} from "../../../runtime/index.ts";

/** What a job's actor can be asked. */
export type PatternJobOperations = {
  readonly run: Ask<unknown, unknown>;
};

/** The protocol of jobs. */
export const PatternJob: Protocol<PatternJobOperations> = protocol("pattern-job@1", {
  run: ask<unknown, unknown>(),
});

/** Jobs at a time on one node, and those that wait: the load decides, not the actor. */
const OPTIONS = { concurrency: 1_024, mailbox: { capacity: 10_000 } } as const;

/** Defines the actor that runs a job for each request. */
export function patternJob(
  run: (ctx: ActorContext<PatternJobOperations, undefined, undefined>) => Promise<unknown>,
): ActorDefinition<PatternJobOperations, undefined> {
  return actor(PatternJob, () => undefined, { run: (ctx) => run(ctx) }, OPTIONS);
}
