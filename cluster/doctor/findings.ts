/**
 * What the facts of an examination mean: a line each, with what to do.
 *
 * Owns: the judgement. The facts are `examination.ts`'s.
 *
 * D1: what is not known is said so, and is no failure.
 * D2: `fail` = it will not work, or loses what it promises to keep; `warn` = it works, less well or less
 *     safely than it could.
 *
 * Cost: pure.
 */
import { LEAST_PAYLOAD_BYTES } from "../server-check.ts";
import type { Examination, ExaminedNode, MonitoredServer } from "./examination.ts";

/** How a finding is. */
export type Verdict = "ok" | "warn" | "fail" | "unknown";

/** A line of the examination. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly says: string;
  /** What to do about it, where there is something to do. */
  readonly todo?: string;
}

/** Frames and stored values need this much. */
const USUAL_PAYLOAD_BYTES = 1_048_576;
const LEAST_PENDING_BYTES = 8 * 1_048_576;
/** Leases are measured on each machine's own clock: only people are misled by less. */
const MOST_OFFSET_MS = 1_000;
const FULL = 0.9;

/** The findings of an examination, in the order in which they depend on one another. */
export function findingsOf(examination: Examination): readonly Finding[] {
  const { connection, jetstream } = examination;
  const findings: Finding[] = [...seedFindings(examination), ...connectionFindings(examination)];
  if (!connection.ok) return findings;
  findings.push(...permissionFindings(examination), ...clockFindings(examination));
  if (jetstream !== undefined) findings.push(...jetstreamFindings(examination));
  findings.push(...monitorFindings(examination.monitored));
  if (jetstream?.ok === true) findings.push(...storeFindings(examination));
  return findings;
}

function seedFindings({ seedIsOpen }: Examination): readonly Finding[] {
  if (seedIsOpen === undefined) return [];
  return [
    seedIsOpen
      ? warn("seed", "others on this machine can read the seed's file", "chmod 600 it")
      : ok("seed", "the seed's file is its owner's only"),
  ];
}

function connectionFindings({ connection, url }: Examination): readonly Finding[] {
  if (!connection.ok)
    return [fail("connection", connection.error, connectionHint(connection.isRefused, url))];
  const { version, maxPayloadBytes, encrypted, authenticated } = connection;
  const findings = [ok("connection", `nats-server ${version} answers`)];
  findings.push(
    authenticated
      ? ok("users", "the server asks who one is")
      : warn(
          "users",
          "the server lets everybody in, and everybody may do everything",
          "troupe nats init writes a configuration with users",
        ),
  );
  findings.push(
    encrypted || isLoopback(url)
      ? ok(
          "encryption",
          encrypted ? "the connection is encrypted" : "it does not leave this machine",
        )
      : warn(
          "encryption",
          "everybody on the way can read what is sent",
          "troupe nats init --tls writes a configuration with certificates",
        ),
  );
  const says = `messages may have ${maxPayloadBytes} bytes`;
  if (maxPayloadBytes < LEAST_PAYLOAD_BYTES)
    findings.push(fail("max_payload", `${says}: too few for a frame`, "set max_payload: 1MB"));
  else if (maxPayloadBytes < USUAL_PAYLOAD_BYTES)
    findings.push(warn("max_payload", `${says}: values must be smaller`, "set max_payload: 1MB"));
  else findings.push(ok("max_payload", says));
  return findings;
}

/** Who is refused has reached a server. */
function connectionHint(isRefused: boolean, url: string): string {
  return isRefused
    ? "give the seed of one of its users (--nkey), and where it has certificates of its own --ca"
    : `see that a nats-server runs at ${url}`;
}

function permissionFindings({ trials }: Examination): readonly Finding[] {
  const refused = trials.filter(({ allowed }) => !allowed);
  if (trials.length === 0) return [unknown("permissions", "nothing was tried")];
  if (refused.length === 0)
    return [ok("permissions", `all ${trials.length} things that were tried are allowed`)];
  return refused.map(({ what, subject }) =>
    fail(
      "permissions",
      `this user may not ${what} (${subject})`,
      "a seed is good for one name, role and cluster: give --name, --as and --cluster of this one",
    ),
  );
}

function clockFindings({ clock }: Examination): readonly Finding[] {
  if (clock === undefined) return [unknown("clock", "no answer of the server told its time")];
  const { offsetMs, withinMs } = clock;
  const direction = offsetMs >= 0 ? "ahead of" : "behind";
  const says = `the server's clock is ${Math.abs(Math.round(offsetMs))} ms ${direction} this machine's, give or take ${Math.ceil(withinMs)} ms`;
  return [
    Math.abs(offsetMs) - withinMs > MOST_OFFSET_MS
      ? warn(
          "clock",
          says,
          "run an NTP client on both; times in logs and reminders differ until then",
        )
      : ok("clock", says),
  ];
}

function jetstreamFindings({ jetstream }: Examination): readonly Finding[] {
  if (jetstream === undefined) return [];
  if (!jetstream.ok)
    return [fail("jetstream", jetstream.error, "switch it on: jetstream { store_dir: … }")];
  const { apiLevel, maxFileBytes, usedFileBytes } = jetstream;
  const findings = [ok("jetstream", `JetStream is on, with API level ${apiLevel}`)];
  if (maxFileBytes < 0)
    findings.push(
      warn(
        "limits",
        "the account may fill the disk",
        "set max_file for the account, or max_file_store for the server",
      ),
    );
  else {
    const says = `${mb(usedFileBytes)} of ${mb(maxFileBytes)} that the account may keep are used`;
    findings.push(
      usedFileBytes > maxFileBytes * FULL
        ? warn("limits", says, "raise max_file, or remove what is not needed")
        : ok("limits", says),
    );
  }
  return findings;
}

function monitorFindings(monitored: MonitoredServer | undefined): readonly Finding[] {
  if (monitored === undefined)
    return [
      unknown(
        "sync_interval",
        "how soon acknowledged writes reach the disk is not known: the server's monitoring was not reached",
        "run this on the server's machine, or give --monitor http://host:port",
      ),
      unknown("disk", "what is free on the server's disk is not known, for the same reason"),
    ];
  const findings: Finding[] = [];
  const { store, maxPendingBytes, connections, maxConnections } = monitored;
  if (store !== undefined) {
    findings.push(
      store.syncAlways
        ? ok("sync_interval", "always: a power cut loses nothing that was acknowledged")
        : warn(
            "sync_interval",
            `a power cut may lose the acknowledged writes of the last ${store.syncMs / 1_000} s`,
            "set sync_interval: always where that matters; writes are about five times slower",
          ),
    );
    findings.push(...diskFindings(store));
  }
  if (maxPendingBytes !== undefined && maxPendingBytes < LEAST_PENDING_BYTES)
    findings.push(
      warn(
        "max_pending",
        `a client is cut off with ${maxPendingBytes} bytes unread`,
        "set max_pending: 64MB",
      ),
    );
  if (connections !== undefined && maxConnections !== undefined) {
    const says = `${connections} of ${maxConnections} connections are open`;
    findings.push(
      connections > maxConnections * FULL
        ? warn("connections", says, "raise max_connections; a node has three")
        : ok("connections", says),
    );
  }
  return findings;
}

function diskFindings({
  folder,
  freeBytes,
  maxFileBytes,
  usedFileBytes,
}: NonNullable<MonitoredServer["store"]>): readonly Finding[] {
  if (freeBytes === undefined)
    return [unknown("disk", `${folder} is no folder of this machine: what is free is not known`)];
  const neededBytes = maxFileBytes - usedFileBytes;
  const says = `${mb(freeBytes)} are free at ${folder}, and streams may take ${mb(neededBytes)} more`;
  return [
    freeBytes < neededBytes
      ? fail(
          "disk",
          `${says}: a full disk shows only as time-outs`,
          "lower max_file_store below what is free, or free some",
        )
      : ok("disk", says),
  ];
}

function storeFindings({ streams, nodes, connection, cluster }: Examination): readonly Finding[] {
  const findings: Finding[] = [];
  const several = connection.ok && connection.servers > 1;
  if (streams === undefined)
    findings.push(unknown("streams", "they may not be listed by this user"));
  else if (streams.length === 0)
    findings.push(ok("streams", `cluster ${cluster} keeps nothing here yet`));
  else {
    const single = streams.filter(({ replicas }) => several && replicas < 2);
    const kept = `${streams.length} streams and buckets, ${mb(streams.reduce((sum, { bytes }) => sum + bytes, 0))}`;
    findings.push(
      single.length === 0
        ? ok("streams", kept)
        : warn(
            "streams",
            `${kept}; kept by one server only: ${single.map(({ name }) => name).join(", ")}`,
            "nats stream edit --replicas 3, so that no server's loss costs them",
          ),
    );
  }
  if (nodes === undefined) findings.push(unknown("nodes", "leases may not be read by this user"));
  else if (nodes.length === 0) findings.push(ok("nodes", "no node is up"));
  else findings.push(...nodes.map(nodeFinding));
  return findings;
}

function nodeFinding({ name, leaseAgeMs, leaseTtlMs, beats }: ExaminedNode): Finding {
  if (leaseAgeMs === undefined)
    return warn(
      "nodes",
      `${name} beats without a lease`,
      "it is starting, or ends; if this stays, restart it",
    );
  if (leaseAgeMs > leaseTtlMs)
    return fail(
      "nodes",
      `the lease of ${name} is ${seconds(leaseAgeMs)} old and should have ended after ${seconds(leaseTtlMs)}`,
      "see whether the server's version and disk are in order: leases do not run out",
    );
  if (beats === false)
    return warn(
      "nodes",
      `${name} has a lease and does not beat: it is suspected`,
      "see whether its process stands still, or cannot reach the server",
    );
  return ok("nodes", `${name} is up`);
}

function isLoopback(url: string): boolean {
  return url
    .split(",")
    .every((one) =>
      /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(?:localhost|127\.[0-9.]+)(?::\d+)?\/?$/.test(one.trim()),
    );
}

function mb(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
}

function seconds(spanMs: number): string {
  return `${(spanMs / 1_000).toFixed(1)} s`;
}

function ok(check: string, says: string): Finding {
  return { check, verdict: "ok", says };
}

function warn(check: string, says: string, todo: string): Finding {
  return { check, verdict: "warn", says, todo };
}

function fail(check: string, says: string, todo: string): Finding {
  return { check, verdict: "fail", says, todo };
}

function unknown(check: string, says: string, todo?: string): Finding {
  return { check, verdict: "unknown", says, ...(todo === undefined ? {} : { todo }) };
}
