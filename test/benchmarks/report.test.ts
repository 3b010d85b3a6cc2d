import t from "tap";
import { allMet, figure, goalOf, noteOf, tableOf, verdictOf } from "../../benchmarks/report.ts";
import { sampleReport, sampleRow } from "./sample-report.ts";

t.test("Report", async (t) => {
  t.test("J1: carries every field of the contract through JSON", async (t) => {
    const report = JSON.parse(JSON.stringify(sampleReport([sampleRow()])));
    t.match(report, { v: 1, suite: "kernel", seed: 7 });
    const fields = ["name", "value", "unit", "rival", "ratio", "goal", "met"];
    t.strictSame(
      fields.filter((field) => !(field in report.rows[0])),
      [],
    );
  });

  t.test("counts a skipped row as not met", async (t) => {
    t.equal(allMet(sampleReport([sampleRow()])), true);
    t.equal(allMet(sampleReport([sampleRow(), sampleRow({ met: false, skipped: "why" })])), false);
  });

  t.test("is a table that names rows, rivals, goals and reasons", async (t) => {
    const table = tableOf(
      sampleReport([
        sampleRow(),
        sampleRow({ name: "idle actor", value: 335, unit: "bytes", judged: "value-at-most" }),
        sampleRow({ name: "gone", value: null, rival: null, met: false, skipped: "no network" }),
      ]),
    );
    t.match(table, /kernel, seed 7, on node 20/);
    t.match(table, /ping-pong vs nact +30 M messages\/s +nact 1 M +30× +≥ 25× +met\n/);
    t.match(table, /idle actor +335 bytes/);
    t.match(table, /gone .*skipped: no network/);
    t.match(table, /nact 7\.6\.2 has a mailbox, one message at a time/);
    t.match(table, /1 of 3 rows not met$/);
    t.match(tableOf(sampleReport([sampleRow()])), /every goal met$/);
  });

  t.test("says of a rival whether messages wait and handlers overlap", async (t) => {
    t.equal(
      noteOf({ name: "comedy", version: "2.1.7", mailbox: false, handlers: "concurrent" }),
      "comedy 2.1.7 has no mailbox, runs handlers concurrently",
    );
  });

  t.test("writes a goal as it is judged", async (t) => {
    t.equal(goalOf(sampleRow()), "≥ 25×");
    t.equal(
      goalOf(sampleRow({ judged: "value-at-most", goal: 256, unit: "bytes" })),
      "≤ 256 bytes",
    );
    t.equal(goalOf(sampleRow({ judged: "slower-at-most", goal: 3 })), "≤ 3 %");
    t.equal(goalOf(sampleRow({ goal: null })), "");
    t.equal(verdictOf(sampleRow({ goal: null })), "");
    t.equal(verdictOf(sampleRow({ met: false })), "missed");
  });

  t.test("writes numbers in three digits", async (t) => {
    t.strictSame([0.21349, 26.71, 335.4, 4_973, 967_321, 25_812_345].map(figure), [
      "0.213",
      "26.7",
      "335",
      "4973",
      "967 k",
      "25.8 M",
    ]);
  });
});
