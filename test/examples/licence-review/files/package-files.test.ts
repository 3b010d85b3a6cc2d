import { rmSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { LicenceDocument } from "../../../../examples/licence-review/files/document.ts";
import {
  readManifest,
  readReadme,
} from "../../../../examples/licence-review/files/package-files.ts";

const documentIn = (directory: string): LicenceDocument => ({
  id: "x",
  package: { name: "x", version: "1.0.0", directory },
  scope: "package",
  path: `${directory}/LICENSE`,
  sizeBytes: 1,
});

t.test("readReadme", async (t) => {
  t.test("reads the README of the package's folder, whatever its case", async (t) => {
    const root = t.testdir({ p: { "readme.markdown": "hello" }, "README.md": "root" });
    t.match(readReadme(root, documentIn("p")), {
      path: "p/readme.markdown",
      text: { text: "hello" },
    });
    t.match(readReadme(root, documentIn("")), { path: "README.md", text: { text: "root" } });
  });

  t.test("has nothing when there is no README, no folder, or no text in it", async (t) => {
    const root = t.testdir({ p: {}, q: { "README.md": "" }, r: {} });
    rmSync(join(root, "r"), { recursive: true });
    for (const directory of ["p", "q", "r"]) {
      t.equal(readReadme(root, documentIn(directory)), undefined, directory);
    }
  });
});

t.test("readManifest", async (t) => {
  t.test("parses the manifest of the package's folder", async (t) => {
    const root = t.testdir({ p: { "package.json": '{"license":"MIT"}' }, "package.json": "{}" });
    t.same(readManifest(root, documentIn("p")), { license: "MIT" });
    t.same(readManifest(root, documentIn("")), {});
  });

  t.test("has nothing when there is none, or it is no JSON", async (t) => {
    const root = t.testdir({ p: {}, q: { "package.json": "{" } });
    t.equal(readManifest(root, documentIn("p")), undefined);
    t.equal(readManifest(root, documentIn("q")), undefined);
  });
});
