import type { NatsConnection } from "nats";
import t from "tap";
import { followConnection, openConnection } from "../../../cluster/connections.ts";
import type { Heartbeat } from "../../../cluster/membership/heartbeat.ts";
import { parseHeartbeat } from "../../../cluster/membership/heartbeat.ts";
import type { Lease } from "../../../cluster/membership/lease.ts";
import { acquireLease, LEASE_BUCKET, LEASE_TTL_MS } from "../../../cluster/membership/lease.ts";
import { NatsMembership } from "../../../cluster/membership/membership.ts";
import type { Pulse } from "../../../cluster/membership/pulse.ts";
import { startPulse } from "../../../cluster/membership/pulse.ts";
import { natsKeyValues } from "../../../cluster/stores/nats-key-values.ts";
import { heartbeatSubject } from "../../../cluster/wire/node-subject.ts";
import { silentLog } from "../../../runtime/log.ts";
import { systemClock } from "../../../runtime/ports/clock.ts";
import { systemRandom } from "../../../runtime/ports/random.ts";
import { freeze, thaw } from "../server-under-test.ts";
import type { TestServer } from "../test-server.ts";
import { startTestServer, until } from "../test-server.ts";

interface Member {
  readonly membership: NatsMembership;
  readonly lease: Lease;
  readonly pulse: Pulse;
  readonly changes: string[];
  leave(how: "farewell" | "silent"): Promise<void>;
}

async function member(
  server: TestServer,
  cluster: string,
  name: string,
  ttlMs: number = LEASE_TTL_MS,
): Promise<Member> {
  const target = { url: server.url, cluster, name };
  const connection: NatsConnection = await openConnection(target, "control");
  const clock = systemClock;
  const random = systemRandom();
  const stores = natsKeyValues(connection, { cluster, random, requestTimeoutMs: 600 });
  const leases = await stores.open(LEASE_BUCKET, { ttlMs });
  const log = silentLog;
  const traits = { roles: ["text"], capacity: 1, metadata: {} };
  const lease = await acquireLease({
    bucket: leases,
    name,
    traits,
    pid: process.pid,
    ttlMs,
    clock,
    random,
    log,
  });
  const self = { name, incarnation: lease.incarnation };
  const membership = new NatsMembership({
    connection,
    leases,
    leaseTtlMs: ttlMs,
    cluster,
    self,
    traits,
    clock,
    random,
    log,
    events: { watched: false, emit: () => {} },
  });
  const following = followConnection(connection, {
    disconnected: () => membership.disconnected(),
    reconnected: () => membership.reconnected(),
  });
  await membership.load();
  const changes: string[] = [];
  membership.subscribe(({ member: { name: of, phase } }) => changes.push(`${of} ${phase}`));
  const pulse = await startPulse(
    { target, incarnation: lease.incarnation, traits },
    { clock, log },
  );
  return {
    membership,
    lease,
    pulse,
    changes,
    leave: async (how) => {
      if (how === "farewell") await lease.release();
      await pulse.stop(how);
      membership.close();
      await connection.close();
      await following;
    },
  };
}

/** A node's heartbeats as anyone hears them. */
async function listenTo(
  server: TestServer,
  cluster: string,
  name: string,
): Promise<{ readonly heard: readonly Heartbeat[]; close(): Promise<void> }> {
  const target = { url: server.url, cluster, name: "listener" };
  const connection = await openConnection(target, "client");
  const heard: Heartbeat[] = [];
  connection.subscribe(heartbeatSubject(cluster, name), {
    callback: (_error, message) => {
      const beat = parseHeartbeat(message.data);
      if (beat.ok) heard.push(beat.value);
    },
  });
  await connection.flush();
  return { heard, close: () => connection.close() };
}

t.test("membership", async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.dispose());

  t.test(
    "a node is seen by beat and by lease, drains, says goodbye and is down at once",
    async (t) => {
      const cluster = "goodbye";
      const a = await member(server, cluster, "a");
      const b = await member(server, cluster, "b");
      t.equal(b.membership.phaseOf(a.membership.self), "up", "known from its lease");
      await until("a hears b", () => a.membership.phaseOf(b.membership.self) === "up");
      b.pulse.announce("draining");
      await until("a hears it", () => a.membership.phaseOf(b.membership.self) === "draining", 500);
      await b.leave("farewell");
      await until("b is down", () => a.membership.phaseOf(b.membership.self) === "down", 500);
      t.same(a.changes, ["b up", "b draining", "b down"]);
      await a.leave("farewell");
    },
  );

  t.test(
    "a node that falls silent is suspected within 3 s, and not down while its lease stands",
    async (t) => {
      const cluster = "silence";
      const a = await member(server, cluster, "a");
      const b = await member(server, cluster, "b");
      await until("a hears b", () => a.membership.phaseOf(b.membership.self) === "up");
      await b.pulse.stop("silent");
      await until("b is suspected", () => a.changes.includes("b suspected"), 3_000);
      t.equal(a.membership.phaseOf(b.membership.self), "suspected");
      await b.lease.release();
      await until("b is down", () => a.membership.phaseOf(b.membership.self) === "down", 2_000);
      await Promise.all([a.leave("farewell"), b.leave("silent")]);
    },
  );

  t.test("M2: while its own connection is down a node suspects nobody", async (t) => {
    const cluster = "absence";
    // The server is away for about 4 s: on a busy machine that is too near to a lease of 5.
    const ttlMs = 15_000;
    const a = await member(server, cluster, "a", ttlMs);
    const b = await member(server, cluster, "b", ttlMs);
    await until("a hears b", () => a.membership.phaseOf(b.membership.self) === "up");
    await server.stop();
    const downSinceMs = performance.now();
    await until("longer than suspicion takes", () => performance.now() - downSinceMs > 3_200);
    t.same(a.changes, ["b up"]);
    await server.start();
    const listener = await listenTo(server, cluster, "b");
    await until("beats are back", () => listener.heard.length >= 2);
    await listener.close();
    t.same([a.lease.standing(), b.lease.standing()], [true, true], "shorter than a lease");
    t.same(a.changes, ["b up"]);
    t.same(b.changes, []);
    await Promise.all([a.leave("farewell"), b.leave("farewell")]);
  });

  t.test("M2: a server that stands still makes nobody suspect anybody", async (t) => {
    const cluster = "standstill";
    const a = await member(server, cluster, "a");
    const b = await member(server, cluster, "b");
    await until("a hears b", () => a.membership.phaseOf(b.membership.self) === "up");
    await freeze(server.pid);
    const sinceMs = performance.now();
    // The connections stand: no client has noticed anything yet. A lease would not outlast much more.
    await until("longer than suspicion takes", () => performance.now() - sinceMs > 2_700);
    thaw(server.pid);
    const listener = await listenTo(server, cluster, "b");
    await until("beats are back", () => listener.heard.length >= 2);
    await listener.close();
    t.same(a.changes, ["b up"]);
    t.same([a.lease.standing(), b.lease.standing()], [true, true]);
    await b.pulse.stop("silent");
    await until(
      "who falls silent now is suspected",
      () => a.changes.includes("b suspected"),
      3_000,
    );
    await Promise.all([a.leave("farewell"), b.leave("silent")]);
  });

  t.test("a blocked main loop makes a node degraded, not silent", async (t) => {
    const cluster = "lag";
    const a = await member(server, cluster, "a");
    const listener = await listenTo(server, cluster, "a");
    const untilMs = performance.now() + 2_500;
    while (performance.now() < untilMs);
    await until("beats came meanwhile", () => listener.heard.length >= 2);
    const lags = listener.heard.map(({ lagMs }) => lagMs);
    t.ok(Math.max(...lags) > 1_000, `lag ${lags.join(", ")} ms`);
    await listener.close();
    await a.leave("farewell");
  });
});
