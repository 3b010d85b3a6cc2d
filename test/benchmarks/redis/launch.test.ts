import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import t from "tap";
import { type AppendOnly, launchRedis } from "../../../benchmarks/redis/launch.ts";
import { eventually, freeze, runs } from "../../cluster/server-under-test.ts";
import { answerOf, redisBinary } from "./redis-under-test.ts";

t.test("RedisProcess", async (t) => {
  const binary = await redisBinary();

  t.test("R1, R3: answers on loopback when the launch resolves, and goes whole", async (t) => {
    const server = await launchRedis({ binary, appendOnly: "no" });
    t.equal(server.url, `redis://127.0.0.1:${server.port}`);
    t.match(await answerOf(server.port, "SET a 1", "GET a"), /^\+OK\r\n\$1\r\n1\r\n/);
    t.match(await answerOf(server.port, "CONFIG GET bind"), /\r\n\$9\r\n127\.0\.0\.1\r\n/);
    t.ok(existsSync(server.folder));
    await server.stop();
    await server.stop();
    t.notOk(runs(server.pid));
    t.notOk(existsSync(server.folder));
  });

  t.test("R2: keeps what it is told to keep, and makes no snapshots", async (t) => {
    const expected: Readonly<Record<AppendOnly, RegExp>> = {
      no: /appendonly\r\n\$2\r\nno/,
      everysec: /appendonly\r\n\$3\r\nyes[\s\S]*appendfsync\r\n\$8\r\neverysec/,
      always: /appendonly\r\n\$3\r\nyes[\s\S]*appendfsync\r\n\$6\r\nalways/,
    };
    for (const appendOnly of ["no", "everysec", "always"] as const) {
      const server = await launchRedis({ binary, appendOnly });
      const said = await answerOf(
        server.port,
        "SET a 1",
        "CONFIG GET appendonly",
        "CONFIG GET appendfsync",
        "CONFIG GET save",
      );
      t.match(said, expected[appendOnly]);
      t.match(said, /save\r\n\$0\r\n/);
      const kept = (await readdir(server.folder)).some((name) => name.startsWith("appendonly"));
      t.equal(kept, appendOnly !== "no");
      await server.stop();
    }
  });

  t.test("ends with its parent that is killed, and leaves no folder", async (t) => {
    const fixture = fileURLToPath(new URL("./fixtures/launch-and-hang.js", import.meta.url));
    const parent = spawn(process.execPath, [fixture]);
    const [said] = await once(parent.stdout, "data");
    const { pid, folder } = JSON.parse(String(said));
    t.ok(runs(pid));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    t.ok(await eventually(() => !runs(pid), 5_000), "the server is gone");
    t.ok(await eventually(() => !existsSync(folder), 5_000), "its folder is gone");
  });

  t.test("R4: takes another port when somebody was faster", async (t) => {
    const first = await launchRedis({ binary, appendOnly: "no" });
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const address = free.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    free.close();
    const ports = [first.port, port];
    const second = await launchRedis({
      binary,
      appendOnly: "no",
      freePort: async () => ports.shift() ?? 0,
    });
    t.equal(second.port, port);
    t.not(second.pid, first.pid);
    await second.stop();
    await first.stop();
  });

  t.test("R3, R4: gives up in one line where every port is taken by another", async (t) => {
    const first = await launchRedis({ binary, appendOnly: "no" });
    let asked = 0;
    const second = launchRedis({
      binary,
      appendOnly: "no",
      freePort: async () => {
        asked++;
        return first.port;
      },
    });
    await t.rejects(second, { message: /ended at once: .*Address already in use$/ });
    t.equal(asked, 5);
    await first.stop();
  });

  t.test("a binary that is missing or no server is refused in one line", async (t) => {
    for (const path of ["/none/redis-server", "/bin/false"]) {
      const launch = launchRedis({ binary: { ...binary, path }, appendOnly: "no" });
      await t.rejects(launch, { message: new RegExp(`^${path} ended at once: `) });
    }
  });

  t.test("one that is not ready in time is stopped", async (t) => {
    const started = performance.now();
    const launch = launchRedis({
      binary: { path: "/bin/sleep", version: "1.0.0", libraries: [] },
      appendOnly: "no",
      readyWithinMs: 100,
    });
    await t.rejects(launch, { message: /\/bin\/sleep / });
    t.ok(performance.now() - started < 5_000);
  });

  t.test("one that does not react to SIGTERM is ended by force", async (t) => {
    const server = await launchRedis({ binary, appendOnly: "no" });
    await freeze(server.pid);
    await server.stop();
    t.notOk(runs(server.pid));
  });

  t.test("ended resolves when the server is killed by others", async (t) => {
    const server = await launchRedis({ binary, appendOnly: "no" });
    process.kill(server.pid, "SIGKILL");
    let ended = false;
    void server.ended.then(() => {
      ended = true;
    });
    t.ok(await eventually(() => ended, 5_000));
    t.notOk(existsSync(server.folder));
  });
});
