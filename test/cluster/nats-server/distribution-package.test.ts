import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  type DistributionPackage,
  unpackPackage,
} from "../../../cluster/nats-server/distribution-package.ts";
import { freshFolder } from "../server-under-test.ts";

/** A machine's `/etc`, and an `apt-get` and a `dpkg-deb` that note what they are asked. */
async function setUp(t: Test, osRelease: string) {
  const root = await freshFolder();
  const [etc, bin, work] = [join(root, "etc"), join(root, "bin"), join(root, "work")];
  await mkdir(join(etc, "apt", "sources.list.d"), { recursive: true });
  await mkdir(bin);
  await mkdir(work);
  await writeFile(join(etc, "os-release"), osRelease);
  const program = async (name: string, script: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${root}/asked\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };
  const { PATH: path } = process.env;
  Object.assign(process.env, { PATH: `${bin}:${path}` });
  t.teardown(async () => {
    Object.assign(process.env, { PATH: path });
    await rm(root, { recursive: true, force: true });
  });
  return { root, etc, work, program, asked: () => readFile(join(root, "asked"), "utf8") };
}

const DEBIAN = 'ID=debian\nVERSION_CODENAME="bookworm"\n';
const NATS: DistributionPackage = {
  name: "nats-server",
  program: "usr/sbin/nats-server",
  suite: "newest",
};
const REDIS: DistributionPackage = {
  name: "redis-server",
  program: "usr/bin/redis-server",
  suite: "own",
};
const SOURCES = "deb http://mirror.test/debian bookworm main\n";

t.test("unpackPackage", async (t) => {
  await t.test(
    "D1: asks the machine's own mirror for the newest suite's package alone, in folders of its own",
    async (t) => {
      const { etc, work, program, asked } = await setUp(t, DEBIAN);
      await writeFile(join(etc, "apt", "sources.list"), SOURCES);
      await program("apt-get", 'case "$*" in *download*) : > nats-server_2.15.1_amd64.deb;; esac');
      await program("dpkg-deb", 'mkdir -p "$3/usr/sbin" && : > "$3/usr/sbin/nats-server"');
      const found = await unpackPackage(NATS, work, etc, "somebody");
      const folder = join(work, "sid-0");
      const root = join(folder, "unpacked");
      t.strictSame(found, { ok: true, value: { root, program: join(root, NATS.program) } });
      t.match(await asked(), / download nats-server\n/);
      t.notMatch(await asked(), /--simulate/);
      t.equal(
        await readFile(join(folder, "sources.list"), "utf8"),
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.test/debian sid main\n",
      );
      for (const option of [
        `Dir::Etc::sourcelist=${folder}/sources.list`,
        "Dir::Etc::sourceparts=-",
        `Dir::State::Lists=${folder}/lists`,
        `Dir::Cache=${folder}/cache`,
        "APT::Sandbox::User=somebody",
      ])
        t.match(await asked(), option);
    },
  );

  await t.test(
    "D2: asks the machine's own suite for the package and what it lacks beside it",
    async (t) => {
      const { etc, work, program, asked } = await setUp(t, DEBIAN);
      await writeFile(join(etc, "apt", "sources.list"), SOURCES);
      await program(
        "apt-get",
        `case "$*" in
*--simulate*) echo "Inst libjemalloc2 (5.3.0-1 Debian:12 [amd64])"
  echo "Inst redis-server (5:7.0.15-1 Debian:12 [amd64])"
  echo "Conf redis-server (5:7.0.15-1 Debian:12 [amd64])";;
*download*) : > libjemalloc2.deb; : > redis-server.deb;;
esac`,
      );
      await program("dpkg-deb", 'mkdir -p "$3/usr/bin" && : > "$3/usr/bin/redis-server"');
      const found = await unpackPackage(REDIS, work, etc, "somebody");
      const root = join(work, "bookworm-0", "unpacked");
      t.strictSame(found, { ok: true, value: { root, program: join(root, REDIS.program) } });
      t.match(await asked(), / download redis-server libjemalloc2\n/);
      for (const deb of ["libjemalloc2", "redis-server"])
        t.match(await asked(), `dpkg-deb -x ${join(work, "bookworm-0", deb)}.deb ${root}\n`);
      t.notMatch(await asked(), /^(?!.*--simulate).* install /m, "nothing is installed");
    },
  );

  await t.test("tries the next suite when one fails, and says why all did", async (t) => {
    const { etc, work, program, asked } = await setUp(t, DEBIAN);
    await writeFile(join(etc, "apt", "sources.list"), SOURCES);
    await program("apt-get", 'echo "E: no network" >&2; exit 100');
    const found = await unpackPackage(NATS, work, etc, "somebody");
    t.strictSame(found, { ok: false, error: "apt-get: E: no network" });
    t.match(await asked(), /sid-0[\s\S]*forky-0/);
  });

  await t.test("gives up at once on an unknown system, and without a mirror", async (t) => {
    const fedora = await setUp(t, "ID=fedora\n");
    t.match(await unpackPackage(NATS, fedora.work, fedora.etc, "somebody"), {
      ok: false,
      error: "no package is known for fedora",
    });
    const bare = await setUp(t, DEBIAN);
    t.match(await unpackPackage(NATS, bare.work, bare.etc, "somebody"), {
      ok: false,
      error: /name no mirror/,
    });
  });
});
