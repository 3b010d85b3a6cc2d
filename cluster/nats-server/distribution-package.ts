/**
 * nats-server from a newer suite of the machine's own distribution: Debian and Ubuntu, without root.
 *
 * Owns: asking `apt-get` with lists, cache and sources of its own, so that nothing of the machine
 * changes. The package is unpacked, never installed; apt checks its signature chain.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../runtime/result.ts";
import { type AptMirror, aptMirrors } from "./apt-sources.ts";
import { runCommand } from "./run-command.ts";

/** What a distribution calls its newest suites, in the order they are tried. */
const NEWEST: Readonly<
  Record<string, { suites: readonly string[]; components: string; keyring: string }>
> = {
  debian: {
    suites: ["sid", "forky"],
    components: "main",
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
  },
  ubuntu: {
    suites: ["devel"],
    components: "main universe",
    keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
  },
};

const UPDATE_MS = 60_000;
const DOWNLOAD_MS = 60_000;
const UNPACK_MS = 20_000;

/**
 * Downloads and unpacks the distribution's newest package.
 *
 * @param folder - an empty folder to work in
 * @param etc - the folder of the machine's configuration, `/etc`
 * @param user - the name of the user this process runs as; apt must not switch to another
 * @returns the path of the unpacked binary
 */
export async function downloadPackage(
  folder: string,
  etc: string,
  user: string,
): Promise<Result<string, string>> {
  const release = await osRelease(etc);
  const newest = NEWEST[release.id];
  if (newest === undefined) return err(`no package is known for ${release.id || "this system"}`);
  const mirrors = aptMirrors(await sourcesFiles(etc), release.codename);
  if (mirrors.length === 0) return err("the machine's apt sources name no mirror of its release");
  let last: Result<string, string> = err("no suite was tried");
  for (const mirror of mirrors) {
    for (const suite of newest.suites) {
      const line = sourceLine(mirror, suite, newest.components, newest.keyring);
      const attempt = join(folder, `${suite}-${mirrors.indexOf(mirror)}`);
      last = await downloadFrom(line, attempt, user);
      if (last.ok) return last;
    }
  }
  return last;
}

function sourceLine(mirror: AptMirror, suite: string, components: string, keyring: string): string {
  return `deb [signed-by=${mirror.signedBy ?? keyring}] ${mirror.uri} ${suite} ${components}\n`;
}

async function downloadFrom(
  line: string,
  folder: string,
  user: string,
): Promise<Result<string, string>> {
  const lists = join(folder, "lists");
  const cache = join(folder, "cache");
  const unpacked = join(folder, "unpacked");
  for (const path of [join(lists, "partial"), join(cache, "archives", "partial"), unpacked])
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
  const fetched = await runCommand("apt-get", [...options, "-qq", "download", "nats-server"], {
    timeoutMs: DOWNLOAD_MS,
    cwd: folder,
  });
  if (!fetched.ok) return fetched;
  const deb = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  if (deb === undefined) return err("apt-get downloaded nothing");
  const extracted = await runCommand("dpkg-deb", ["-x", join(folder, deb), unpacked], {
    timeoutMs: UNPACK_MS,
  });
  return extracted.ok ? ok(join(unpacked, "usr", "sbin", "nats-server")) : extracted;
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
