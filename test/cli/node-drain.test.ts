/** What probes and those who have work under way see of a real `troupe node` from its start to its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { connect, type Node, startNode } from "../../cluster/index.ts";
import { silentLog, type TroupeError } from "../../runtime/index.ts";
import { until } from "../cluster/test-server.ts";
import { Tap } from "./fixtures/dripping-node.ts";

t.setTimeout(180_000);

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const TAPS = fileURLToPath(new URL("./fixtures/dripping-node.js", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The command, once it answers, or once it has ended. */
async function run(t: Test, flags: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, "node", TAPS, "--model", "builtin", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  child.stderr?.on("data", () => {});
  if (child.stdout === null) throw new Error("no pipe");
  await Promise.race([once(createInterface(child.stdout), "line"), once(child, "exit")]);
  return child;
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

t.test("a troupe node from its start to its end", async (t) => {
  const storeDir = await mkdtemp(join(tmpdir(), "troupe-drain-"));
  const node: Node = await startNode({ name: "watcher", log: silentLog, storeDir });
  t.teardown(async () => {
    await node.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const nats = ["--nats", node.natsUrl];
  const member = (name: string) => node.membership.members().find((one) => one.name === name);

  t.test(
    "S21: streams that others read are finished while it drains, and it takes no more",
    async (t) => {
      const port = await freePort();
      const flags = [
        "--name",
        "taps",
        "--health-port",
        String(port),
        "--drain",
        "60s",
        "--log",
        "silent",
      ];
      const traits = ["--roles", "water", "--capacity", "2.5", "--metadata", "zone=eu"];
      const child = await run(t, [...nats, ...flags, ...traits]);
      const probe = async (path: string) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
        return response && { code: response.status, body: await response.json() };
      };
      await until("it is ready", async () => (await probe("/readyz"))?.code === 200, 30_000);
      t.match(await probe("/healthz"), { code: 200, body: { node: "taps", lease: true } });
      await until("it is up", () => member("taps")?.phase === "up", 30_000);
      t.match(member("taps"), {
        roles: ["water", "gateway"],
        capacity: 2.5,
        metadata: { zone: "eu" },
      });

      const near = node.refOf(Tap, "taps/tap").stream("drip", { count: 40, everyMs: 100 });
      const client = await connect({ nats: node.natsUrl, log: silentLog });
      const far = client.refOf(Tap, "taps/spare").stream("drip", { count: 40, everyMs: 100 });
      const read = async (drops: AsyncIterable<number>, begun: () => void) => {
        const heard: number[] = [];
        for await (const drop of drops) {
          if (heard.push(drop) === 1) begun();
        }
        return heard;
      };
      let begun = 0;
      const reading = Promise.all([near, far].map((drops) => read(drops, () => begun++)));
      await until("both have begun", () => begun === 2, 30_000);
      child.kill("SIGTERM");
      await until("it drains", () => member("taps")?.phase === "draining", 30_000);
      t.match(await probe("/readyz"), { code: 503, body: { reasons: ["it is draining"] } });
      t.match(await probe("/healthz"), { code: 200 });
      const all = Array.from({ length: 40 }, (_, i) => i + 1);
      t.same(await reading, [all, all], "no chunk is lost");
      t.same(await Promise.all([near.result, far.result]), ["dry", "dry"]);
      t.equal(await exitOf(child), 0);
      await until("it is down", () => member("taps")?.phase === "down", 30_000);
      t.equal(await probe("/healthz"), undefined, "nobody listens any more");
      await client.close();
    },
  );

  t.test("serves only the pools that it is asked to", async (t) => {
    const child = await run(t, [
      ...nats,
      "--name",
      "pooled",
      "--pool",
      "water=2",
      "--log",
      "silent",
    ]);
    const ask = async (name: string): Promise<string> => {
      const stream = node.refOf(Tap, `pooled/${name}`).stream("drip", { count: 1, everyMs: 1 });
      try {
        for await (const drop of stream) t.equal(drop, 1);
        return await stream.result;
      } catch (error) {
        return (error as TroupeError).code;
      }
    };
    await until("it is up", () => member("pooled")?.phase === "up", 30_000);
    t.equal(await ask("tap-1"), "dry");
    t.equal(await ask("tap-2"), "dry");
    t.equal(await ask("spare"), "actor.not-found");
    child.kill("SIGTERM");
    t.equal(await exitOf(child), 0);
  });

  t.test("says in one line why it does not start, with the exit code for it", async (t) => {
    const busy = String(new URL(node.natsUrl).port);
    for (const [flags, code, line] of [
      [["--name", "watcher"], 3, /^troupe: node\.name-taken: a live node is named watcher/],
      [
        ["--pool", "beer"],
        78,
        /^troupe: config\.invalid: pools: no child serves beer; .*water@1, wine@1/,
      ],
      [["--health-port", busy], 78, /^troupe: config\.invalid: health: port \d+ .* cannot be used/],
      [["--capacity", "-1"], 2, /^troupe: capacity must be a number above 0: "-1"/],
      [["--nats", "nats://127.0.0.1:1"], 69, /^troupe: nats\.unavailable: no nats-server answers/],
    ] as const) {
      const args = ["node", TAPS, "--model", "builtin", "--log", "silent", ...nats, ...flags];
      const child = spawn(process.execPath, [MAIN, ...args], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      t.teardown(() => child.kill("SIGKILL"));
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      await once(child, "close");
      t.equal(child.exitCode, code, flags.join(" "));
      t.match(said, line);
      t.equal(said.trim().split("\n").length, 1, said);
    }
  });
});
