import { existsSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { troupe } from "../cli/troupe-command.ts";
import { blocksOf, linksOf, ROOT, read, sourcesUnder } from "./repository.ts";

const README = read("README.md");
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

t.test("README.md", async (t) => {
  t.test("shows TypeScript only as it stands in an example that runs as a test", async (t) => {
    const examples = sourcesUnder("examples").map(read);
    const blocks = blocksOf(README, "ts");
    t.ok(blocks.length >= 4, `${blocks.length} blocks`);
    for (const block of blocks) {
      const [title = ""] = block.split("\n");
      t.ok(
        examples.some((example) => example.includes(block)),
        `in no example: ${title}`,
      );
    }
  });

  t.test("names commands and flags that exist", async (t) => {
    const prose = ["README.md", "CONTRIBUTING.md", ...documents()].map(read).join("\n");
    const named = [...prose.matchAll(/npm run (?:--silent )?([a-z-]+)/g)].map(
      (match) => match[1] ?? "",
    );
    for (const script of new Set([...named, "start", "test"])) t.hasProp(scripts, script);

    const helps = new Map<string, string>();
    const help = async (...command: readonly string[]): Promise<string> => {
      const key = command.join(" ");
      const known = helps.get(key) ?? (await troupe([...command, "--help"])).stdout;
      helps.set(key, known);
      return known;
    };
    const words = new Set(
      [...prose.matchAll(/(?:npx |`)troupe ([a-z]+)/g)].map(([, word]) => word),
    );
    t.ok(words.size >= 3, [...words].join(", "));
    for (const word of words) t.match(await help(), `\n  ${word} `);

    for (const [line, word = ""] of prose.matchAll(
      /troupe ((?:nats |bench |config )?[a-z]+)[^\n`]*/g,
    )) {
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) {
        if (flag !== "--help") t.match(await help(...word.split(" ")), flag, line);
      }
    }
  });
});

t.test("The documents", async (t) => {
  t.test("show TypeScript only as it stands in an example that runs as a test", async (t) => {
    const examples = sourcesUnder("examples").map(read);
    for (const document of documents()) {
      for (const block of blocksOf(read(document), "ts")) {
        const [title = ""] = block.split("\n");
        t.ok(
          examples.some((example) => example.includes(block)),
          `${document}, in no example: ${title}`,
        );
      }
    }
  });

  t.test("link to what exists", async (t) => {
    for (const document of ["README.md", "CONTRIBUTING.md", ...documents()]) {
      const folder = join(ROOT, document, "..");
      for (const link of linksOf(read(document))) {
        const [path = "", anchor] = link.split("#");
        t.ok(path === "" || existsSync(join(folder, path)), `${document} links to ${link}`);
        if (anchor === undefined || (path !== "" && !path.endsWith(".md"))) continue;
        const target = path === "" ? read(document) : read(join(folder, path).slice(ROOT.length));
        t.ok(anchorsOf(target).includes(anchor), `${document} links to ${link}`);
      }
    }
  });
});

function documents(): readonly string[] {
  const names = [
    "actors",
    "guarantees",
    "errors",
    "cluster",
    "machines",
    "proof",
    "state",
    "load",
    "wire",
  ];
  return names.map((name) => `docs/${name}.md`);
}

/** The anchors that a Markdown document's headings make. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
