import { execFileSync } from "node:child_process";
import { truncateSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import {
  findLicenceFiles,
  isLicenceName,
} from "../../../../examples/licence-review/files/licence-files.ts";

const manifest = (name: string, version = "1.0.0"): string => JSON.stringify({ name, version });

t.test("findLicenceFiles", async (t) => {
  t.test("finds the files of packages, scoped packages and packages inside packages", async (t) => {
    const root = t.testdir({
      node_modules: {
        b: {
          "package.json": manifest("b"),
          LICENSE: "b",
          node_modules: { c: { "package.json": manifest("c", "2.0.0"), COPYING: "c" } },
        },
        "@s": { a: { "package.json": manifest("@s/a"), "licence.md": "a" } },
      },
    });
    const { documents, skipped } = findLicenceFiles(root);
    t.same(
      documents.map(({ path, package: { name, version } }) => [path, name, version]),
      [
        ["node_modules/@s/a/licence.md", "@s/a", "1.0.0"],
        ["node_modules/b/LICENSE", "b", "1.0.0"],
        ["node_modules/b/node_modules/c/COPYING", "c", "2.0.0"],
      ],
    );
    t.same(skipped, []);
  });

  t.test("F1: names the same documents in the same order on a second run", async (t) => {
    const root = t.testdir({
      x: { "package.json": manifest("x"), "LICENSE-MIT": "1", "LICENSE-APACHE": "2" },
      "x-y": { "package.json": manifest("x-y"), LICENSE: "3" },
    });
    const paths = findLicenceFiles(root).documents.map(({ path }) => path);
    t.same(paths, ["x/LICENSE-APACHE", "x/LICENSE-MIT", "x-y/LICENSE"]);
    t.same(findLicenceFiles(root), findLicenceFiles(root));
  });

  t.test("tells a package's own licence from that of code bundled in a subfolder", async (t) => {
    const root = t.testdir({
      "package.json": manifest("p"),
      LICENSE: "own",
      vendor: { LICENSE: "taken in" },
      dist: { "package.json": '{"type":"commonjs"}', LICENSE: "built" },
    });
    t.same(
      findLicenceFiles(root).documents.map(({ path, scope, package: { name } }) => [
        path,
        scope,
        name,
      ]),
      [
        ["LICENSE", "package", "p"],
        ["dist/LICENSE", "bundled", "p"],
        ["vendor/LICENSE", "bundled", "p"],
      ],
    );
  });

  t.test("takes a folder without any manifest for a package named by its path", async (t) => {
    const root = t.testdir({ a: { b: { LICENSE: "b" }, LICENSE: "a" }, LICENSE: "root" });
    t.same(
      findLicenceFiles(root).documents.map(({ scope, package: { name } }) => [scope, name]),
      [
        ["package", basename(root)],
        ["package", "a"],
        ["package", "a/b"],
      ],
    );
  });

  t.test("F2: finds each package of a pnpm layout once, and no cycle is endless", async (t) => {
    const root = t.testdir({
      node_modules: {
        ".pnpm": {
          "a@1.0.0": {
            node_modules: {
              a: { "package.json": manifest("a"), LICENSE: "a" },
              b: t.fixture("symlink", "../../b@1.0.0/node_modules/b"),
            },
          },
          "b@1.0.0": {
            node_modules: {
              b: { "package.json": manifest("b"), LICENSE: "b" },
              a: t.fixture("symlink", "../../a@1.0.0/node_modules/a"),
            },
          },
        },
        a: t.fixture("symlink", ".pnpm/a@1.0.0/node_modules/a"),
        loop: t.fixture("symlink", ".."),
      },
    });
    t.same(
      findLicenceFiles(join(root, "node_modules")).documents.map((d) => d.package.name),
      ["a", "b"],
    );
  });

  t.test("F2: follows a workspace link that leaves the root, once", async (t) => {
    const base = t.testdir({
      packages: {
        w: {
          "package.json": manifest("w"),
          LICENSE: "w",
          node_modules: { back: t.fixture("symlink", "..") },
        },
      },
      app: {
        node_modules: {
          w: t.fixture("symlink", "../../packages/w"),
          w2: t.fixture("symlink", "../../packages/w"),
          elsewhere: t.fixture("symlink", "/etc"),
        },
      },
    });
    const { documents } = findLicenceFiles(join(base, "app"));
    t.same(
      documents.map(({ path }) => path),
      ["node_modules/w/LICENSE"],
    );
  });

  t.test("F3: skips what cannot be a licence, each with one reason", async (t) => {
    const root = t.testdir({
      big: { "package.json": manifest("big"), LICENSE: "x" },
      empty: { "package.json": manifest("empty"), LICENSE: "" },
      folder: { "package.json": manifest("folder"), LICENSE: { "a.txt": "no" } },
      gone: { "package.json": manifest("gone"), LICENSE: t.fixture("symlink", "nowhere") },
      pipe: { "package.json": manifest("pipe") },
      device: { LICENSE: t.fixture("symlink", "/dev/zero") },
      loop: { LICENSE: t.fixture("symlink", "LICENSE") },
      node_modules: { gone: t.fixture("symlink", "nowhere"), file: t.fixture("symlink", "../f") },
      f: "a file that a link in node_modules leads to",
      fine: { "package.json": manifest("fine"), LICENSE: "fine" },
    });
    truncateSync(join(root, "big/LICENSE"), 50 * 1024 * 1024);
    execFileSync("mkfifo", [join(root, "pipe/LICENSE")]);
    const { documents, skipped } = findLicenceFiles(root);
    t.same(
      documents.map(({ path }) => path),
      ["fine/LICENSE"],
    );
    t.same(
      skipped.map(({ path, reason }) => `${path}: ${reason}`),
      [
        "big/LICENSE: too large: 52428800 bytes, at most 1048576",
        "device/LICENSE: not a regular file",
        "empty/LICENSE: empty",
        "folder/LICENSE: a folder, not a file",
        "gone/LICENSE: a dangling link",
        "loop/LICENSE: cannot be read (ELOOP)",
        "pipe/LICENSE: not a regular file",
      ],
    );
  });

  t.test("takes no more documents than allowed and says so once", async (t) => {
    const root = t.testdir({ a: { LICENSE: "1" }, b: { LICENSE: "2" }, c: { LICENSE: "3" } });
    const { documents, skipped } = findLicenceFiles(root, { maxDocuments: 1 });
    t.equal(documents.length, 1);
    t.same(skipped, [
      { path: "b/LICENSE", reason: "more than 1 licence files; the rest is left out" },
    ]);
  });

  t.test("enters no more folders than allowed and says so once", async (t) => {
    const root = t.testdir({ a: { LICENSE: "1" }, b: { LICENSE: "2" }, c: { LICENSE: "3" } });
    const { documents, skipped } = findLicenceFiles(root, { maxFolders: 2 });
    t.equal(documents.length, 1);
    t.same(skipped, [{ path: "b", reason: "more than 2 folders; the rest is left out" }]);
  });

  t.test("goes no deeper than allowed and says where it stopped", async (t) => {
    const root = t.testdir({ a: { b: { c: { LICENSE: "deep" } } } });
    t.same(findLicenceFiles(root, { maxDepth: 2 }).skipped, [
      { path: "a/b/c", reason: "nested deeper than 2 folders" },
    ]);
  });

  t.test("refuses a root that is no folder, naming it", async (t) => {
    const root = t.testdir({ file: "x" });
    t.throws(() => findLicenceFiles(join(root, "missing")), /missing is not a folder.*ENOENT/u);
    t.throws(() => findLicenceFiles(join(root, "file")), RangeError);
  });

  t.test("finds nothing in an empty folder, without an error", async (t) => {
    t.same(findLicenceFiles(t.testdir({})), { documents: [], skipped: [] });
  });
});

t.test("isLicenceName", async (t) => {
  t.test("accepts the usual names and refuses code, notices and look-alikes", async (t) => {
    const yes = ["LICENSE", "licence.md", "LICENSE-MIT", "LICENSE.APACHE", "COPYING.LESSER"];
    for (const name of [...yes, "UNLICENSE", "License.txt", "COPYING"]) {
      t.ok(isLicenceName(name), name);
    }
    const no = [
      "license.js",
      "Unlicense.json",
      "NOTICE",
      "licensed.txt",
      "copyright",
      "license.d.ts",
    ];
    for (const name of no) t.notOk(isLicenceName(name), name);
  });
});
