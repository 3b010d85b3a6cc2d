/**
 * A review's crew in one process: every actor of a review node on a system over ports in memory.
 *
 * Owns: putting it together. The stages that run on it are the real ones.
 */
import type { Test } from "tap";
import { modelClients } from "../../../actors/index.ts";
import type { Crew } from "../../../examples/licence-review/crew.ts";
import { EventTally } from "../../../examples/licence-review/event-tally.ts";
import { findLicenceFiles } from "../../../examples/licence-review/files/licence-files.ts";
import { children } from "../../../examples/licence-review/node.ts";
import {
  type PipelineResult,
  runPipeline,
} from "../../../examples/licence-review/pipeline-stage.ts";
import type { Progress } from "../../../examples/licence-review/progress.ts";
import { EventFeed, silentLog, systemClock } from "../../../runtime/index.ts";
import { memorySystem } from "../../actors/memory-system.ts";

/** The repository's own dependencies. */
export const DEPENDENCIES: string = new URL("../../../../node_modules", import.meta.url).pathname;

/** Tells nobody. */
export const silentProgress: Progress = { report: () => {}, say: () => {}, done: () => {} };

/** A crew in memory. */
export interface MemoryCrew extends Crew {
  readonly tally: EventTally;
  readonly events: EventFeed;
}

/** A crew of one node, `n1`; without its actors when it is to be `bare`. */
export async function memoryCrew(
  t: Test,
  staff: "staffed" | "bare" = "staffed",
): Promise<MemoryCrew> {
  const events = new EventFeed("n1", systemClock);
  const tally = new EventTally();
  events.subscribe((event) => tally.record(event));
  const models = await modelClients({
    model: "builtin",
    ollamaHost: undefined,
    log: silentLog,
    clock: systemClock,
  });
  const system = memorySystem(t, { events, models });
  if (staff === "staffed") {
    for (const spec of children({ system, events })) spec.start(system);
  }
  return { system, alive: ["n1"], flush: async () => {}, tally, events };
}

/** The files of a folder after the pipeline has been run on `crew`. */
export function pipelined(crew: MemoryCrew, root: string): Promise<PipelineResult> {
  return runPipeline({
    crew,
    tally: crew.tally,
    progress: silentProgress,
    root,
    documents: findLicenceFiles(root).documents,
  });
}
