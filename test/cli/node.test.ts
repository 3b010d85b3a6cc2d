import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { Echo } from "../../cli/echo-node.ts";
import { startNodeProcess } from "../../cli/node-process.ts";
import { startNode } from "../../cluster/index.ts";
import { addressOf, silentLog, systemClock } from "../../runtime/index.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

const ECHO = fileURLToPath(new URL("../../cli/echo-node.js", import.meta.url));

t.test("troupe node", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "troupe-node-test-"));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));

  t.test(
    "runs a module's actors, reachable from another node, until it is told to stop",
    async (t) => {
      const node = await startNode({ name: "asker", log: silentLog, storeDir: join(cwd, "store") });
      t.teardown(() => node.stop());
      const echo = await startNodeProcess({
        module: ECHO,
        name: "echoer",
        natsUrl: node.natsUrl,
        cluster: node.cluster,
        flags: ["--model", "builtin", "--log", "silent", "--wire-features", "none"],
        clock: systemClock,
      });
      const ref = node.refOf(Echo, addressOf("echoer", "echo"));
      t.same(await ref.ask("echo", { n: 1 }), { n: 1 });
      const large = { text: "x".repeat(300_000) };
      await t.rejects(ref.ask("echo", large), { code: "node.too-old" }, "it reads no claims");
      await echo.stop();
      await t.rejects(ref.ask("echo", { n: 2 }, { timeout: "1s" }));
    },
  );

  t.test("says what is wrong with a module in one line", async (t) => {
    await writeFile(join(cwd, "empty.mjs"), "export const nothing = [];\n");
    await writeFile(join(cwd, "typed.ts"), "export const typed: number = 1;\n");
    await writeFile(join(cwd, "broken.mjs"), "export const children = [;\n");
    for (const [module, reason] of [
      ["missing.mjs", /there is no such file/],
      [
        "empty.mjs",
        /it exports neither "children" nor "actors" \(it exports nothing\): write export/,
      ],
      // Where Node runs TypeScript by itself, only what it exports is wrong.
      ["typed.ts", /; compile it, with tsc|\(it exports typed\)/],
      ["broken.mjs", /it does not load/],
    ] as const) {
      const run = await troupe(["node", module, "--model", "builtin"], { cwd });
      t.equal(run.exitCode, 78, module);
      t.match(run.stderr, reason);
      t.equal(run.stderr.trim().split("\n").length, 1, run.stderr);
    }
  });

  t.test("ends with its parent when its standard input is closed", async (t) => {
    const node = await startNode({ name: "parent", log: silentLog, storeDir: join(cwd, "store2") });
    t.teardown(() => node.stop());
    // The command's standard input is /dev/null here: it is at its end at once.
    const run = await troupe(
      [
        ...["node", ECHO, "--name", "orphan", "--nats", node.natsUrl, "--with-parent"],
        ...["--model", "builtin", "--log", "silent"],
      ],
      { cwd },
    );
    t.equal(run.exitCode, 0);
    t.match(run.stdout, /"name":"orphan"/);
    // Nobody named this one: in containers many a process has the same number.
    const nameless = await troupe(
      [
        ...["node", ECHO, "--nats", node.natsUrl, "--with-parent"],
        ...["--model", "builtin", "--log", "silent"],
      ],
      { cwd, env: { TROUPE_NAME: "" } },
    );
    const { name, pid } = JSON.parse(nameless.stdout);
    t.equal(
      name,
      `${hostname()
        .replaceAll(/[^A-Za-z0-9_-]/g, "-")
        .slice(0, 48)}-${pid}`,
    );
  });
});
