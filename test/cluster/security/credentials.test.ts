import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { connect } from "../../../cluster/ingress/client.ts";
import { startNode } from "../../../cluster/node/start-node.ts";
import { loadCredentials } from "../../../cluster/security/credentials.ts";
import { actor, ask, child, protocol } from "../../../runtime/index.ts";
import type { Log } from "../../../runtime/log.ts";
import { silentLog } from "../../../runtime/log.ts";
import type { TroupeError } from "../../../runtime/troupe-error.ts";
import { Parrot, parrot } from "../fixtures/parrot.ts";
import { rejected } from "../node-under-test.ts";
import { until } from "../test-server.ts";
import { startSecuredServer } from "./secured-server.ts";

t.setTimeout(180_000);

const C = "safe";
const USERS = [
  { role: "node", name: "n1" },
  { role: "node", name: "n2" },
  { role: "client", name: "c1" },
  { role: "operator", name: "op1" },
] as const;

/** Answers from where only the runtime's actors live. */
const Inner = protocol("inner@1", { hello: ask<undefined, string>() });
const inner = actor(Inner, () => undefined, { hello: () => "hello" });

function keepingErrors(): { readonly log: Log; readonly errors: string[] } {
  const errors: string[] = [];
  const quiet = () => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (data, message) => errors.push(`${message}: ${JSON.stringify(data)}`),
    child: () => log,
  };
  return { log, errors };
}

for (const tls of [false, true]) {
  t.test(`with ${tls ? "TLS" : "nkeys"}`, async (t) => {
    const server = await startSecuredServer({ environments: { [C]: USERS }, tls });
    t.teardown(() => server.end());
    const ca = server.folder.ca === undefined ? {} : { ca: server.folder.ca };
    const as = (role: "node" | "client" | "operator", name: string) => ({
      nats: server.url,
      cluster: C,
      name,
      credentials: { nkey: server.seedOf(role, name), ...ca },
      env: {},
    });

    t.test(
      "S24: nodes, a client and an operator work with the generated permissions",
      async (t) => {
        const { log, errors } = keepingErrors();
        const n1 = await startNode({
          ...as("node", "n1"),
          log,
          children: [child(parrot, { name: "p" })],
        });
        const n2 = await startNode({
          ...as("node", "n2"),
          log,
          ingress: "closed",
          children: [child(parrot, { name: "p" }), child(inner, { name: "$inner" })],
        });
        t.teardown(async () => {
          await n2.stop();
          await n1.stop();
        });
        await until("they know each other", () => n1.membership.members().length === 2);
        t.equal(await n1.refOf(Parrot, "n2/p").ask("repeat", 1), 1);
        const worker = n2.system.ports.tasks.work("safe@1", async ({ input }) => input);
        let result: unknown;
        const cancel = await n1.system.ports.tasks.follow("safe", (_id, outcome) => {
          result = outcome;
        });
        await n1.system.ports.tasks.submit({ id: "safe.1", capability: "safe@1", input: 7 });
        await until("the task is done", () => result !== undefined, 30_000);
        const bucket = await n1.system.ports.keyValues.open("seen");
        const seen: string[] = [];
        const unwatch = await bucket.watch(">", ({ key }) => seen.push(key));
        await bucket.put("k", 1);
        await until("the change is seen", () => seen.includes("k"));
        unwatch();
        cancel();
        await worker.drain();

        const logs = await n1.system.ports.eventLogs?.open("run.1");
        t.match(await logs?.append([1, 2], 0), { ok: true });
        const followed: unknown[] = [];
        const unfollow = await logs?.follow(0, ({ event }) => followed.push(event));
        await until("the log is read", () => followed.length === 2);
        unfollow?.();
        const bytes = new Uint8Array(300_000).fill(7);
        const blob = (await n1.system.ports.blobs?.put(bytes)) ?? "";
        t.same(await n2.system.ports.blobs?.get(blob), bytes);

        const client = await connect({ ...as("client", "c1"), log });
        t.equal(await client.refOf(Parrot, "n2/p").ask("repeat", 2), 2);
        const stream = client.refOf(Parrot, "n2/p").stream("count", 50);
        let chunks = 0;
        for await (const _ of stream) chunks++;
        t.equal(chunks, 50);
        const operator = await connect({ ...as("operator", "op1"), as: "operator", log });
        t.equal(await operator.refOf(Inner, "n2/$inner").ask("hello"), "hello");
        const refused = await rejected(client.refOf(Inner, "n2/$inner").ask("hello"));
        t.equal(refused.code, "access.denied");
        t.equal(refused.outcome, "never-ran");
        t.match(refused.message, /a client may not reach n2\/\$inner: .*operators/);
        await Promise.all([client.close(), operator.close()]);
        t.same(errors, [], "the server refused nothing");
      },
    );

    t.test("a client that claims to be an operator is refused", async (t) => {
      const { log, errors } = keepingErrors();
      const node = await startNode({ ...as("node", "n1"), log: silentLog });
      t.teardown(() => node.stop());
      const error = await rejected(connect({ ...as("client", "c1"), as: "operator", log }));
      t.equal(error.code, "nats.refused");
      t.match(error.message, /operator c1 cannot greet: .*publish troupe\.v1\.safe\.op\.c1/);
      t.match(errors.join("\n"), /the server refused something: .*publish.*safe\.op\.c1/);
    });

    t.test("a node under another's name is refused", async (t) => {
      const options = { ...as("node", "n1"), name: "n2", log: silentLog };
      const error = await rejected(startNode(options));
      t.equal(error.code, "nats.refused");
      t.match(error.message, /_INBOX_safe\.n2\..*a seed is good for one name/);
    });

    t.test("no seed, a wrong one, and no trust are one clear line each", async (t) => {
      const { nats, cluster } = as("client", "c1");
      const stranger = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";
      const cases: readonly (readonly [object, string, RegExp])[] = [
        [{ ...ca }, "nats.refused", /it has users, and no nkey was given/],
        [{ nkey: stranger, ...ca }, "nats.refused", /does not know the nkey that was given/],
        ...(tls
          ? ([[{ nkey: server.seedOf("client", "c1") }, "nats.refused", /certificate/]] as const)
          : []),
      ];
      for (const [credentials, code, message] of cases) {
        const options = { nats, cluster, credentials, env: {}, log: silentLog };
        for (const tried of [() => connect(options), () => startNode({ ...options, name: "n1" })]) {
          const error: TroupeError = await rejected(tried());
          t.equal(error.code, code, error.message);
          t.match(error.message, message);
          t.notMatch(error.message, /\n|SUAIB/);
        }
      }
    });
  });
}

t.test("credentials", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-credentials-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const seed = "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4";
  const file = join(folder, "seed.nk");
  await writeFile(file, `# mine\n${seed}\n`);

  t.test("are a seed, or a file that holds one, or the environment's; options win", async (t) => {
    t.same(loadCredentials({ nkey: seed }, {}), { seed });
    t.same(loadCredentials({ nkey: file }, {}), { seed });
    t.same(loadCredentials(undefined, { TROUPE_NATS_NKEY: file }), { seed });
    t.same(loadCredentials({ nkey: seed }, { TROUPE_NATS_NKEY: "/nowhere" }), { seed });
    t.same(loadCredentials(undefined, { TROUPE_NATS_NKEY: "", TROUPE_NATS_CA: "" }), {});
  });

  t.test("C2: what cannot be used is said in one line, and never with a seed", async (t) => {
    const damaged = seed.replace("WJW4", "WJX4");
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ nkey: join(folder, "none.nk") }, /none\.nk cannot be read: there is no such file/],
      [{ nkey: damaged }, /the seed in the nkey that was given is damaged/],
      [{ nkey: seed.slice(0, 40) }, /the nkey that was given cannot be read/],
      [{ nkey: folder }, /cannot be read: EISDIR/],
      [{ ca: file }, /holds no certificate in PEM/],
      [{ cert: join(folder, "none.pem") }, /none\.pem cannot be read/],
    ];
    for (const [given, message] of cases) {
      t.throws(() => loadCredentials(given, {}), { code: "credentials.unusable", message });
      t.throws(() => loadCredentials(given, {}), { message: /^(?!.*SUA)[^\n]*$/ });
    }
  });
});

t.test("a permission that is lacking is logged once per subject, with what to do", async (t) => {
  const server = await startSecuredServer({ environments: { [C]: USERS } });
  const { log, errors } = keepingErrors();
  const node = await startNode({
    nats: server.url,
    cluster: C,
    name: "n1",
    credentials: { nkey: server.seedOf("node", "n1") },
    env: {},
    log,
  });
  t.teardown(async () => {
    await node.stop();
    await server.end();
  });
  const leases = await node.system.ports.keyValues.open("LEASE");
  await rejected(leases.put("node.n2", {}));
  await rejected(leases.put("node.n2", {}));
  t.equal(errors.length, 1, errors.join("\n"));
  t.match(errors[0], /publish.*\$KV\.TROUPE_safe_LEASE\.node\.n2.*troupe nats user/);
});
