import { chmod } from "node:fs/promises";
import t from "tap";
import { startNode } from "../../cluster/index.ts";
import { silentLog } from "../../runtime/index.ts";
import { fakeServer } from "../cluster/fake-server.ts";
import { startNodeProcess } from "../cluster/node-under-test.ts";
import { startSecuredServer } from "../cluster/security/secured-server.ts";
import { startTestServer } from "../cluster/test-server.ts";
import { troupe } from "./troupe-command.ts";

t.setTimeout(240_000);

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly says: string;
}

/** Runs it with `--json`; its findings by check, and how it ended. */
async function doctor(...flags: readonly string[]) {
  const run = await troupe(["doctor", "--json", ...flags]);
  const findings: readonly Finding[] = run.stdout === "" ? [] : JSON.parse(run.stdout).findings;
  const of = (check: string): readonly Finding[] => findings.filter((one) => one.check === check);
  return { run, findings, of };
}

t.test("troupe doctor", async (t) => {
  t.test("finds a secured server with a node in good health", async (t) => {
    const server = await startSecuredServer({
      environments: {
        dr: [
          { role: "node", name: "n1" },
          { role: "client", name: "c1" },
          { role: "operator", name: "op1" },
        ],
      },
      tls: true,
    });
    const ca = server.folder.ca ?? "";
    const node = await startNode({
      name: "n1",
      cluster: "dr",
      nats: server.url,
      credentials: { nkey: server.seedOf("node", "n1"), ca },
      log: silentLog,
      env: {},
    });
    t.teardown(async () => {
      await node.stop();
      await server.end();
    });
    const place = ["--nats", server.url, "--cluster", "dr", "--ca", ca];
    const nkey = ["--nkey", server.seedOf("operator", "op1"), "--monitor", server.monitor];
    const { run, findings, of } = await doctor(...place, ...nkey);
    t.equal(run.exitCode, 0, run.stdout + run.stderr);
    // A busy machine's disk may be nearly full, which is no fault of the server's.
    t.same(
      findings.filter(({ verdict, check }) => verdict !== "ok" && check !== "disk"),
      [],
    );
    t.match(of("sync_interval")[0]?.says, /^always/);
    t.match(of("nodes")[0]?.says, "n1 is up");
    t.match(of("encryption")[0]?.says, "the connection is encrypted");
    t.match(of("clock")[0]?.says, /give or take/);

    // The seed's file says who asks; a name that was made up would be refused.
    const named = ["--nats", server.url, "--cluster", "dr", "--ca", ca];
    const ps = await troupe(["ps", "--json", ...named, "--nkey", server.seedOf("operator", "op1")]);
    t.equal(ps.exitCode, 0, ps.stderr);
    t.match(ps.stdout, '"n1"');

    const asClient = await doctor(...place, "--nkey", server.seedOf("client", "c1"));
    t.match(asClient.of("streams"), [{ verdict: "unknown" }]);
    t.notOk(
      asClient.findings.some(({ verdict }) => verdict === "fail"),
      asClient.run.stdout,
    );

    const asNode = ["--as", "node", "--name", "n1"];
    const wrong = await doctor(...place, ...asNode, "--nkey", server.seedOf("client", "c1"));
    t.equal(wrong.run.exitCode, 1);
    t.ok(
      wrong.of("permissions").some(({ says }) => /may not hear \(troupe\.v1\.dr\.n\.n1/.test(says)),
    );

    await chmod(server.seedOf("client", "c1"), 0o644);
    const open = await doctor(...place, "--nkey", server.seedOf("client", "c1"));
    t.match(open.of("seed"), [{ verdict: "warn" }]);
  });

  t.test("says what an open server lacks, and which node stands still", async (t) => {
    const server = await startTestServer();
    const node = await startNodeProcess({ name: "still", nats: server.url, lease: "60s" });
    t.teardown(async () => {
      await node.end();
      await server.dispose();
    });
    node.signal("SIGKILL");
    await node.exit;
    const { run, of } = await doctor("--nats", server.url);
    t.equal(run.exitCode, 0, run.stdout);
    t.match(of("users"), [{ verdict: "warn" }]);
    t.match(of("sync_interval"), [{ verdict: "unknown" }]);
    t.match(of("nodes"), [{ verdict: "warn", says: /still has a lease and does not beat/ }]);
    const text = await troupe(["doctor", "--nats", server.url]);
    t.match(text.stdout, /^warn {4}users: .*\n {8}→ troupe nats init/m);
  });

  t.test("fails with one line each for what is missing altogether", async (t) => {
    const nobody = await doctor("--nats", "nats://127.0.0.1:1");
    t.equal(nobody.run.exitCode, 1);
    t.match(nobody.findings, [
      { check: "connection", verdict: "fail", says: /no nats-server answers/ },
    ]);
    const old = await fakeServer({ version: "2.10.27" });
    t.teardown(() => old.close());
    const aged = await doctor("--nats", old.url);
    t.equal(aged.run.exitCode, 1);
    t.match(aged.of("jetstream"), [{ verdict: "fail", says: /2\.10\.27 .*too old/ }]);
    const none = await troupe(["doctor"], { env: { TROUPE_NATS_URL: "" } });
    t.equal(none.exitCode, 2);
    t.match(none.stderr, /^troupe: no server: give --nats URL/);
  });
});
