/**
 * A real nats-server that runs with what `troupe nats init` writes, on free ports: users, permissions
 * and certificates are those that users get.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locateNatsServer } from "../../../cluster/nats-server/locate.ts";
import type { ServerUser } from "../../../cluster/security/permissions.ts";
import type { ServerFolder } from "../../../cluster/security/server-folder.ts";
import { writeServerFolder } from "../../../cluster/security/server-folder.ts";
import { plannedServers } from "../../../cluster/security/server-plan.ts";
import type { Role } from "../../../cluster/security/server-role.ts";
import { until } from "../test-server.ts";

/** A server with the users of a set-up. */
export interface SecuredServer {
  readonly url: string;
  /** Where it tells of itself, over HTTP. */
  readonly monitor: string;
  readonly folder: ServerFolder;
  readonly pid: number;
  /** The file of a user's seed. */
  seedOf(role: Role, name: string, environment?: string): string;
  /** Reads its configuration again. */
  reload(): Promise<void>;
  end(): Promise<void>;
}

/** What a secured server is made with. */
export interface SecuredServerOptions {
  readonly environments: Readonly<Record<string, readonly ServerUser[]>>;
  readonly tls?: boolean;
}

/** Starts it. */
export async function startSecuredServer(options: SecuredServerOptions): Promise<SecuredServer> {
  const at = await mkdtemp(join(tmpdir(), "troupe-secured-"));
  const [server] = plannedServers(1, ["127.0.0.1"], 4_222);
  if (server === undefined) throw new Error("no server was planned");
  const folder = await writeServerFolder({
    folder: join(at, "nats"),
    servers: [{ ...server, port: -1, monitorPort: -1 }],
    environments: options.environments,
    tls: options.tls === true,
    maxFileBytes: 2 ** 28,
    maxMemoryBytes: 2 ** 26,
    nowMs: Date.now(),
  });
  const started = await startConfigured(join(folder.folder, "s1.conf"), join(at, "ports"));
  const scheme = options.tls === true ? "tls" : "nats";
  return {
    url: started.url.replace(/^nats:/, `${scheme}:`),
    monitor: started.monitor,
    folder,
    pid: started.process.pid ?? 0,
    seedOf: (role, name, environment = folder.users[0]?.environment ?? "") => {
      const user = folder.users.find(
        (one) => one.role === role && one.name === name && one.environment === environment,
      );
      return user?.seedFile ?? join(folder.folder, "seeds", environment, `${role}-${name}.nk`);
    },
    reload: async () => {
      const log = started.said().length;
      started.process.kill("SIGHUP");
      await until("it has reloaded", () => started.said().slice(log).includes("Reloaded"));
    },
    end: async () => {
      await started.end();
      await rm(at, { recursive: true, force: true });
    },
  };
}

/** A server's process, run with a configuration file. */
export interface ConfiguredServer {
  readonly process: ChildProcess;
  readonly url: string;
  readonly monitor: string;
  said(): string;
  end(): Promise<void>;
}

/** Runs a server with a configuration file, and waits until it says where it listens. */
export async function startConfigured(config: string, ports: string): Promise<ConfiguredServer> {
  const binary = (await locateNatsServer({ env: process.env })).path;
  await mkdir(ports, { recursive: true });
  const child = spawn(binary, ["-c", config, "--ports_file_dir", ports], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const exit = once(child, "exit");
  let over = false;
  void exit.then(() => {
    over = true;
  });
  let found: { nats?: string[]; monitoring?: string[] } = {};
  await until(
    "the server says where it listens",
    async () => {
      if (over) throw new Error(`it ended: ${said}`);
      for (const name of await readdir(ports)) {
        if (!name.includes(`_${child.pid}.`)) continue;
        const text = await readFile(join(ports, name), "utf8");
        if (!text.trimEnd().endsWith("}")) continue;
        found = JSON.parse(text);
        return true;
      }
      return false;
    },
    30_000,
  );
  return {
    process: child,
    url: found.nats?.[0] ?? "",
    monitor: found.monitoring?.[0] ?? "",
    said: () => said,
    end: async () => {
      if (!over) child.kill("SIGTERM");
      await exit;
    },
  };
}
