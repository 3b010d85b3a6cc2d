/** A report with a row of every kind, for the tests of what is made of reports. */
import type { Report } from "../../benchmarks/report.ts";
import type { Row } from "../../benchmarks/row.ts";

/** A row that met its goal, with changes. */
export function sampleRow(changes: Partial<Row> = {}): Row {
  return {
    name: "ping-pong vs nact",
    value: 30_000_000,
    unit: "messages/s",
    rival: 1_000_000,
    ratio: 30,
    goal: 25,
    met: true,
    against: "nact",
    judged: "ratio-at-least",
    ...changes,
  };
}

/** A report of these rows. */
export function sampleReport(rows: readonly Row[]): Report {
  return {
    v: 1,
    suite: "kernel",
    seed: 7,
    rows,
    quick: false,
    machine: "node 20, linux x64, 2 cores",
    rivals: [{ name: "nact", version: "7.6.2", mailbox: true, handlers: "serial" }],
  };
}
