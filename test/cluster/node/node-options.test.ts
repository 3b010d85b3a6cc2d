import t from "tap";
import { connect } from "../../../cluster/ingress/client.ts";
import { parseTraits } from "../../../cluster/membership/member-traits.ts";
import { nodeSettings } from "../../../cluster/node/node-options.ts";
import { actor, protocol, virtual } from "../../../runtime/index.ts";
import { silentLog } from "../../../runtime/log.ts";
import { hostMetadata } from "../../../runtime/placement/hosts.ts";
import { HIDDEN, processScrubber } from "../../../runtime/scrubber.ts";

const base = { name: "n1", log: silentLog, env: {} };

t.test("node options", async (t) => {
  t.test("have defaults: an embedded server, an open ingress", async (t) => {
    const settings = nodeSettings(base);
    t.same(settings.server, {
      kind: "embedded",
      storeDir: ".troupe/nats",
      storeLife: "kept",
      port: undefined,
      env: {},
    });
    t.same(settings.traits, {
      roles: ["gateway"],
      capacity: 1,
      metadata: {},
      reads: ["claims", "moved", "chunks"],
    });
    t.equal(settings.mostBodyBytes, 64 * 1024 * 1024);
    t.equal(settings.cluster, "troupe");
    t.equal(settings.leaseTtlMs, undefined, "as the servers are");
    t.equal(settings.replicas, undefined, "as the servers are");
    t.throws(() => settings.models.client("auto"), { code: "model.unknown" });
  });

  t.test("win over the environment", async (t) => {
    const env = { TROUPE_NATS_URL: "nats://env:1", TROUPE_NATS_SERVER: "/env" };
    t.match(nodeSettings({ ...base, env }).server, { kind: "external", url: "nats://env:1" });
    t.match(nodeSettings({ ...base, env, nats: "nats://x:1" }).server, {
      kind: "external",
      url: "nats://x:1",
    });
    const embedded = nodeSettings({ ...base, natsServer: "/given", env: {} }).server;
    t.match(embedded, { env: { TROUPE_NATS_SERVER: "/given" } });
    t.same(nodeSettings({ ...base, roles: ["text"] }).traits.roles, ["text", "gateway"]);
    t.same(nodeSettings({ ...base, roles: ["text"], ingress: "closed" }).traits.roles, ["text"]);
  });

  t.test("regression: a node says no more of itself than the others read", async (t) => {
    const plain = actor(protocol("desk@1", {}), () => 0, {});
    const named = (count: number) =>
      Array.from({ length: count }, (_, n) => virtual(plain, { name: `${"x".repeat(60)}${n}` }));
    const pairs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
    const full = { ...base, actors: named(9), metadata: pairs(29) };
    const { traits } = nodeSettings(full);
    t.equal(Object.keys(traits.metadata).length, 32);
    t.match(parseTraits(traits), { ok: true }, "the others read it");
    t.throws(() => nodeSettings({ ...full, metadata: pairs(30) }), {
      message:
        "metadata may have 32 entries, and the names of this node's actors take 3 of them: 30 were given",
    });
    t.throws(() => nodeSettings({ ...base, actors: named(150) }), RangeError);
    for (const key of Object.keys(hostMetadata(named(9))))
      t.throws(() => nodeSettings({ ...base, metadata: { [key]: "desk" } }), {
        message: `metadata may not use the key "${key}": it is Troupe's own`,
      });
  });

  t.test("regression: secrets are those of the environment that was given", async (t) => {
    process.env["TROUPE_TEST_TOKEN"] = "of-the-process";
    t.teardown(() => {
      delete process.env["TROUPE_TEST_TOKEN"];
    });
    const nodes = { NODES_TOKEN: "given-to-the-node" };
    nodeSettings({ ...base, env: nodes as object });
    const clients = { CLIENTS_TOKEN: "given-to-the-client" };
    await t.rejects(connect({ env: clients as object }), /no URL/);
    const line = "given-to-the-node, given-to-the-client, of-the-process";
    t.equal(processScrubber.scrubbed(line), `${HIDDEN}, ${HIDDEN}, of-the-process`);
    await t.rejects(connect({ nats: "" }), /no URL/);
    t.equal(processScrubber.scrubbed(line), `${HIDDEN}, ${HIDDEN}, ${HIDDEN}`);
  });

  t.test("that make no sense are named", async (t) => {
    t.throws(() => nodeSettings({ ...base, name: "a.b" }), /not a node name/);
    t.throws(() => nodeSettings({ ...base, cluster: "a b" }), /not a cluster name/);
    t.throws(() => nodeSettings({ ...base, lease: "1s" }), RangeError);
    for (const capacity of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      t.throws(() => nodeSettings({ ...base, capacity }), /capacity must be a number above 0/);
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, "v"]));
    for (const metadata of [many, { "a b": "c" }, { a: "x".repeat(257) }, { "": "" }])
      t.throws(() => nodeSettings({ ...base, metadata }), { message: /^metadata / });
    const two = 2 as unknown as 3;
    t.throws(() => nodeSettings({ ...base, replicas: two }), /replicas must be 1, 3 or 5: 2/);
    for (const mostBodyBytes of [0, 1_000, Number.NaN, 2 ** 40])
      t.throws(() => nodeSettings({ ...base, mostBodyBytes }), /mostBodyBytes must be 262144 to/);
    const wireFeatures = ["clams"] as unknown as ["claims"];
    t.throws(() => nodeSettings({ ...base, wireFeatures }), {
      message: 'wireFeatures: no feature "clams" (claims, moved, chunks, parts)',
    });
  });
});
