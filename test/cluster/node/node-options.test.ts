import t from "tap";
import { nodeSettings } from "../../../cluster/node/node-options.ts";
import { silentLog } from "../../../runtime/log.ts";

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
      reads: ["claims", "moved"],
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
      message: 'wireFeatures: no feature "clams" (claims, moved, parts)',
    });
  });
});
