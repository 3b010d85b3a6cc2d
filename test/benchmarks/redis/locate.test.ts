import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { locateRedis } from "../../../benchmarks/redis/locate.ts";
import { freshFolder } from "../../cluster/server-under-test.ts";

const says = (version: string): string =>
  `#!/bin/sh\necho "Redis server v=${version} sha=00000000:0 malloc=libc bits=64 build=0"\n`;

/** A program that says a version as redis-server does. */
async function fakeRedis(path: string, version: string): Promise<string> {
  await writeFile(path, says(version));
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
  const cache = join(home, ".cache/troupe/redis-server");
  const cached = async (version: string) => {
    const folder = join(cache, version, "usr/bin");
    await mkdir(folder, { recursive: true });
    return fakeRedis(join(folder, "redis-server"), version);
  };
  return { root, path, etc, notes, options, cache, cached };
}

/** A Debian whose package holds a server that runs only where its library is on the way. */
async function setUpDebian(t: Test) {
  const machine = await setUp(t);
  const { root, etc } = machine;
  await mkdir(join(etc, "apt"));
  await writeFile(join(etc, "os-release"), 'ID=debian\nVERSION_CODENAME="bookworm"\n');
  await writeFile(join(etc, "apt/sources.list"), "deb http://mirror.test/debian bookworm main\n");
  const bin = join(root, "bin");
  await mkdir(bin);
  const program = async (name: string, script: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };
  await program(
    "apt-get",
    `case "$*" in
*--simulate*) echo "Inst redis-tools (5:7.0.15-1 Debian:12 [amd64])";;
*download*) : > redis-server.deb; : > redis-tools.deb; echo >> ${root}/downloads;;
esac`,
  );
  const script = `#!/bin/sh
case "$LD_LIBRARY_PATH" in */usr/lib/here) ${says("7.0.15").split("\n")[1]};; *) exit 127;; esac`;
  await writeFile(join(root, "redis-server"), `${script}\n`);
  await program(
    "dpkg-deb",
    `mkdir -p "$3/usr/bin" "$3/usr/lib/here" && : > "$3/usr/lib/here/libjemalloc.so.2"
cp ${root}/redis-server "$3/usr/bin/redis-check-rdb" && chmod 755 "$3/usr/bin/redis-check-rdb"
ln -sf redis-check-rdb "$3/usr/bin/redis-server"`,
  );
  const { PATH } = process.env;
  Object.assign(process.env, { PATH: `${bin}:${PATH}` });
  t.teardown(() => Object.assign(process.env, { PATH }));
  const downloads = async () => (await readdir(root)).includes("downloads");
  const found = {
    ok: true,
    value: {
      path: join(machine.cache, "7.0.15/usr/bin/redis-server"),
      version: "7.0.15",
      libraries: [join(machine.cache, "7.0.15/usr/lib/here")],
    },
  };
  return { ...machine, program, downloads, found };
}

t.test("locateRedis", async (t) => {
  t.test("L1: uses the path it is given", async (t) => {
    const { options, root, path } = await setUp(t);
    await fakeRedis(join(path, "redis-server"), "7.2.0");
    const given = await fakeRedis(join(root, "mine"), "6.2.1");
    const found = await locateRedis({
      ...options,
      env: { ...options.env, TROUPE_REDIS_SERVER: given },
    });
    t.strictSame(found, { ok: true, value: { path: given, version: "6.2.1", libraries: [] } });
  });

  t.test("L1: refuses a given path that is missing or no server", async (t) => {
    const { options, root, path } = await setUp(t);
    await fakeRedis(join(path, "redis-server"), "7.2.0");
    for (const [given, why] of [
      [join(root, "missing"), "not found"],
      ["/bin/echo", "is no redis-server"],
    ] as const) {
      const found = await locateRedis({
        ...options,
        env: { ...options.env, TROUPE_REDIS_SERVER: given },
      });
      const error = `TROUPE_REDIS_SERVER cannot be used: ${given}: ${why}`;
      t.strictSame(found, { ok: false, error });
    }
  });

  t.test("takes PATH before the cache, and the newest of the cache", async (t) => {
    const { options, path, cached } = await setUp(t);
    await cached("7.0.9");
    const newest = await cached("7.0.15");
    const fromCache = await locateRedis(options);
    t.match(fromCache, { ok: true, value: { path: newest, version: "7.0.15" } });
    const installed = await fakeRedis(join(path, "redis-server"), "6.0.0");
    t.match(await locateRedis(options), { ok: true, value: { path: installed } });
  });

  t.test("passes over what does not run, with a note", async (t) => {
    const { options, path, cached, notes } = await setUp(t);
    const broken = join(path, "redis-server");
    await writeFile(broken, "#!/bin/sh\necho lost >&2\nexit 1\n");
    await chmod(broken, 0o755);
    const kept = await cached("7.0.15");
    t.match(await locateRedis(options), { ok: true, value: { path: kept } });
    t.strictSame(notes, [`${broken}: lost`]);
  });

  t.test("unpacks the distribution's package once, with its libraries", async (t) => {
    const { options, found, program, downloads } = await setUpDebian(t);
    t.strictSame(await locateRedis(options), found);
    t.ok(await downloads());
    await program("apt-get", "exit 100");
    t.strictSame(await locateRedis(options), found, "and needs no network afterwards");
  });

  t.test("I1: four at once unpack into one cache and leave nothing half done", async (t) => {
    const { options, found, cache } = await setUpDebian(t);
    const all = await Promise.all(Array.from({ length: 4 }, () => locateRedis(options)));
    for (const one of all) t.strictSame(one, found);
    t.strictSame(await readdir(cache), ["7.0.15"]);
  });

  t.test("I1: a broken version in the cache is replaced", async (t) => {
    const { options, found, cache, notes } = await setUpDebian(t);
    await mkdir(join(cache, "7.0.15/usr/bin"), { recursive: true });
    t.strictSame(await locateRedis(options), found);
    t.equal(notes.length, 1);
    t.strictSame(await readdir(cache), ["7.0.15"]);
  });

  t.test("L2: says in one line why there is none", async (t) => {
    const { options } = await setUp(t);
    t.strictSame(await locateRedis(options), {
      ok: false,
      error: "no redis-server: no package is known for this system",
    });
    const debian = await setUpDebian(t);
    await debian.program("apt-get", 'echo "E: no network" >&2; exit 100');
    const error = "no redis-server: apt-get: E: no network";
    t.strictSame(await locateRedis(debian.options), { ok: false, error });
  });
});
