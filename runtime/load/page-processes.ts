/** What nodes and generators used, on a load report's page: one chart per figure, one line per process. */
import { escaped } from "./html-page.ts";
import type { LoadDocument, ProcessSample, ProcessTimeline } from "./load-document.ts";
import type { ChartLine, LineChart } from "./page-chart.ts";
import { number, span } from "./page-number.ts";
import { overTime } from "./page-timeline.ts";

/** The charts; nothing without processes, and said in words where there is no figure. */
export function processesOf({ processes }: LoadDocument): string {
  if (processes.length === 0) return "";
  const unknown = processes.flatMap(({ name, unknown: why }) =>
    why === undefined ? [] : [`<p>${escaped(name)}: ${escaped(why)}.</p>`],
  );
  const chart = (
    title: string,
    about: string,
    of: (sample: ProcessSample) => number | undefined,
    rest: Pick<LineChart, "yName" | "yShown">,
  ): string => {
    const lines = processes
      .map((process) => ({ name: process.name, points: pointsOf(process, of) }))
      .filter(({ points }) => points.some(({ y }) => y !== undefined));
    return overTime({ title, about, lines, ...rest });
  };
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return [
    "<h2>Nodes and generators</h2>",
    ...unknown,
    chart("Processor", "Of one core; worker threads count too.", ({ cpuShare }) => cpuShare, {
      yName: "share of a core",
      yShown: percent,
    }),
    chart("Memory", "Resident set.", ({ rssBytes }) => rssBytes && rssBytes / 1_048_576, {
      yName: "megabytes",
      yShown: (mb) => `${number(mb)} MB`,
    }),
    chart(
      "Event loop",
      "The longest that it was late since the sample before.",
      ({ lagMs }) => lagMs,
      {
        yName: "milliseconds",
        yShown: span,
      },
    ),
    chart(
      "Mailboxes",
      "Messages that wait, all actors of a node together.",
      ({ queued }) => queued,
      {
        yName: "messages",
        yShown: number,
      },
    ),
  ].join("\n");
}

function pointsOf(
  { samples }: ProcessTimeline,
  of: (sample: ProcessSample) => number | undefined,
): ChartLine["points"] {
  return samples.map((sample) => ({ x: Math.round(sample.atMs), y: of(sample) }));
}
