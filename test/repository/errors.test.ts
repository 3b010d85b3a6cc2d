/**
 * Holds the table of `docs/errors.md` to the codes. After a change of the codes,
 * `TROUPE_WRITE_DOCS=1 node dist/test/repository/errors.test.js` writes it anew.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ExitCode } from "../../cli/exit-code.ts";
import { errorCodes } from "../../runtime/index.ts";
import { ROOT, read } from "./repository.ts";

const DOCUMENT = "docs/errors.md";
const BEGIN = "<!-- begin of the table -->\n\n";
const END = "\n<!-- end of the table -->";

/** The table of codes, as Markdown that Biome and Prettier would leave alone. */
function table(): string {
  const rows = [
    ["code", "try again", "meaning"],
    ...Object.entries(errorCodes).map(([code, { retry, meaning }]) => [
      `\`${code}\``,
      retry,
      meaning,
    ]),
  ];
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |\n`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`;
  const [head = [], ...body] = rows;
  return `${line(head)}${rule}${body.map(line).join("")}`;
}

t.test(DOCUMENT, async (t) => {
  t.test("prints the codes as they are", async (t) => {
    const document = read(DOCUMENT);
    const from = document.indexOf(BEGIN) + BEGIN.length;
    const to = document.indexOf(END);
    t.ok(from >= BEGIN.length && to > from, "it has a table");
    if (process.env["TROUPE_WRITE_DOCS"] === "1") {
      const path = join(ROOT, DOCUMENT);
      writeFileSync(path, `${document.slice(0, from)}${table()}${document.slice(to)}`);
      return;
    }
    t.equal(document.slice(from, to), table(), "run again with TROUPE_WRITE_DOCS=1 to write it");
  });

  t.test("lists every exit code of the command line", async (t) => {
    const listed = [...read(DOCUMENT).matchAll(/^\| (\d+) /gm)].map((match) => Number(match[1]));
    t.same(listed, Object.values(ExitCode));
  });
});
