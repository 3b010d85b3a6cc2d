import type { Report } from "./report.ts";

/** stub */
export function chartOf(report: Report): string {
  return JSON.stringify(report);
}
