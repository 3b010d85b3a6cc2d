/**
 * A program from a package of the machine's own distribution: Debian and Ubuntu, without root.
 *
 * Owns: asking `apt-get` with lists, cache and sources of its own, so that nothing of the machine
 * changes. Packages are unpacked, never installed; apt checks their signature chain.
 *
 * D1: from the newest suite the package comes alone: libraries of another release do not fit the
 *     machine's.
 * D2: from the machine's own suite come with it the packages it depends on that are not installed.
 *
 * Cost: about 4 s, of which 3 read the suite's list.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../runtime/result.ts";
import { type AptMirror, aptMirrors } from "./apt-sources.ts";
import { runCommand } from "./run-command.ts";

/** A program and the package it is in. */
export interface DistributionPackage {
  readonly name: string;
  /** Where the program is once the package is unpacked, for example `usr/sbin/nats-server`. */
  readonly program: string;
  /** Which suites are asked: D1, D2. */
  readonly suite: "newest" | "own";
}

/** Where packages were unpacked. */
export interface UnpackedPackage {
  /** Stands for the root of the file system. */
  readonly root: string;
  /** The program's path. */
  readonly program: string;
}

/** What differs between distributions; the newest suites in the order they are tried. */
const DISTRIBUTIONS: Readonly<
  Record<string, { newest: readonly string[]; components: string; keyring: string }>
> = {
  debian: {
    newest: ["sid", "forky"],
    components: "main",
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
  },
  ubuntu: {
    newest: ["devel"],
    components: "main universe",
    keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
  },
};

const UPDATE_MS = 60_000;
const RESOLVE_MS = 20_000;
const DOWNLOAD_MS = 60_000;
const UNPACK_MS = 20_000;

/**
 * Downloads and unpacks a package.
 *
 * @param folder - an empty folder to work in
 * @param etc - the folder of the machine's configuration, `/etc`
 * @param user - the name of the user this process runs as; apt must not switch to another
 */
export async function unpackPackage(
  wanted: DistributionPackage,
  folder: string,
  etc: string,
  user: string,
): Promise<Result<UnpackedPackage, string>> {
  const release = await osRelease(etc);
  const distribution = DISTRIBUTIONS[release.id];
  if (distribution === undefined)
    return err(`no package is known for ${release.id || "this system"}`);
  const mirrors = aptMirrors(await sourcesFiles(etc), release.codename);
  if (mirrors.length === 0) return err("the machine's apt sources name no mirror of its release");
  const suites = wanted.suite === "newest" ? distribution.newest : [release.codename];
  let last: Result<UnpackedPackage, string> = err("no suite was tried");
  for (const mirror of mirrors) {
    for (const suite of suites) {
      const line = sourceLine(mirror, suite, distribution.components, distribution.keyring);
      const attempt = join(folder, `${suite}-${mirrors.indexOf(mirror)}`);
      last = await unpackFrom(line, wanted, attempt, user);
      if (last.ok) return last;
    }
  }
  return last;
}

function sourceLine(mirror: AptMirror, suite: string, components: string, keyring: string): string {
  return `deb [signed-by=${mirror.signedBy ?? keyring}] ${mirror.uri} ${suite} ${components}\n`;
}

async function unpackFrom(
  line: string,
  wanted: DistributionPackage,
  folder: string,
  user: string,
): Promise<Result<UnpackedPackage, string>> {
  const lists = join(folder, "lists");
  const cache = join(folder, "cache");
  const root = join(folder, "unpacked");
  for (const path of [join(lists, "partial"), join(cache, "archives", "partial"), root])
    await mkdir(path, { recursive: true });
  const sources = join(folder, "sources.list");
  await writeFile(sources, line);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
    "Acquire::Languages=none",
    "Acquire::Retries=1",
    "Acquire::http::Timeout=10",
    `APT::Sandbox::User=${user}`,
  ].flatMap((option) => ["-o", option]);
  const updated = await runCommand("apt-get", [...options, "-qq", "update"], {
    timeoutMs: UPDATE_MS,
  });
  if (!updated.ok) return updated;
  const names = await packagesFor(wanted, options);
  if (!names.ok) return names;
  const fetched = await runCommand("apt-get", [...options, "-qq", "download", ...names.value], {
    timeoutMs: DOWNLOAD_MS,
    cwd: folder,
  });
  if (!fetched.ok) return fetched;
  const debs = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
  if (debs.length === 0) return err("apt-get downloaded nothing");
  for (const deb of debs) {
    const extracted = await runCommand("dpkg-deb", ["-x", join(folder, deb), root], {
      timeoutMs: UNPACK_MS,
    });
    if (!extracted.ok) return extracted;
  }
  return ok({ root, program: join(root, wanted.program) });
}

/** The packages to unpack: D1, D2. */
async function packagesFor(
  { name, suite }: DistributionPackage,
  options: readonly string[],
): Promise<Result<readonly string[], string>> {
  if (suite === "newest") return ok([name]);
  // A simulation: it says what an installation would bring, and needs no root.
  const args = [...options, "-qq", "--simulate", "--no-install-recommends", "install", name];
  const simulated = await runCommand("apt-get", args, { timeoutMs: RESOLVE_MS });
  if (!simulated.ok) return simulated;
  const missing = [...simulated.value.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? "");
  return ok([...new Set([name, ...missing])]);
}

async function osRelease(etc: string): Promise<{ readonly id: string; readonly codename: string }> {
  const text = await readFile(join(etc, "os-release"), "utf8").catch(() => "");
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { id: field("ID"), codename: field("VERSION_CODENAME") };
}

async function sourcesFiles(etc: string): Promise<{ name: string; text: string }[]> {
  const parts = join(etc, "apt", "sources.list.d");
  const names = (await readdir(parts).catch(() => []))
    .filter((name) => name.endsWith(".list") || name.endsWith(".sources"))
    .map((name) => join(parts, name));
  const files: { name: string; text: string }[] = [];
  for (const name of [join(etc, "apt", "sources.list"), ...names]) {
    const text = await readFile(name, "utf8").catch(() => undefined);
    if (text !== undefined) files.push({ name, text });
  }
  return files;
}
