import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "nats";
import t from "tap";
import { checkServer } from "../../cluster/server-check.ts";
import { runs } from "../cluster/server-under-test.ts";
import { troupe } from "./troupe-command.ts";

const TROUPE = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const ECHO = fileURLToPath(new URL("../../cli/echo-node.js", import.meta.url));

t.setTimeout(120_000);

t.test("troupe nats", async (t) => {
  t.test("locate prints a server that is new enough", async (t) => {
    const run = await troupe(["nats", "locate", "--json"]);
    t.equal(run.exitCode, 0, run.stderr);
    t.match(JSON.parse(run.stdout), { v: 1, path: String });
  });

  t.test("run says in one line that a port is occupied", async (t) => {
    const cwd = await mkdtemp(join(tmpdir(), "troupe-nats-test-"));
    t.teardown(() => rm(cwd, { recursive: true, force: true }));
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    t.teardown(() => squatter.close());
    const address = squatter.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const run = await troupe(["nats", "run", "--port", port], { cwd });
    t.equal(run.exitCode, 69);
    t.match(run.stderr, new RegExp(`^troupe: nats.unavailable: port ${port} .* is occupied`));
  });

  t.test("regression: a store that can be made nowhere is said in one line", async (t) => {
    for (const command of [
      ["nats", "run", "--store", "/proc/nope/nats"],
      ["node", ECHO, "--store", "/proc/nope/nats"],
    ]) {
      const run = await troupe(command);
      t.equal(run.exitCode, 69, command.join(" "));
      t.match(
        run.stderr,
        /^troupe: nats.unavailable: cannot write \/proc\/nope\/nats: ENOENT.*\n$/m,
      );
      t.equal(run.stdout, "");
    }
  });

  t.test("run --cluster 3 runs three servers until it is interrupted", async (t) => {
    const cwd = await mkdtemp(join(tmpdir(), "troupe-nats-test-"));
    t.teardown(() => rm(cwd, { recursive: true, force: true }));
    const child = spawn(process.execPath, [TROUPE, "nats", "run", "--cluster", "3", "--json"], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    t.teardown(() => child.kill("SIGKILL"));
    const exit = once(child, "exit");
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const said: unknown = JSON.parse(line);
    t.match(said, { v: 1, url: /^nats:.*,nats:.*,nats:/, servers: { length: 3 } });
    const { url, servers } = said as { url: string; servers: { pid: number }[] };
    const connection = await connect({ servers: url.split(","), reconnect: false });
    t.match(await checkServer(connection), { replicas: 3 });
    await connection.close();
    const [first] = servers;
    const note = once(createInterface({ input: child.stderr }), "line");
    process.kill(first?.pid ?? 0, "SIGKILL");
    t.match((await note)[0], /server s1 has ended/, "the others go on");
    child.kill("SIGTERM");
    t.same((await exit)[0], 0);
    for (const { pid } of servers) t.notOk(runs(pid));
  });

  t.test("run says which sizes a cluster can have", async (t) => {
    const run = await troupe(["nats", "run", "--cluster", "2"]);
    t.equal(run.exitCode, 2);
    t.match(run.stderr, /a cluster has 3 or 5 servers/);
  });
});
