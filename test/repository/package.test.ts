/**
 * The package as its users get it: packed, unpacked into a project of its own beside its declared
 * dependencies and nothing else, and used there. Needs no network.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { ROOT, read } from "./repository.ts";

t.setTimeout(180_000);

const run = promisify(execFile);
const MANIFEST = JSON.parse(read("package.json")) as {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: { readonly troupe: string };
};
/** Packages whose licences are reviewed; each has a licence file. */
const REVIEWED = ["commander", "msgpackr", "undici", "xstate"];

/** Packs the built tree into `folder` and returns the tarball's path. */
async function pack(folder: string): Promise<string> {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
  return join(folder, `${MANIFEST.name}-${MANIFEST.version}.tgz`);
}

/** A link to a package of this repository, in a project. */
async function link(project: string, name: string): Promise<void> {
  const path = join(project, "node_modules", name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(ROOT, "node_modules", name), path);
}

/** Does what `npm install` would do with the tarball: the package, its dependencies, its command. */
async function install(project: string, tarball: string): Promise<void> {
  const home = join(project, "node_modules", MANIFEST.name);
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"]);
  for (const name of Object.keys(MANIFEST.dependencies)) await link(project, name);
  const bin = join(project, "node_modules", ".bin");
  await mkdir(bin);
  await chmod(join(home, MANIFEST.bin.troupe), 0o755);
  await symlink(join("..", MANIFEST.name, MANIFEST.bin.troupe), join(bin, "troupe"));
  const manifest = { name: "project", private: true, type: "module" };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
}

t.test("The packed package", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-package-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const tarball = await pack(folder);
  const project = join(folder, "project");
  await install(project, tarball);

  t.test(
    "holds the built runtime, its configuration and its papers, and nothing else",
    async (t) => {
      const { stdout } = await run("tar", ["-tzf", tarball], { maxBuffer: 2 ** 24 });
      const files = stdout
        .trim()
        .split("\n")
        .map((path) => path.replace("package/", ""));
      const others = files.filter((path) => !path.startsWith("dist/")).sort();
      t.same(others, ["CHANGELOG.md", "LICENSE", "README.md", "nats-server.conf", "package.json"]);
      t.same(
        files.filter((path) => /^dist\/(test|benchmarks)\/|\.map$|\/\./.test(path)),
        [],
      );
      for (const path of ["index", "cli/main", "runtime/testing/index"]) {
        for (const end of ["js", "d.ts"]) t.ok(files.includes(`dist/${path}.${end}`), path);
      }
    },
  );

  t.test("is imported as troupe and troupe/testing", async (t) => {
    const program = `
      import { createSystem, errorCodes, startNode } from "troupe";
      import { ManualClock } from "troupe/testing";
      console.log([createSystem, startNode, ManualClock].map((it) => typeof it).join(), Object.keys(errorCodes).length > 0);
    `;
    await writeFile(join(project, "program.mjs"), program);
    const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: project });
    t.equal(stdout, "function,function,function true\n");
    await t.rejects(
      run(process.execPath, ["-e", 'import("troupe/dist/index.js")'], { cwd: project }),
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  t.test("type-checks in a strict project that checks its libraries too", async (t) => {
    await link(project, "@types/node");
    await cp(join(ROOT, "examples", "00-first-actor.ts"), join(project, "first-actor.ts"));
    const flags = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023"];
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(
      process.execPath,
      [tsc, ...flags, "--types", "node", "first-actor.ts"],
      { cwd: project },
    ).catch((error: { readonly stdout: string }) => error);
    t.equal(stdout, "");
  });

  t.test("says where the benchmark suites are, which it does not hold", async (t) => {
    const main = join(project, "node_modules", MANIFEST.name, MANIFEST.bin.troupe);
    const { code, stderr } = await run(process.execPath, [main, "bench", "kernel"]).then(
      () => ({ code: 0, stderr: "" }),
      (error: { readonly code: number; readonly stderr: string }) => error,
    );
    t.equal(code, 69);
    t.match(stderr, /run them from a clone of the repository/);
  });

  t.test("reviews licences by `npx troupe demo`", async (t) => {
    const dir = join(project, "third-party");
    for (const name of REVIEWED) {
      const from = join(ROOT, "node_modules", name);
      const filter = (path: string): boolean =>
        path === from || /^(LICENSE|LICENCE|package\.json)/i.test(path.slice(from.length + 1));
      await cp(from, join(dir, name), { recursive: true, filter });
    }
    const flags = ["--json", "--nodes", "1", "--no-kill", "--model", "builtin", "--dir", dir];
    const { stdout } = await run("npx", ["--no-install", "troupe", "demo", ...flags], {
      cwd: project,
      maxBuffer: 2 ** 24,
    });
    const summary = JSON.parse(stdout) as { readonly v: number; readonly documents: number };
    t.equal(summary.v, 1);
    t.equal(summary.documents, REVIEWED.length);
  });
});
