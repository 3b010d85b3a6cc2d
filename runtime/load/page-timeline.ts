/** Charts of a load report's page whose axis is the time since its window began. */
import { type LineChart, lineChart } from "./page-chart.ts";
import { seconds } from "./page-number.ts";

/** The chart, with round instants on its axis. */
export function overTime(chart: Omit<LineChart, "xName" | "xTicks" | "xShown">): string {
  const xs = chart.lines.flatMap(({ points }) => points.map(({ x }) => x));
  const [from, to] = [Math.min(0, ...xs), Math.max(0, ...xs)];
  const step = Math.max(1, Math.ceil((to - from) / 10 / 500) * 500);
  const first = Math.ceil(from / step);
  const ticks = Array.from({ length: Math.floor(to / step) - first + 1 }, (_, at) => {
    const x = (first + at) * step;
    return { x, label: seconds(x) };
  });
  return lineChart({ ...chart, xName: "since the window began", xTicks: ticks, xShown: seconds });
}
