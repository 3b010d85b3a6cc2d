/**
 * Holds the guide `docs/testing.md` to what it shows: its TypeScript blocks are files of one project,
 * which are type-checked under strict settings against the built package, compiled, and run.
 */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import ts from "typescript";
import { blocksOf, linksOf, ROOT, read } from "./repository.ts";

t.setTimeout(180_000);

const run = promisify(execFile);
const GUIDE = "docs/testing.md";

/** The guide's blocks by the names of the files that they are. */
function filesOf(markdown: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const block of blocksOf(markdown, "ts")) {
    const name = /^\/\/ (\S+\.ts)\n/.exec(block)?.[1];
    if (name === undefined) throw new Error(`a block without a file's name: ${block.slice(0, 60)}`);
    files.set(name, block);
  }
  return files;
}

t.test(GUIDE, async (t) => {
  const guide = read(GUIDE);
  const files = filesOf(guide);
  // Inside this package, so that `troupe` is found by its name and means the built one.
  const folder = t.testdir(Object.fromEntries(files));

  t.test("shows code that is sound under strict settings", async (t) => {
    const program = ts.createProgram(
      [...files.keys()].map((name) => join(folder, name)),
      {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        target: ts.ScriptTarget.ES2023,
        types: ["node"],
        skipLibCheck: true,
        rewriteRelativeImportExtensions: true,
      },
    );
    const faults = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line;
      return `${file?.fileName ?? ""}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
    t.strictSame(faults, []);
    program.emit(undefined, (path, text) => writeFileSync(path, text));
  });

  t.test("shows tests that pass", async (t) => {
    const tests = [...files.keys()].filter((name) => name.endsWith(".test.ts"));
    t.ok(tests.length >= 8, `${tests.length} tests`);
    // In one process: starting one for each takes longer than all tests.
    const all = join(folder, "all.js");
    writeFileSync(all, tests.map((name) => `import "./${name.replace(/ts$/, "js")}";\n`).join(""));
    // Without the variables by which runners know that they run within another one.
    const { PATH, HOME } = process.env;
    const env = { ...(PATH && { PATH }), ...(HOME && { HOME }) };
    const { stdout } = await run(process.execPath, [all], {
      cwd: folder,
      env,
    }).catch((error: { readonly stdout: string }) => error);
    t.match(stdout, new RegExp(`pass ${tests.length}\\b`), stdout);
    t.match(stdout, /fail 0\b/);
  });

  t.test("names what troupe/testing exports, and switches that exist", async (t) => {
    const { seededWorld } = await import("../../runtime/testing/index.ts");
    const { faults } = seededWorld({ seed: 1 });
    const rows = [...guide.matchAll(/^\| `(\w+)` *\| ((?:also )?`.*) *\|$/gm)];
    t.ok(rows.length >= 6);
    for (const [, part = "", switches = ""] of rows) {
      const named = [...switches.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
      for (const name of named) t.hasProp(faults[part as keyof typeof faults], name, part);
    }
    const [, common = ""] = /^\| every store *\| (.*) *\|$/m.exec(guide) ?? [];
    const named = [...common.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
    t.strictSame(new Set(named), new Set(Object.keys(faults.blobs)));
  });

  t.test("links to what exists", async (t) => {
    for (const link of linksOf(guide)) {
      const [path = "", anchor] = link.split("#");
      if (path === "") {
        const headings = [...guide.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
          title.toLowerCase().replaceAll(" ", "-"),
        );
        t.ok(headings.includes(anchor ?? ""), link);
      } else t.ok(existsSync(join(ROOT, "docs", path)), link);
    }
  });
});
