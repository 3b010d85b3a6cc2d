import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { arch, platform } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { locateNatsServer } from "../../../cluster/nats-server/locate.ts";
import { runCommand } from "../../../cluster/nats-server/run-command.ts";
import type { ServerRelease } from "../../../cluster/nats-server/server-release.ts";
import { freshFolder } from "../server-under-test.ts";

const PLATFORM = `${platform()}-${arch() === "x64" ? "amd64" : arch()}`;

/** A program that says a version as nats-server does. */
async function fakeServer(path: string, version: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

/** A home without anything, a PATH folder, and an `/etc` of no known distribution. */
async function setUp(t: Test) {
  const root = await freshFolder();
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const [home, path, etc] = [join(root, "home"), join(root, "path"), join(root, "etc")];
  for (const folder of [home, path, etc]) await mkdir(folder);
  const notes: string[] = [];
  const options = {
    env: { HOME: home, PATH: path },
    etc,
    morePath: join(root, "none"),
    note: (line: string) => notes.push(line),
  };
  return { root, home, path, notes, options, cache: join(home, ".cache/troupe/nats-server") };
}

/** A release on a real HTTP server. */
async function serveRelease(t: Test, root: string, version: string) {
  const name = `nats-server-v${version}-${PLATFORM}`;
  await mkdir(join(root, name));
  await fakeServer(join(root, name, "nats-server"), version);
  const archive = join(root, `${name}.tar.gz`);
  await runCommand("tar", ["-czf", archive, "-C", root, name], { timeoutMs: 5_000 });
  const bytes = await readFile(archive);
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    response.statusCode = request.url === `/${name}.tar.gz` ? 200 : 404;
    response.end(request.method === "HEAD" ? undefined : bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => server.close();
  t.teardown(close);
  const release: ServerRelease = {
    version,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sha256: { [PLATFORM]: createHash("sha256").update(bytes).digest("hex") },
  };
  return { release, close, requests: () => requests };
}

t.test("locateNatsServer", async (t) => {
  t.test("L2: uses the path it is given", async (t) => {
    const { options, root } = await setUp(t);
    const path = await fakeServer(join(root, "mine"), "2.12.0");
    const found = await locateNatsServer({
      ...options,
      env: { ...options.env, TROUPE_NATS_SERVER: path },
    });
    t.strictSame(found, { path, version: "2.12.0" });
  });

  t.test("L2: refuses a given path that is missing, no server, or too old", async (t) => {
    const { options, root, path } = await setUp(t);
    await fakeServer(join(path, "nats-server"), "2.15.1");
    const old = await fakeServer(join(root, "old"), "2.10.27");
    for (const [given, why] of [
      [join(root, "missing"), "not found"],
      ["/bin/echo", "is no nats-server"],
      [old, "2.10.27 is older than 2.12.0"],
    ] as const) {
      const located = locateNatsServer({
        ...options,
        env: { ...options.env, TROUPE_NATS_SERVER: given },
      });
      await t.rejects(located, {
        code: "nats.unavailable",
        message: `TROUPE_NATS_SERVER cannot be used: ${given}: ${why}`,
      });
    }
  });

  t.test("L1: passes over an old server in PATH with a note and uses the cache", async (t) => {
    const { options, path, cache, notes } = await setUp(t);
    const old = await fakeServer(join(path, "nats-server"), "2.9.10");
    for (const version of ["2.12.3", "2.14.0"]) {
      await mkdir(join(cache, version), { recursive: true });
      await fakeServer(join(cache, version, "nats-server"), version);
    }
    const found = await locateNatsServer(options);
    t.strictSame(found, { path: join(cache, "2.14.0", "nats-server"), version: "2.14.0" });
    t.strictSame(notes, [`${old}: 2.9.10 is older than 2.12.0`]);
  });

  t.test("fetches the release once, and works without the network afterwards", async (t) => {
    const { options, root, cache } = await setUp(t);
    const { release, close } = await serveRelease(t, root, "2.15.0");
    const path = join(cache, "2.15.0", "nats-server");
    t.strictSame(await locateNatsServer({ ...options, release }), { path, version: "2.15.0" });
    close();
    t.strictSame(await locateNatsServer({ ...options, release }), { path, version: "2.15.0" });
  });

  t.test("L3: four at once fetch into one cache and leave nothing half done", async (t) => {
    const { options, root, cache } = await setUp(t);
    const { release } = await serveRelease(t, root, "2.15.0");
    const found = await Promise.all(
      Array.from({ length: 4 }, () => locateNatsServer({ ...options, release })),
    );
    t.equal(new Set(found.map(({ path }) => path)).size, 1);
    t.strictSame(await readdir(join(cache, "2.15.0")), ["nats-server"]);
  });

  t.test("uses no release whose checksum is wrong, or unknown for the platform", async (t) => {
    const { options, root, cache } = await setUp(t);
    const { release, requests } = await serveRelease(t, root, "2.15.0");
    const unknown = locateNatsServer({ ...options, release: { ...release, sha256: {} } });
    await t.rejects(unknown, {
      code: "nats.unavailable",
      message: new RegExp(`release 2.15.0: no checksum is known for ${PLATFORM}`),
    });
    t.equal(requests(), 0, "nothing is downloaded that could not be checked");
    const sha256 = { [PLATFORM]: "0".repeat(64) };
    await t.rejects(locateNatsServer({ ...options, release: { ...release, sha256 } }), {
      code: "nats.unavailable",
      message: /SHA-256 is [0-9a-f]{64}, not 0{64}: not used/,
    });
    await t.rejects(readdir(cache), { code: "ENOENT" });
  });

  t.test("fetches nothing when told so, and says what to do", async (t) => {
    const { options } = await setUp(t);
    await t.rejects(locateNatsServer({ ...options, fetching: false }), {
      code: "nats.unavailable",
      message:
        /no nats-server of version 2\.12\.0 or newer was found; install one, or name it in TR/,
    });
  });
});
