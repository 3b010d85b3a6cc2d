/**
 * What a program proves with that it may use a server: the seed of its nkey, and whose certificate it
 * trusts.
 *
 * Owns: finding both, in options or in the environment (`TROUPE_NATS_NKEY`, `TROUPE_NATS_CA`), reading
 * the files, and saying in one line what is wrong with them. Its neighbour `connections.ts` uses them.
 *
 * C1: what is loaded is plain data, so that it reaches the pulse's thread too.
 * C2: no message holds a seed, not even a wrong one.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fromSeed } from "@nats-io/nkeys";
import { processScrubber } from "../../runtime/scrubber.ts";
import { messageOf, TroupeError } from "../../runtime/troupe-error.ts";
import type { Role } from "./server-role.ts";

/** Where a program's credentials are. Absent parts are looked for in the environment. */
export interface Credentials {
  /** The file that holds the seed of the user's nkey, or the seed itself (`SU…`). */
  readonly nkey?: string;
  /** The file with the certificate of whoever signed the server's, in PEM; the system's by default. */
  readonly ca?: string;
  /** The file with this program's own certificate, for servers that ask for one. */
  readonly cert?: string;
  /** The file with the key of that certificate. */
  readonly key?: string;
}

/** The environment variables that are read. */
export interface CredentialsEnvironment {
  readonly TROUPE_NATS_NKEY?: string | undefined;
  readonly TROUPE_NATS_CA?: string | undefined;
}

/** Credentials as a connection uses them. */
export interface LoadedCredentials {
  readonly seed?: string;
  /** In PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

const SEED = /^SU[A-Z2-7]{56}$/;

/**
 * Reads the credentials.
 *
 * @returns nothing but `{}` when there are none: a server without users needs none
 * @throws {TroupeError} `credentials.unusable` when a file cannot be read or holds something else
 *
 * Cost: reads up to four files, synchronously.
 */
export function loadCredentials(
  given: Credentials | undefined,
  env: CredentialsEnvironment,
): LoadedCredentials {
  const nkey = given?.nkey ?? nonEmpty(env.TROUPE_NATS_NKEY);
  const caFile = given?.ca ?? nonEmpty(env.TROUPE_NATS_CA);
  const seed = nkey === undefined ? undefined : seedIn(nkey);
  const ca = pemIn(caFile, "CERTIFICATE");
  const cert = pemIn(given?.cert, "CERTIFICATE");
  const key = pemIn(given?.key, "PRIVATE KEY");
  if ((cert === undefined) !== (key === undefined))
    throw unusable("a certificate needs its key and a key its certificate: give both or neither");
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** Whose seed a file holds, by the name that `troupe nats` gave it: `operator-op1.nk`. */
export function seedHolder(
  given: Credentials | undefined,
  env: CredentialsEnvironment,
): { readonly role: Role; readonly name: string } | undefined {
  const file = given?.nkey ?? nonEmpty(env.TROUPE_NATS_NKEY);
  if (file === undefined) return undefined;
  const [, role, name] = /^(node|client|operator)-([A-Za-z0-9_-]+)\.nk$/.exec(basename(file)) ?? [];
  return role === undefined || name === undefined ? undefined : { role: role as Role, name };
}

/** The seed itself, or the one in the file: its first line that looks like one. */
function seedIn(nkey: string): string {
  const isSeed = SEED.test(nkey);
  // A mistyped seed must not be shown as the name of a file (C2).
  const where = isSeed || nkey.startsWith("SU") ? "the nkey that was given" : nkey;
  const text = isSeed ? nkey : readText(nkey, where);
  const seed = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => SEED.test(line));
  if (seed === undefined)
    throw unusable(`${where} holds no seed of a user's nkey (58 characters that begin with SU)`);
  try {
    fromSeed(new TextEncoder().encode(seed));
  } catch {
    throw unusable(`the seed in ${where} is damaged: its checksum is wrong`);
  }
  processScrubber.add(seed);
  return seed;
}

function pemIn(file: string | undefined, what: string): string | undefined {
  if (file === undefined) return undefined;
  const text = readText(file, file);
  if (text.includes(what)) return text;
  throw unusable(`${file} holds no ${what.toLowerCase()} in PEM`);
}

function readText(file: string, where: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : (code ?? messageOf(cause));
    throw unusable(`${where} cannot be read: ${why}`);
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function unusable(why: string): TroupeError {
  return new TroupeError("credentials.unusable", why);
}
