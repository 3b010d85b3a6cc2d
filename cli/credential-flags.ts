/**
 * `--nkey` and `--ca`: how a command is told with what to connect.
 *
 * Owns: the two flags, for every command that connects; `TROUPE_NATS_NKEY` and `TROUPE_NATS_CA` stand
 * in for them, and are read where connections are made.
 */
import type { Command } from "commander";
import type { Credentials } from "../cluster/index.ts";

/** What the flags were given. */
export interface CredentialFlags {
  readonly nkey?: string;
  readonly ca?: string;
}

/** The command with both flags. */
export function withCredentialFlags(command: Command): Command {
  return command
    .option("--nkey <file>", "the seed of the server's user; TROUPE_NATS_NKEY by default")
    .option("--ca <file>", "who signed the server's certificate; TROUPE_NATS_CA by default");
}

/** The option `credentials` of a node or client; nothing when no flag was given. */
export function credentialsOf({ nkey, ca }: CredentialFlags): {
  readonly credentials?: Credentials;
} {
  if (nkey === undefined && ca === undefined) return {};
  return {
    credentials: {
      ...(nkey === undefined ? {} : { nkey }),
      ...(ca === undefined ? {} : { ca }),
    },
  };
}
