/**
 * Makes a fresh clone runnable: installs the packages, builds `dist/`, finds or fetches nats-server.
 *
 * Runs before anything is installed, so it is plain JavaScript on Node alone. Each step is skipped
 * when its result stands, so that a second run needs no network.
 *
 * U1: the packages are those of the lock file, or the step runs again.
 *     Where `node_modules` is a link it refuses instead.
 * U2: `dist/` holds what the sources say and nothing of deleted ones, or it is built anew.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = [
  "index.ts",
  "cli",
  "runtime",
  "protocols",
  "actors",
  "cluster",
  "benchmarks",
  "examples",
  "test",
];

try {
  checkNode();
  install();
  build();
  if (!process.argv.includes("--build")) fetchServer();
} catch (error) {
  process.stderr.write(`set-up: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Node ${process.versions.node} is too old: install Node 20.19 or later`);
}

function install() {
  const wanted = digest([join(ROOT, "package-lock.json")]);
  const stamp = join(ROOT, "node_modules", ".troupe-set-up");
  if (standsAs(stamp, wanted)) return;
  refuseLink(join(ROOT, "node_modules"));
  say("installing packages");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci failed");
  writeFileSync(stamp, wanted);
}

function build() {
  const files = SOURCES.flatMap((source) => sourcesUnder(join(ROOT, source))).sort();
  const wanted = digest([...files, join(ROOT, "tsconfig.json"), join(ROOT, "package-lock.json")]);
  const stamp = join(ROOT, "dist", ".troupe-build");
  if (standsAs(stamp, wanted)) return;
  say("building");
  rmSync(join(ROOT, "dist"), { recursive: true, force: true });
  run(
    process.execPath,
    [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", ROOT],
    "the build failed",
  );
  writeFileSync(stamp, wanted);
}

function fetchServer() {
  run(
    process.execPath,
    [join(ROOT, "dist", "cli", "main.js"), "nats", "locate", "--quiet"],
    "no nats-server could be found or fetched",
  );
}

/** @param {string} place a file or a folder */
function sourcesUnder(place) {
  if (!existsSync(place)) return [];
  if (place.endsWith(".ts")) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string[]} files */
function digest(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file.slice(ROOT.length)).update(readFileSync(file));
  return hash.digest("hex");
}

/**
 * npm would empty the folder that a link leads to, which is somebody else's.
 *
 * @param {string} place
 */
function refuseLink(place) {
  if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new Error(
    `${place} is a link to ${readlinkSync(place)}, which does not hold the packages of package-lock.json: remove the link, or run npm ci there`,
  );
}

/** @param {string} stamp @param {string} wanted */
function standsAs(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
}

/** @param {string} command @param {string[]} args @param {string} failure */
function run(command, args, failure) {
  try {
    // Standard output belongs to the command that follows: `npm start -- --json` prints one document.
    execFileSync(command, args, { cwd: ROOT, stdio: ["ignore", 2, 2] });
  } catch {
    throw new Error(failure);
  }
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}
