import t from "tap";
import type { Examination } from "../../../cluster/doctor/examination.ts";
import { type Finding, findingsOf } from "../../../cluster/doctor/findings.ts";

const HEALTHY: Examination = {
  url: "tls://nats.example.org:4222",
  cluster: "troupe",
  connection: {
    ok: true,
    version: "2.15.1",
    maxPayloadBytes: 1_048_576,
    encrypted: true,
    authenticated: true,
    servers: 3,
  },
  jetstream: { ok: true, apiLevel: 2, maxFileBytes: 2 ** 30, usedFileBytes: 1_000 },
  monitored: {
    maxPendingBytes: 2 ** 26,
    maxConnections: 100,
    connections: 9,
    store: {
      folder: "/var/lib/nats",
      maxFileBytes: 2 ** 30,
      usedFileBytes: 1_000,
      syncMs: 120_000,
      syncAlways: true,
      freeBytes: 2 ** 31,
    },
  },
  clock: { offsetMs: 4, withinMs: 2 },
  trials: [{ what: "hear", subject: "x", allowed: true }],
  streams: [{ name: "TROUPE_troupe_TASKS", replicas: 3, messages: 1, bytes: 10 }],
  nodes: [{ name: "n1", leaseAgeMs: 900, leaseTtlMs: 20_000, beats: true }],
  seedIsOpen: false,
};

/** The findings of a healthy examination with some facts changed that are not `ok`. */
function ailments(change: Partial<Examination>): readonly Finding[] {
  return findingsOf({ ...HEALTHY, ...change }).filter(({ verdict }) => verdict !== "ok");
}

t.test("findings", async (t) => {
  t.test("are all well where all is well", async (t) => {
    t.same(ailments({}), []);
    const checks = new Set(findingsOf(HEALTHY).map(({ check }) => check));
    for (const check of [
      ...["seed", "connection", "users", "encryption", "max_payload", "permissions", "clock"],
      ...["jetstream", "limits", "sync_interval", "disk", "connections", "streams", "nodes"],
    ])
      t.ok(checks.has(check), check);
  });

  t.test("D2: say what fails, what could be better, and what to do about each", async (t) => {
    const { connection, jetstream, monitored } = HEALTHY;
    if (!connection.ok || jetstream?.ok !== true || monitored?.store === undefined) return;
    const { store } = monitored;
    const [node] = HEALTHY.nodes ?? [];
    const [stream] = HEALTHY.streams ?? [];
    if (node === undefined || stream === undefined) return;
    const stored = (change: Partial<typeof store>): Partial<Examination> => ({
      monitored: { ...monitored, store: { ...store, ...change } },
    });
    const cases: readonly (readonly [Partial<Examination>, string, string, RegExp])[] = [
      [
        { connection: { ok: false, error: "nobody", isRefused: false } },
        "fail",
        "connection",
        /nobody/,
      ],
      [{ connection: { ...connection, authenticated: false } }, "warn", "users", /everybody/],
      [{ connection: { ...connection, encrypted: false } }, "warn", "encryption", /read/],
      [{ connection: { ...connection, maxPayloadBytes: 1_000 } }, "fail", "max_payload", /too few/],
      [
        { connection: { ...connection, maxPayloadBytes: 500_000 } },
        "warn",
        "max_payload",
        /500000/,
      ],
      [{ jetstream: { ok: false, error: "off" } }, "fail", "jetstream", /off/],
      [{ jetstream: { ...jetstream, maxFileBytes: -1 } }, "warn", "limits", /fill the disk/],
      [{ jetstream: { ...jetstream, usedFileBytes: 2 ** 30 } }, "warn", "limits", /are used/],
      [stored({ syncAlways: false }), "warn", "sync_interval", /last 120 s/],
      [stored({ freeBytes: 1_000 }), "fail", "disk", /time-outs/],
      [stored({ freeBytes: undefined }), "unknown", "disk", /not known/],
      [{ monitored: { ...monitored, maxPendingBytes: 1_000 } }, "warn", "max_pending", /cut off/],
      [{ monitored: { ...monitored, connections: 99 } }, "warn", "connections", /99 of 100/],
      [{ clock: { offsetMs: -5_000, withinMs: 3 } }, "warn", "clock", /5000 ms behind/],
      [{ clock: { offsetMs: 1_500, withinMs: 900 } }, "none", "", /./],
      [{ clock: undefined }, "unknown", "clock", /told its time/],
      [
        { trials: [{ what: "hear", subject: "a.b", allowed: false }] },
        "fail",
        "permissions",
        /may not hear \(a\.b\)/,
      ],
      [{ streams: [{ ...stream, replicas: 1 }] }, "warn", "streams", /one server only: TROUPE_/],
      [{ streams: undefined }, "unknown", "streams", /may not be listed/],
      [{ nodes: [{ ...node, leaseAgeMs: 60_000 }] }, "fail", "nodes", /60\.0 s old/],
      [{ nodes: [{ ...node, beats: false }] }, "warn", "nodes", /does not beat/],
      [{ nodes: [{ ...node, leaseAgeMs: undefined }] }, "warn", "nodes", /without a lease/],
      [{ seedIsOpen: true }, "warn", "seed", /others on this machine/],
    ];
    for (const [change, verdict, check, says] of cases) {
      const found = ailments(change);
      if (verdict === "none") {
        t.same(found, []);
        continue;
      }
      t.match(found, [{ verdict, check, says }], `${check}: ${says}`);
      t.equal(found.length, 1, `${check} alone: ${says}`);
      if (verdict !== "unknown") t.type(found[0]?.todo, "string", `${check} has something to do`);
    }
  });

  t.test("who is refused is told to bring a seed, not to look for a server", async (t) => {
    const todoOf = (isRefused: boolean): string | undefined =>
      ailments({ connection: { ok: false, error: "no", isRefused } })[0]?.todo;
    t.match(todoOf(true), /seed of one of its users \(--nkey\)/);
    t.match(todoOf(false), /^see that a nats-server runs at /);
  });

  t.test("D1: what is not known is said so, and is no failure", async (t) => {
    const found = ailments({ monitored: undefined });
    t.same(
      found.map(({ check, verdict }) => `${check} ${verdict}`),
      ["sync_interval unknown", "disk unknown"],
    );
  });
});
