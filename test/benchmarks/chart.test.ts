import t from "tap";
import { attainmentOf, chartOf } from "../../benchmarks/chart.ts";
import { sampleReport, sampleRow } from "./sample-report.ts";

/**
 * Reads a document whose tags are all closed, as ours are.
 *
 * @returns how often each element occurs
 * @throws {Error} at a tag that does not close the one that is open
 */
function elementsOf(html: string): ReadonlyMap<string, number> {
  const VOID = new Set(["meta"]);
  const open: string[] = [];
  const counts = new Map<string, number>();
  for (const [, slash, name = "", rest = ""] of html.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
    if (slash === "/") {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last}>`);
      continue;
    }
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (!VOID.has(name) && !rest.endsWith("/")) open.push(name);
  }
  if (open.length > 0) throw new Error(`<${open.join(">, <")}> never closed`);
  return counts;
}

t.test("Chart", async (t) => {
  const page = chartOf(
    sampleReport([
      sampleRow(),
      sampleRow({ name: "a <b> & c", met: false, ratio: 12.5 }),
      sampleRow({ name: "reported", goal: null }),
      sampleRow({ name: "gone", value: null, ratio: null, met: false, skipped: "no <network>" }),
    ]),
  );

  t.test("is a document whose elements are all closed", async (t) => {
    const elements = elementsOf(page);
    t.equal(elements.get("svg"), 1);
    t.equal(elements.get("table"), 1);
    t.equal(elements.get("tr"), 5, "a head and every row");
  });

  t.test("P1: escapes what it is told", async (t) => {
    t.match(page, "a &lt;b&gt; &amp; c");
    t.match(page, "no &lt;network&gt;");
  });

  t.test("has a bar for each goal that was measured", async (t) => {
    t.equal(page.match(/<rect /g)?.length, 2);
    t.match(page, /<rect class="met"/);
    t.match(page, /<rect class="missed"/);
  });

  t.test("P2: says in words what became of each", async (t) => {
    t.match(page, /30× \(≥ 25×\) ✓/);
    t.match(page, /12\.5× \(≥ 25×\) ✗/);
    t.match(page, /skipped: no/);
  });

  t.test("loads nothing and runs nothing", async (t) => {
    t.notMatch(page, /<script|<link|https?:/);
  });

  t.test("measures how far a goal was reached as a factor, whatever the goal's kind", async (t) => {
    t.equal(attainmentOf(sampleRow()), 1.2);
    const limit = { judged: "value-at-most", goal: 256 } as const;
    t.equal(attainmentOf(sampleRow({ ...limit, value: 512 })), 0.5);
    const slower = { judged: "slower-at-most", goal: 3 } as const;
    t.equal(attainmentOf(sampleRow({ ...slower, value: 1.5 })), 2);
    t.equal(attainmentOf(sampleRow({ ...slower, value: -1 })), Number.POSITIVE_INFINITY);
    t.equal(attainmentOf(sampleRow({ goal: null })), undefined);
    t.equal(attainmentOf(sampleRow({ value: null, ratio: null })), undefined);
  });
});
