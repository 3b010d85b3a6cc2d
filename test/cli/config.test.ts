/** `troupe config show` and `troupe.config.ts`, as a user meets them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

t.test("troupe config show", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "troupe-config-test-"));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));
  const show = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    troupe(["config", "show", ...args], { cwd, env: { TROUPE_NATS_URL: "", ...env } });

  t.test("prints what holds without a file", async (t) => {
    const run = await show(["--json", "--origin"]);
    t.equal(run.exitCode, 0, run.stderr);
    const { settings } = JSON.parse(run.stdout);
    t.same(settings.capacity, { value: 1, origin: "default" });
    t.same(settings.nats, { value: null, origin: "default" });
  });

  t.test("reads troupe.config.ts with defineConfig, environment and flags over it", async (t) => {
    await writeFile(
      join(cwd, "troupe.config.ts"),
      `import { defineConfig } from "troupe";
       const zone: string = "eu";
       export default defineConfig({
         name: "from-file", capacity: 2, roles: ["file"], metadata: { zone },
         nats: "nats://user:secret@10.0.0.5:4222,nats://token@10.0.0.6:4222",
       });`,
    );
    const flags = ["--capacity", "4", "--metadata", "a=1", "--metadata", "b=2"];
    const run = await show(["--json", "--origin", ...flags], { TROUPE_ROLES: "env,more" });
    t.equal(run.exitCode, 0, run.stderr);
    const { settings } = JSON.parse(run.stdout);
    t.same(settings.name, { value: "from-file", origin: "troupe.config.ts" });
    t.same(settings.roles, { value: ["env", "more"], origin: "TROUPE_ROLES" });
    t.same(settings.capacity, { value: 4, origin: "--capacity" });
    t.same(settings.metadata, { value: { a: "1", b: "2" }, origin: "--metadata" });
    t.same(settings.nats.value, "nats://***@10.0.0.5:4222,nats://***@10.0.0.6:4222");
    const table = await show(["--origin"]);
    t.match(table.stdout, /^SETTING +VALUE +FROM$/m);
    t.match(table.stdout, /^capacity +2 +troupe\.config\.ts$/m);
    t.notMatch(table.stdout + table.stderr + run.stdout, /secret|token@/);
    const seed = `SU${"A".repeat(56)}`;
    const nkey = await show([], { TROUPE_NATS_NKEY: seed });
    t.match(nkey.stdout, /^nkey +\*\*\*$/m);
    t.match((await show(["--nkey", "node.nk"])).stdout, /^nkey +node\.nk$/m, "a file is no secret");
    t.notMatch((await show([])).stdout, /troupe\.config\.ts/, "without --origin no origins");
  });

  t.test(
    "takes another file, JavaScript too, and says in one line what is wrong with one",
    async (t) => {
      await writeFile(join(cwd, "plain.mjs"), "export default { capacity: 7 };\n");
      const plain = await show(["--json", "--config", "plain.mjs"]);
      t.equal(JSON.parse(plain.stdout).settings.capacity, 7);
      const files: Readonly<Record<string, string>> = {
        "typo.ts": "export default { capcity: 3 };",
        "broken.ts": "export default { capacity: ;",
        "throws.ts": 'throw new Error("on purpose");',
        "nothing.ts": "export default 7;",
        "wrong.ts": 'export default { lease: "1s" };',
      };
      for (const [name, source] of Object.entries(files)) await writeFile(join(cwd, name), source);
      for (const [name, reason] of [
        ["typo.ts", /typo\.ts has an unknown setting "capcity": did you mean capacity\?/],
        ["broken.ts", /broken\.ts does not load: /],
        ["throws.ts", /throws\.ts does not load: on purpose/],
        ["nothing.ts", /nothing\.ts must export its settings: export default defineConfig/],
        ["wrong.ts", /lease must be a duration .*"1s" \(from wrong\.ts\)/],
        ["missing.ts", /missing\.ts: there is no such file/],
      ] as const) {
        const run = await show(["--config", name]);
        t.equal(run.exitCode, 78, name);
        t.equal(run.stdout, "");
        t.equal(run.stderr.trim().split("\n").length, 1, run.stderr);
        t.match(run.stderr, /^troupe: config\.invalid: /);
        t.match(run.stderr, reason);
      }
    },
  );

  t.test("tells wrong usage from a wrong configuration", async (t) => {
    const flag = await show(["--capacity", "none"]);
    t.equal(flag.exitCode, 2);
    t.match(
      flag.stderr,
      /^troupe: capacity must be a number above 0: "none" \(from --capacity\)$/m,
    );
    const env = await show([], { TROUPE_CAPACITY: "none" });
    t.equal(env.exitCode, 78);
    t.match(env.stderr, /"none" \(from TROUPE_CAPACITY\)$/m);
  });
});
