/** A canary: a secret of the environment that a real process does its best to let out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import t from "tap";
import { startNode } from "../../cluster/index.ts";
import { silentLog } from "../../runtime/index.ts";
import { rejected } from "../cluster/node-under-test.ts";
import { startTestServer, until } from "../cluster/test-server.ts";
import { Leaky } from "./fixtures/leaky-node.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(120_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const LEAKY = fileURLToPath(new URL("./fixtures/leaky-node.js", import.meta.url));
const CANARY = "canary-3f9c1b7e55d0";

t.test("S24: a secret leaves a process neither in logs nor in errors nor in a crash", async (t) => {
  const server = await startTestServer();
  const node = await startNode({ name: "asker", nats: server.url, log: silentLog });
  t.teardown(async () => {
    await node.stop();
    await server.dispose();
  });
  const leaky = spawn(
    process.execPath,
    [MAIN, "node", LEAKY, "--name", "leaky", "--nats", server.url, "--model", "builtin"],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, CANARY_API_KEY: CANARY } },
  );
  let said = "";
  for (const stream of [leaky.stdout, leaky.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const exit = once(leaky, "exit");
  await until("it runs", () => said.includes('"name":"leaky"'), 30_000);
  const ref = node.refOf(Leaky, "leaky/leaky");
  t.equal(await ref.ask("say"), "said");
  const failed = await rejected(ref.ask("fail"));
  t.match(failed.message, /it failed with \[secret\]/);
  const refused = await rejected(ref.ask("refuse"));
  t.match(JSON.stringify(refused.data), "[secret]");
  t.equal(await ref.ask("drop"), false);
  ref.tell("crash");
  const [code] = await exit;
  t.equal(code, 1);
  await until("its last words are read", () => leaky.stderr.readableEnded);
  for (const line of ["the key is [secret]", "dead letter", "it crashed with [secret]"])
    t.match(said, line);
  t.notMatch(said, CANARY);
  t.notMatch(JSON.stringify([failed.message, failed.data, refused.message, refused.data]), CANARY);
});

t.test("the password of a URL is not shown by the command that was given it", async (t) => {
  const run = await troupe([
    ...["node", LEAKY, "--name", "x", "--model", "builtin", "--log", "error"],
    ...["--nats", "nats://somebody:hunter2hunter2@127.0.0.1:1"],
  ]);
  t.equal(run.exitCode, 69);
  t.match(run.stderr, /no nats-server answers at nats:\/\/\[secret\]@127\.0\.0\.1:1/);
  t.notMatch(run.stderr, "hunter2");
});
