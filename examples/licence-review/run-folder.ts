/**
 * Where a review leaves its report: `.troupe/runs/<id>/`.
 *
 * F1: a folder that cannot be written costs the report files and one line, never the review.
 */
import { createWriteStream, mkdirSync, type WriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type TroupeEvent } from "../../runtime/index.ts";
import { htmlReport } from "./html-report.ts";
import { markdownReport } from "./markdown-report.ts";
import type { ReviewSummary } from "./summary.ts";

/** A folder for one run's files. */
export interface RunFolder {
  /** Absent when nothing can be written. */
  readonly path: string | undefined;
  /** Appends an event to `events.jsonl`. */
  record(event: TroupeEvent): void;
  /** Writes `summary.json`, `report.md` and `report.html`, and ends the events' file. */
  close(summary: ReviewSummary): Promise<void>;
}

/** Makes the folder; `complain` hears in one line why that cannot be. */
export function openRunFolder(
  base: string,
  id: string,
  complain: (line: string) => void,
): RunFolder {
  const path = join(base, ".troupe", "runs", id);
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "events.jsonl"), "");
  } catch (error) {
    complain(`no report is written: ${messageOf(error)}`);
    return { path: undefined, record: () => {}, close: async () => {} };
  }
  const events = createWriteStream(join(path, "events.jsonl"));
  let broken = false;
  events.on("error", (error) => {
    if (!broken) complain(`the events are not complete: ${messageOf(error)}`);
    broken = true;
  });
  return {
    path,
    record: (event) => {
      if (!broken) events.write(`${JSON.stringify(event)}\n`);
    },
    close: async (summary) => {
      await ended(events);
      try {
        writeFileSync(join(path, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
        writeFileSync(join(path, "report.md"), markdownReport(summary));
        writeFileSync(join(path, "report.html"), htmlReport(summary));
      } catch (error) {
        complain(`the report is not complete: ${messageOf(error)}`);
      }
    },
  };
}

function ended(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // A stream that broke has closed already, and says so only once.
    if (stream.closed) resolve();
    stream.once("close", () => resolve());
    stream.end();
  });
}
