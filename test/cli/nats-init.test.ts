import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { startNode } from "../../cluster/index.ts";
import { silentLog } from "../../runtime/index.ts";
import { type ConfiguredServer, startConfigured } from "../cluster/security/secured-server.ts";
import { until } from "../cluster/test-server.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(240_000);

const ECHO = fileURLToPath(new URL("../../cli/echo-node.js", import.meta.url));
const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** A first port of which the two after it are free too, and so are the routes' and the monitors'. */
async function freePorts(): Promise<number> {
  const isFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
  for (let first = 21_000 + (process.pid % 500) * 10; first < 30_000; first += 10) {
    const ports = [0, 1, 2].flatMap((n) => [first + n, first + 2_000 + n, first + 4_000 + n]);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error("no free ports");
}

interface Written {
  readonly url: string;
  readonly ca?: string;
  readonly servers: readonly { readonly file: string }[];
  readonly users: readonly {
    readonly role: string;
    readonly name: string;
    readonly environment: string;
    readonly seedFile: string;
  }[];
}

t.test("troupe nats init", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "troupe-init-test-"));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));

  t.test("writes a set-up for one server that only its owner can read", async (t) => {
    const run = await troupe(["nats", "init", "--dir", "one", "--tls", "--json"], { cwd });
    t.equal(run.exitCode, 0, run.stderr);
    const written: Written = JSON.parse(run.stdout);
    t.equal(written.servers.length, 1);
    const secrets = [
      join(cwd, "one", "s1.conf"),
      join(cwd, "one", "tls", "ca.key"),
      join(cwd, "one", "tls", "s1.key"),
      ...written.users.map(({ seedFile }) => seedFile),
    ];
    for (const file of secrets) t.equal((await stat(file)).mode & 0o777, 0o600, file);
    t.same(
      written.users.map(({ role, name }) => `${role} ${name}`),
      ["node n1", "node n2", "node n3", "client c1", "operator op1"],
    );
    const config = await readFile(join(cwd, "one", "s1.conf"), "utf8");
    for (const limit of ["sync_interval: always", "max_payload", "max_pending", "max_file_store"])
      t.match(config, limit);
    // What stands on standard error is read by people, and what comes next is in it.
    for (const next of ["nats-server -c ", "troupe node ", "--nkey", "--ca ", "troupe doctor"])
      t.match(run.stderr, next);
    const all = [run.stdout, run.stderr, await readFile(join(cwd, "one", "plan.json"), "utf8")];
    for (const { seedFile } of written.users) {
      const seed = (await readFile(seedFile, "utf8")).trim();
      t.notOk(
        all.some((text) => text.includes(seed)),
        "no seed is shown",
      );
    }
  });

  t.test("overwrites nothing without --force", async (t) => {
    const before = await readFile(join(cwd, "one", "plan.json"), "utf8");
    const run = await troupe(["nats", "init", "--dir", "one"], { cwd });
    t.equal(run.exitCode, 78);
    t.match(
      run.stderr,
      /^troupe: credentials\.unusable: .*one holds a set-up already; --force.*\n$/,
    );
    t.equal(await readFile(join(cwd, "one", "plan.json"), "utf8"), before);
    const forced = await troupe(["nats", "init", "--dir", "one", "--force"], { cwd });
    t.equal(forced.exitCode, 0, forced.stderr);
    t.not(await readFile(join(cwd, "one", "plan.json"), "utf8"), before);
  });

  t.test("says in one line what is wrong with what was asked", async (t) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["--servers", "2"], /1 or 3/],
      [["--nodes", "a.b"], /names are 1 to 64/],
      [["--nodes", "a,a"], /two users named a/],
      [["--environment", "a_b"], /not a cluster name/],
      [["--servers", "3", "--host", "a,b"], /3 servers need 1 or 3 hosts/],
      [["--max-file", "10"], /a size is like/],
    ];
    for (const [flags, reason] of cases) {
      const run = await troupe(["nats", "init", "--dir", "bad", ...flags], { cwd });
      t.equal(run.exitCode, 2, run.stderr);
      t.match(run.stderr, reason);
    }
    t.notOk((await readdir(cwd)).includes("bad"));
  });

  t.test("three servers of a set-up find each other over TLS and serve nodes", async (t) => {
    const port = await freePorts();
    const run = await troupe(
      [
        ...["nats", "init", "--dir", "three", "--servers", "3", "--tls", "--json"],
        ...["--port", String(port), "--max-file", "256MB", "--nodes", "n1"],
      ],
      { cwd },
    );
    t.equal(run.exitCode, 0, run.stderr);
    const written: Written = JSON.parse(run.stdout);
    const servers: ConfiguredServer[] = [];
    t.teardown(() => Promise.all(servers.map((server) => server.end())));
    for (const { file } of written.servers)
      servers.push(await startConfigured(file, join(cwd, "three", "ports")));
    await until(
      "their JetStream has a leader",
      async () => {
        const answer = await fetch(`http://127.0.0.1:${port + 4_000}/jsz`);
        const { meta_cluster } = (await answer.json()) as {
          meta_cluster?: { leader?: string; cluster_size?: number };
        };
        return meta_cluster?.cluster_size === 3 && (meta_cluster.leader ?? "") !== "";
      },
      60_000,
    );
    const nkey = written.users.find(({ name }) => name === "n1")?.seedFile ?? "";
    const credentials = { nkey, ca: written.ca ?? "" };
    const node = await startNode({ name: "n1", nats: written.url, credentials, log: silentLog });
    const bucket = await node.system.ports.keyValues.open("kept");
    t.equal((await bucket.create("k", 1)).ok, true);
    await node.stop();
  });
});

t.test("troupe nats user", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "troupe-user-test-"));
  t.teardown(() => rm(cwd, { recursive: true, force: true }));
  const port = await freePorts();
  await troupe(["nats", "init", "--dir", "nats", "--nodes", "n1", "--port", String(port)], { cwd });
  const server = await startConfigured(join(cwd, "nats", "s1.conf"), join(cwd, "ports"));
  t.teardown(() => server.end());
  const reload = async (): Promise<void> => {
    const from = server.said().length;
    server.process.kill("SIGHUP");
    await until("it has reloaded", () => server.said().slice(from).includes("Reloaded"));
  };
  const url = `nats://127.0.0.1:${port}`;

  t.test("adds a node that a running server lets in once it has reloaded", async (t) => {
    const added = await troupe(["nats", "user", "add", "node", "n9", "--dir", "nats"], { cwd });
    t.equal(added.exitCode, 0, added.stderr);
    t.match(added.stderr, /reload every server/);
    const seed = added.stdout.trim();
    await reload();
    const node = spawn(
      process.execPath,
      [
        ...[MAIN, "node", ECHO, "--name", "n9", "--nats", url, "--nkey", seed],
        ...["--model", "builtin", "--log", "error"],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    for (const stream of [node.stdout, node.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const exit = once(node, "exit");
    await until("it runs", () => said.includes('"name":"n9"'), 30_000);
    node.kill("SIGTERM");
    t.equal((await exit)[0], 0, said);
  });

  t.test("refuses a name twice, and an environment that is none", async (t) => {
    const twice = await troupe(["nats", "user", "add", "client", "n9", "--dir", "nats"], { cwd });
    t.equal(twice.exitCode, 3);
    t.match(twice.stderr, /troupe has a node named n9: names are used once/);
    const flags = ["--dir", "nats", "--environment", "prod"];
    const nowhere = await troupe(["nats", "user", "add", "client", "c9", ...flags], { cwd });
    t.match(nowhere.stderr, /there is no environment prod; there are troupe/);
  });

  t.test("removes a user, who is refused once the server has reloaded", async (t) => {
    const seed = join(cwd, "nats", "seeds", "troupe", "node-n9.nk");
    const kept = await readFile(seed, "utf8");
    const removed = await troupe(["nats", "user", "remove", "n9", "--dir", "nats"], { cwd });
    t.equal(removed.exitCode, 0, removed.stderr);
    await reload();
    const run = await troupe(
      ["node", ECHO, "--name", "n9", "--nats", url, "--model", "builtin", "--log", "error"],
      { env: { TROUPE_NATS_NKEY: kept.trim() } },
    );
    t.equal(run.exitCode, 78);
    t.match(run.stderr, /^troupe: nats\.refused: .*it does not know the nkey.*\n$/);
    t.notMatch(run.stderr, kept.trim());
    const gone = await troupe(["nats", "user", "remove", "n9", "--dir", "nats"], { cwd });
    t.equal(gone.exitCode, 4);
    t.match(gone.stderr, /troupe has no user named n9; it has n1/);
  });

  t.test("a seed that is missing is one clear line", async (t) => {
    const run = await troupe([
      ...["node", ECHO, "--name", "n1", "--nats", url, "--nkey", "/nowhere/n1.nk"],
      ...["--model", "builtin", "--log", "error"],
    ]);
    t.equal(run.exitCode, 78);
    t.match(
      run.stderr,
      /^troupe: credentials\.unusable: \/nowhere\/n1\.nk cannot be read: there is no such file\n$/,
    );
  });
});
