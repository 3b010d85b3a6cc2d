import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { connect } from "nats";
import t from "tap";
import { checkServer } from "../../cluster/server-check.ts";
import { type FakeServerOptions, fakeServer } from "./fake-server.ts";
import { startServer } from "./server-under-test.ts";

t.test("checkServer", async (t) => {
  const refusal = async (options: FakeServerOptions) => {
    const fake = await fakeServer(options);
    const connection = await connect({ servers: fake.url, reconnect: false });
    try {
      return await checkServer(connection).catch((thrown: unknown) => thrown);
    } finally {
      await connection.close();
      fake.close();
    }
  };

  t.test("accepts a real server and says what it is", async (t) => {
    const { server, end } = await startServer();
    const connection = await connect({ servers: server.url });
    const facts = await checkServer(connection);
    t.match(facts.version, /^2\.\d+\.\d+$/);
    t.ok(facts.apiLevel >= 2);
    await connection.close();
    await end();
  });

  t.test("refuses a server that is too old in one line, running as a process", async (t) => {
    const fixture = fileURLToPath(new URL("fixtures/old-server.js", import.meta.url));
    const old = spawn(process.execPath, [fixture, "2.10.27"]);
    const [said] = await once(old.stdout, "data");
    const connection = await connect({ servers: String(said).trim(), reconnect: false });
    await t.rejects(checkServer(connection), {
      code: "nats.too-old",
      retry: "never",
      message:
        /^nats-server 2\.10\.27 at 127\.0\.0\.1:\d+ is too old: 2\.12\.0 or newer is needed$/,
    });
    await connection.close();
    old.kill();
    await once(old, "exit");
  });

  t.test("regression: a server whose messages are too small is refused in one line", async (t) => {
    t.match(await refusal({ version: "2.12.0", maxPayload: 1_024 }), {
      code: "nats.unavailable",
      message: /takes messages of 1024 bytes only: set its max_payload to 1MB$/,
    });
  });

  t.test("refuses by the level of JetStream's API, whatever the version says", async (t) => {
    const level = (api: unknown) => refusal({ version: "2.12.0", accountInfo: { api } });
    t.match(await level({ level: 1 }), {
      code: "nats.too-old",
      message: /API level 1: 2 or higher/,
    });
    t.match(await level({ total: 0 }), { code: "nats.too-old", message: /API level 0/ });
    t.match(await level({ level: 2 }), { version: "2.12.0", apiLevel: 2 });
  });

  t.test("says so when JetStream is off or silent", async (t) => {
    const error = { code: 503, err_code: 10039, description: "JetStream not enabled for account" };
    t.match(await refusal({ version: "2.12.0", accountInfo: { error } }), {
      code: "nats.unavailable",
      message: /does not answer .*: is it switched on\?$/,
    });
    t.match(await refusal({ version: "2.12.0" }), { code: "nats.unavailable" });
  });
});
