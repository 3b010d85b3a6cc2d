/**
 * Following a job from outside: its progress until it ends, and its reports.
 *
 * Owns: asking again and again. An orchestrator answers at once and never keeps an asker waiting for
 * the end, because a handler that waits would keep the job from going on.
 */
import type {
  AssignmentReport,
  Progress,
  ReportPage,
} from "../../protocols/orchestration/progress.ts";
import type { ActorRef } from "../../runtime/actor-ref.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import type { PollingOptions } from "../polling.ts";
import { polled } from "../polling.ts";
import type { OrchestratorOperations } from "./orchestrator.ts";

/**
 * The progress of a job, look by look; the last one has ended.
 *
 * @throws {TroupeError} `ask.timeout` when the job has not ended in time, `ask.cancelled` when the
 *   signal aborted, and whatever the ask rejects with
 */
export async function* jobProgress(
  job: ActorRef<OrchestratorOperations>,
  options: PollingOptions,
): AsyncGenerator<Progress, void> {
  for await (const progress of polled(() => job.ask("progress"), options)) {
    yield progress;
    if (progress.phase !== "running") return;
  }
}

/** The progress of a job at its end; throws as {@link jobProgress} does. */
export async function jobEnd(
  job: ActorRef<OrchestratorOperations>,
  options: PollingOptions,
): Promise<Progress> {
  for await (const progress of jobProgress(job, options)) {
    if (progress.phase !== "running") return progress;
  }
  throw new TroupeError("ask.cancelled", "the job was not followed to its end");
}

/** All reports of a job, in the plan's order, asked for page by page. */
export async function* jobReports(
  job: ActorRef<OrchestratorOperations>,
  pageSize = 100,
): AsyncGenerator<AssignmentReport, void> {
  let from: number | undefined = 0;
  while (from !== undefined) {
    const page: ReportPage = await job.ask("report", {
      from,
      limit: pageSize,
    });
    yield* page.reports;
    from = page.next;
  }
}
