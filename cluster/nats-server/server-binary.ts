/** An executable nats-server on this machine. */
import { err, ok, type Result } from "../../runtime/result.ts";
import { runCommand } from "./run-command.ts";
import {
  compareServerVersions,
  OLDEST_SERVER,
  parseServerVersion,
  serverVersionText,
} from "./server-version.ts";

/** Where a usable nats-server is. */
export interface ServerBinary {
  readonly path: string;
  /** `1.2.3`. */
  readonly version: string;
}

const PROBE_MS = 5_000;

/** Asks a program for its version; an error says in one line why it cannot be used. */
export async function probeServerBinary(path: string): Promise<Result<ServerBinary, string>> {
  const said = await runCommand(path, ["--version"], { timeoutMs: PROBE_MS });
  if (!said.ok) return said;
  const version = said.value.includes("nats-server") ? parseServerVersion(said.value) : undefined;
  if (version === undefined) return err(`${path}: is no nats-server`);
  const text = serverVersionText(version);
  if (compareServerVersions(version, OLDEST_SERVER) < 0)
    return err(`${path}: ${text} is older than ${serverVersionText(OLDEST_SERVER)}`);
  return ok({ path, version: text });
}
