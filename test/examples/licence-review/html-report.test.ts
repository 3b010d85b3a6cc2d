import t from "tap";
import { htmlReport } from "../../../examples/licence-review/html-report.ts";
import { HOSTILE, summaryOf } from "./summary-under-test.ts";

const tagsOf = (page: string): readonly string[] => page.match(/<[^>]*>/g) ?? [];

t.test("htmlReport", async (t) => {
  t.test("has all its parts", async (t) => {
    const page = htmlReport(summaryOf("a/LICENSE"));
    for (const part of ["Questions", "Open, for a person to decide", "What the market learned"]) {
      t.ok(page.includes(`<h2>${part}</h2>`), part);
    }
    t.ok(page.includes("<li>n2 ended by itself; the others went on</li>"));
  });

  t.test("HT1: a stranger's words add no tag and no attribute", async (t) => {
    const [calm, page] = [htmlReport(summaryOf("a/LICENSE")), htmlReport(summaryOf(HOSTILE))];
    t.same(tagsOf(page), tagsOf(calm));
    t.ok(page.includes("&lt;script&gt;alert(1)&lt;/script&gt;"), "and are there to be read");
  });

  t.test("HT1: runs no script and loads nothing, and tells the browser so", async (t) => {
    const page = htmlReport(summaryOf("a/LICENSE"));
    t.ok(page.includes(`content="default-src 'none'; style-src 'unsafe-inline'"`));
    t.notMatch(tagsOf(page).join(), /src=|href=|<script|<link|<img/);
  });
});
