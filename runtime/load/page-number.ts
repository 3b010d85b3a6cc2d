/** Numbers as a load report's page shows them: with no more digits than they are good for. */

/** A span of milliseconds, in milliseconds or seconds. */
export function span(ms: number): string {
  const [value, unit] = ms >= 10_000 ? [ms / 1_000, "s"] : [ms, "ms"];
  // Three digits are what a histogram knows.
  return `${value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}

/** Milliseconds in seconds. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** A count or a rate. */
export function number(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);
}

/** A percentile, like `99.9`. */
export function percentText(percentile: number): string {
  return String(Math.round(percentile * 100_000) / 100_000);
}
