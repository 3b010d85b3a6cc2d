/** Holds `docs/guarantees.md` to the tests that it names. */
import { join } from "node:path";
import t from "tap";
import { read } from "./repository.ts";

const DOCUMENT = "docs/guarantees.md";
const RULES = 24;
const GUARANTEES = 11;

/** A test that the document names, and where it says that it stands. */
interface NamedTest {
  readonly name: string;
  readonly file: string;
}

/** The tests that a section names. */
function namedTests(section: string): readonly NamedTest[] {
  return [...section.matchAll(/^- "(.+)" \(\[[^\]]+\]\(([^)]+)\)\)$/gm)].map((match) => ({
    name: match[1] ?? "",
    file: join("docs", match[2] ?? ""),
  }));
}

/** The names of the tests in a source; what a template fills in is `…`. */
function testsIn(source: string): ReadonlySet<string> {
  const calls = source.matchAll(/\bt\.test\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g);
  return new Set(
    [...calls].map(([, plain, template = ""]) => plain ?? template.replace(/\$\{[^}]*\}/g, "…")),
  );
}

/** A document's sections by their headings. */
function sectionsOf(markdown: string): ReadonlyMap<string, string> {
  const parts = markdown.split(/^#{2,3} /m).slice(1);
  return new Map(parts.map((part) => [part.split("\n", 1)[0] ?? "", part]));
}

t.test(DOCUMENT, async (t) => {
  const sections = sectionsOf(read(DOCUMENT));

  t.test("names only tests that stand where it says", async (t) => {
    for (const { name, file } of namedTests(read(DOCUMENT))) {
      t.ok(testsIn(read(file)).has(name), `${file}: ${name}`);
    }
  });

  t.test("has a test for every rule that it promises, and names every rule", async (t) => {
    const unbuilt = sections.get("Not built yet") ?? "";
    const rules = [
      ...Array.from({ length: RULES }, (_, i) => `S${i + 1}`),
      ...Array.from({ length: GUARANTEES }, (_, i) => `G${i + 1}`),
    ];
    for (const rule of rules) {
      const heading = [...sections.keys()].find((title) => title.startsWith(`${rule} `));
      if (heading === undefined) {
        t.match(unbuilt, new RegExp(`\\b${rule} `), `${rule} is neither promised nor left out`);
        continue;
      }
      t.ok(namedTests(sections.get(heading) ?? "").length > 0, `${heading} names a test`);
    }
  });
});
