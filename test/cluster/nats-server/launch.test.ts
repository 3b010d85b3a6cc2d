import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "nats";
import t from "tap";
import { serverConfigFile } from "../../../cluster/nats-server/config-file.ts";
import { launchNatsServer } from "../../../cluster/nats-server/launch.ts";
import { locateNatsServer } from "../../../cluster/nats-server/locate.ts";
import { runCommand } from "../../../cluster/nats-server/run-command.ts";
import { eventually, freshFolder, runs } from "../server-under-test.ts";

t.test("NatsServerProcess", async (t) => {
  const binary = (await locateNatsServer({ env: process.env })).path;
  const folder = async () => {
    const path = await freshFolder();
    t.teardown(() => rm(path, { recursive: true, force: true }));
    return path;
  };

  t.test("the shipped configuration is valid", async (t) => {
    const checked = await runCommand(binary, ["-t", "-c", serverConfigFile()], {
      timeoutMs: 5_000,
    });
    t.ok(checked.ok, checked.ok ? "" : checked.error);
  });

  t.test("N1, N5: is ready when the launch resolves, on loopback only", async (t) => {
    const server = await launchNatsServer({ binary, storeDir: await folder() });
    const connection = await connect({ servers: server.url });
    t.match(server.url, /^nats:\/\/127\.0\.0\.1:\d+$/);
    t.equal(connection.info?.max_payload, 1024 * 1024);
    t.equal(connection.info?.host, "127.0.0.1");
    await connection.close();
    await server.stop();
    await server.stop();
    t.notOk(runs(server.pid));
  });

  t.test("keeps its streams from one start to the next, on the port it is given", async (t) => {
    const storeDir = await folder();
    const first = await launchNatsServer({ binary, storeDir });
    await first.stop();
    const second = await launchNatsServer({ binary, storeDir, port: first.port });
    t.equal(second.port, first.port);
    await second.stop();
  });

  t.test("N2: ends when its parent is killed with SIGKILL", async (t) => {
    const storeDir = await folder();
    const fixture = fileURLToPath(new URL("../fixtures/launch-and-hang.js", import.meta.url));
    const parent = spawn(process.execPath, [fixture, binary, storeDir]);
    const [said] = await once(parent.stdout, "data");
    const pid = Number(String(said));
    t.ok(runs(pid));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    t.ok(await eventually(() => !runs(pid), 5_000), "the server is gone");
    const next = await launchNatsServer({ binary, storeDir });
    t.not(next.pid, pid, "and its store directory is free again");
    await next.stop();
  });

  t.test("N6: a temporary store goes with its server", async (t) => {
    const storeDir = await folder();
    const server = await launchNatsServer({ binary, storeDir, storeLife: "temporary" });
    t.ok(existsSync(storeDir));
    await server.stop();
    t.notOk(existsSync(storeDir));
  });

  t.test("N6: a temporary store goes with its parent that is killed", async (t) => {
    const storeDir = await folder();
    const fixture = fileURLToPath(new URL("../fixtures/launch-and-hang.js", import.meta.url));
    const parent = spawn(process.execPath, [fixture, binary, storeDir, "temporary"]);
    await once(parent.stdout, "data");
    t.ok(existsSync(storeDir));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    t.ok(await eventually(() => !existsSync(storeDir), 5_000), "the store is gone");
  });

  t.test("regression: N6: a temporary store goes with its server that is killed", async (t) => {
    const storeDir = await folder();
    const server = await launchNatsServer({ binary, storeDir, storeLife: "temporary" });
    process.kill(server.pid, "SIGKILL");
    t.ok(await eventually(() => !existsSync(storeDir), 5_000), "the store is gone");
  });

  t.test("N3: a store directory in use is refused in one line", async (t) => {
    const storeDir = await folder();
    const server = await launchNatsServer({ binary, storeDir });
    await t.rejects(launchNatsServer({ binary, storeDir, lockWithinMs: 100 }), {
      code: "nats.unavailable",
      message: `${storeDir} is in use by process ${server.pid}: join its nats-server (nats, --nats), or name another folder (storeDir, --store)`,
    });
    await server.stop();
  });

  t.test("N3: of four launches at once on one directory one wins", async (t) => {
    const storeDir = await folder();
    // A lock that a crash left behind, of a process that is no more.
    const dead = { v: 1, holder: "dead", launcher: { pid: 1, started: "long ago" } };
    await writeFile(join(storeDir, "troupe.lock"), JSON.stringify(dead));
    const launches = await Promise.allSettled(
      Array.from({ length: 4 }, () => launchNatsServer({ binary, storeDir, lockWithinMs: 300 })),
    );
    const won = launches.filter((launch) => launch.status === "fulfilled");
    t.equal(won.length, 1);
    for (const launch of won) await launch.value.stop();
  });

  t.test("an occupied port is refused in one line", async (t) => {
    const server = await launchNatsServer({ binary, storeDir: await folder() });
    await t.rejects(launchNatsServer({ binary, storeDir: await folder(), port: server.port }), {
      code: "nats.unavailable",
      message: new RegExp(`^port ${server.port} .* is occupied`),
    });
    await server.stop();
  });

  t.test("a missing binary and a store that cannot be made are refused in one line", async (t) => {
    const storeDir = await folder();
    await t.rejects(launchNatsServer({ binary: "/none/nats-server", storeDir }), {
      code: "nats.unavailable",
      message: /^\/none\/nats-server ended at once: .*not found/,
    });
    await writeFile(join(storeDir, "file"), "");
    await t.rejects(launchNatsServer({ binary, storeDir: join(storeDir, "file", "store") }), {
      code: "nats.unavailable",
      message: /^cannot write /,
    });
    await t.rejects(launchNatsServer({ binary, storeDir: join(storeDir, "file") }), {
      code: "nats.unavailable",
      message: /^cannot write /,
    });
  });

  t.test("ended resolves when the server is killed by others", async (t) => {
    const storeDir = await folder();
    const server = await launchNatsServer({ binary, storeDir });
    process.kill(server.pid, "SIGKILL");
    let ended = false;
    void server.ended.then(() => {
      ended = true;
    });
    t.ok(await eventually(() => ended, 5_000));
    await t.rejects(readFile(join(storeDir, "troupe.lock")), { code: "ENOENT" });
  });
});
