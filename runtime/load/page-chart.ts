/**
 * Line charts of a report's page, as SVG text. No script, no library.
 *
 * Owns: axes, lines and the table that says the same. What is drawn is `load-page.ts`.
 *
 * P1: whatever text comes in is escaped.
 * P2: colour is never the only sign: lines differ in their dashes too, each is named in the legend, and
 *     every chart has its figures as a table beneath it.
 * P3: where there is no figure there is no point, and the line is interrupted.
 */
import { escaped } from "./html-page.ts";

/** One line. */
export interface ChartLine {
  readonly name: string;
  /** `undefined` where there is no figure. */
  readonly points: readonly { readonly x: number; readonly y: number | undefined }[];
}

/** A chart. */
export interface LineChart {
  readonly title: string;
  /** One sentence that says what is to be seen. */
  readonly about: string;
  readonly xName: string;
  readonly yName: string;
  readonly lines: readonly ChartLine[];
  readonly xTicks: readonly { readonly x: number; readonly label: string }[];
  readonly xShown: (x: number) => string;
  readonly yShown: (y: number) => string;
  /** Decades instead of even steps; for spans that reach from microseconds to seconds. */
  readonly yScale?: "linear" | "logarithmic";
}

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 74;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 40;
/** The classes of lines, whose colours and dashes are in the page's style. */
const STYLES = 8;
const MOST_ROWS = 400;

/** The chart as a figure with its legend and its table; empty when it has no point at all. */
export function lineChart(chart: LineChart): string {
  const values = chart.lines.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []));
  if (values.length === 0) return "";
  const xs = chart.lines.flatMap(({ points }) => points.map(({ x }) => x));
  const scale = chart.yScale ?? "linear";
  const y = scale === "linear" ? linearAxis(values) : logarithmicAxis(values);
  const [xFrom, xTo] = [Math.min(...xs), Math.max(...xs)];
  const place = {
    x: (value: number) =>
      round(LEFT + ((value - xFrom) / (xTo - xFrom || 1)) * (WIDTH - LEFT - RIGHT)),
    y: (value: number) => round(HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM)),
  };
  const grid = y.ticks.map((tick) => {
    const at = place.y(tick);
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text class="y" x="${LEFT - 8}" y="${at + 4}">${escaped(chart.yShown(tick))}</text>`;
  });
  const marks = chart.xTicks
    .filter(({ x }) => x >= xFrom && x <= xTo)
    .map(
      ({ x, label }) =>
        `<text class="x" x="${place.x(x)}" y="${HEIGHT - BOTTOM + 18}">${escaped(label)}</text>`,
    );
  const lines = chart.lines.map((line, at) => lineOf(line, at, place, chart));
  const middle = LEFT + (WIDTH - LEFT - RIGHT) / 2;
  return `<figure>
<h3>${escaped(chart.title)}</h3>
<p>${escaped(chart.about)}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`${chart.title}: ${chart.about}`)}">
${grid.join("\n")}
${marks.join("\n")}
<text class="x" x="${middle}" y="${HEIGHT - 4}">${escaped(chart.xName)}</text>
${lines.join("\n")}
</svg>
${legendOf(chart)}
<details><summary>as a table</summary>${tableOf(chart)}</details>
</figure>`;
}

interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the bottom, 1 at the top. */
  readonly share: (value: number) => number;
}

function linearAxis(values: readonly number[]): Axis {
  const most = Math.max(...values, 0);
  const step = evenStep((most || 1) / 4);
  const top = Math.ceil((most || 1) / step) * step;
  const count = Math.round(top / step);
  return {
    ticks: Array.from({ length: count + 1 }, (_, at) => at * step),
    share: (value) => value / top,
  };
}

/** 1, 2 or 5 times a power of ten, at least `rough`. */
function evenStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
}

function logarithmicAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const from = Math.floor(Math.log10(Math.min(...positive, 1)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...positive, 10 ** from))));
  return {
    ticks: Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at)),
    share: (value) =>
      Math.min(1, Math.max(0, (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from))),
  };
}

interface Place {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function lineOf(line: ChartLine, at: number, place: Place, chart: LineChart): string {
  let path = "";
  let isDown = false;
  const dots: string[] = [];
  for (const { x, y } of line.points) {
    if (y === undefined) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${place.x(x)} ${place.y(y)}`;
    isDown = true;
    const said = `${line.name}, ${chart.xShown(x)}: ${chart.yShown(y)}`;
    dots.push(
      `<circle cx="${place.x(x)}" cy="${place.y(y)}" r="5"><title>${escaped(said)}</title></circle>`,
    );
  }
  const style = `l${at % STYLES}`;
  return `<path class="line ${style}" d="${path}"/><g class="dots">${dots.join("")}</g>`;
}

function legendOf({ lines }: LineChart): string {
  const items = lines.map(
    ({ name }, at) =>
      `<li><svg class="key" viewBox="0 0 32 8" aria-hidden="true"><path class="line l${at % STYLES}" d="M0 4H32"/></svg>${escaped(name)}</li>`,
  );
  return `<ul class="legend">${items.join("")}</ul>`;
}

function tableOf(chart: LineChart): string {
  const xs = [...new Set(chart.lines.flatMap(({ points }) => points.map(({ x }) => x)))];
  xs.sort((one, other) => one - other);
  const columns = chart.lines.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
  const head = [chart.xName, ...chart.lines.map(({ name }) => name)];
  const rows = xs.slice(0, MOST_ROWS).map((x) => [
    chart.xShown(x),
    ...columns.map((column) => {
      const y = column.get(x);
      return y === undefined ? "–" : chart.yShown(y);
    }),
  ]);
  return htmlTable(`${chart.title}, ${chart.yName}`, head, rows);
}

/** A table: its first column are headings of its rows, the others figures. */
export function htmlTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const heads = head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join("");
  const body = rows.map(([first = "", ...rest]) => {
    const cells = rest.map((cell) => `<td>${escaped(cell)}</td>`).join("");
    return `<tr><th scope="row">${escaped(first)}</th>${cells}</tr>`;
  });
  return `<div class="table"><table><caption>${escaped(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
