/** What the commands refuse to run with: a server that is too old, a model that its server lacks. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { fakeServer } from "../cluster/fake-server.ts";
import { startOllamaStub } from "../stubs/ollama-stub.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

async function project(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "troupe-refusal-test-"));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const dependency = join(directory, "node_modules", "one");
  await mkdir(dependency, { recursive: true });
  await writeFile(join(dependency, "package.json"), '{"name":"one","version":"1.0.0"}');
  await writeFile(join(dependency, "LICENSE"), "MIT License\n");
  return directory;
}

const oneLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

t.test("A server that is too old", async (t) => {
  const cwd = await project(t);

  t.test("is refused in one line when it is running", async (t) => {
    const old = await fakeServer({ version: "2.10.27" });
    t.teardown(() => old.close());
    for (const command of [
      ["demo", "--model", "builtin"],
      ["bench", "load", "--nodes", "1"],
    ]) {
      const run = await troupe([...command, "--nats", old.url], { cwd });
      t.equal(run.exitCode, 78, run.stderr);
      t.match(oneLine(run.stderr), /^troupe: nats\.too-old: .*2\.10\.27/);
    }
  });

  t.test("is refused in one line when it is named by TROUPE_NATS_SERVER", async (t) => {
    const binary = join(cwd, "nats-server");
    await writeFile(binary, "#!/bin/sh\necho 'nats-server: v2.10.27'\n");
    await chmod(binary, 0o755);
    const run = await troupe(["demo", "--model", "builtin"], {
      cwd,
      env: { TROUPE_NATS_SERVER: binary, TROUPE_NATS_URL: "" },
    });
    t.equal(run.exitCode, 69, run.stderr);
    t.match(oneLine(run.stderr), /TROUPE_NATS_SERVER cannot be used: .*2\.10\.27/);
  });
});

t.test(
  "A model that its server lacks is refused in one line that names those it has",
  async (t) => {
    const cwd = await project(t);
    const stub = await startOllamaStub();
    t.teardown(() => stub.close());
    const run = await troupe(["demo", "--model", "ollama:nope"], {
      cwd,
      env: { OLLAMA_HOST: stub.host },
    });
    t.equal(run.exitCode, 78, run.stderr);
    t.match(oneLine(run.stderr), /^troupe: model\.unknown: .*nope/);
  },
);
