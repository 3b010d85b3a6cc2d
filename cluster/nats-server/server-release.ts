/**
 * The official releases of nats-server, with the checksums that are accepted.
 *
 * Source of the checksums: the Dockerfile of the official image, nats-io/nats-docker
 * `2.15.x/alpine3.22/Dockerfile`. A platform that is not in the table is not downloaded for.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { runCommand } from "./run-command.ts";

/** A release and where its archives lie. */
export interface ServerRelease {
  readonly version: string;
  /** The archives' folder, without a final slash. */
  readonly url: string;
  /** SHA-256 of `nats-server-v<version>-<platform>.tar.gz`, in hexadecimal, by platform. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** The release that is downloaded when the machine has no usable server. */
export const PINNED_RELEASE: ServerRelease = {
  version: "2.15.0",
  url: "https://github.com/nats-io/nats-server/releases/download/v2.15.0",
  sha256: {
    "linux-amd64": "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92",
    "linux-arm64": "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112",
    "linux-arm7": "ec5f4689d017e07cfa18442e10da051c0f3f9dd2e7f4dc7cdb55a11f1303c952",
    "linux-386": "f572eccdbb35ab5c7fef7703a5b6ca49e55d039e441920ba5478972ecdcf7a47",
    "linux-s390x": "ac50bf4adc8fa6db575ed9293417b6fbec746e71cc9d360aea5cd447e4207bfc",
    "linux-ppc64le": "a402bf73f91f674735cc85aa0e7d06d5dfa3044b98cda6ea9937cfee4e05a266",
  },
};

/** The release's architecture names by Node's. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  ia32: "386",
  s390x: "s390x",
  ppc64: "ppc64le",
};

const HEADERS_MS = 8_000;
const DOWNLOAD_MS = 120_000;
const UNPACK_MS = 30_000;

/**
 * Downloads, checks and unpacks a release.
 *
 * @param folder - an empty folder to work in
 * @param host - platform and architecture in Node's words: `linux`, `x64`
 * @returns the path of the unpacked binary
 */
export async function downloadRelease(
  release: ServerRelease,
  folder: string,
  host: { readonly platform: string; readonly arch: string },
): Promise<Result<string, string>> {
  const platform = `${host.platform}-${ARCHITECTURES[host.arch] ?? host.arch}`;
  const wanted = release.sha256[platform];
  if (wanted === undefined)
    return err(`release ${release.version}: no checksum is known for ${platform}`);
  const name = `nats-server-v${release.version}-${platform}`;
  const archive = await download(`${release.url}/${name}.tar.gz`);
  if (!archive.ok) return archive;
  const sum = createHash("sha256").update(archive.value).digest("hex");
  if (sum !== wanted) return err(`${name}.tar.gz: SHA-256 is ${sum}, not ${wanted}: not used`);
  const file = join(folder, "release.tar.gz");
  await writeFile(file, archive.value);
  const unpacked = await runCommand("tar", ["-xzf", file, "-C", folder], { timeoutMs: UNPACK_MS });
  return unpacked.ok ? ok(join(folder, name, "nats-server")) : unpacked;
}

async function download(url: string): Promise<Result<Uint8Array, string>> {
  try {
    // The body may take its time, the first sign of life may not: an offline machine learns soon.
    const reachable = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(HEADERS_MS) });
    if (!reachable.ok) return err(`${url}: HTTP status ${reachable.status}`);
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MS) });
    if (!response.ok) return err(`${url}: HTTP status ${response.status}`);
    return ok(new Uint8Array(await response.arrayBuffer()));
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    return err(`${url}: ${messageOf(cause)}`);
  }
}
