/**
 * Certificates for the servers of a set-up: an authority of its own, and one certificate per server.
 *
 * Owns: making them, and nothing else: the one home of `selfsigned`. Where they lie is
 * `server-folder.ts`.
 *
 * T1: the authority's key is returned too, to make more later; keep it away from the servers.
 */
import { isIP } from "node:net";
import { generate } from "selfsigned";
import type { PlannedServer } from "./server-plan.ts";

/** A certificate with its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority and the certificates that it signed, by the servers' names. */
export interface ServerCertificates {
  readonly authority: Certificate;
  readonly servers: ReadonlyMap<string, Certificate>;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** The longest that common clients accept. */
const SERVER_DAYS = 825;
/** Clocks differ. */
const EARLIER_MS = 3_600_000;

/**
 * Makes an authority and a certificate for each server, valid from an hour before `nowMs`.
 *
 * Cost: a few milliseconds each; elliptic keys on P-256.
 */
export async function serverCertificates(
  servers: readonly PlannedServer[],
  nowMs: number,
): Promise<ServerCertificates> {
  const common = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;
  const notBeforeDate = new Date(nowMs - EARLIER_MS);
  const authority = await generate([{ name: "commonName", value: "Troupe CA" }], {
    ...common,
    notBeforeDate,
    notAfterDate: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const signed = new Map<string, Certificate>();
  for (const { name, host } of servers) {
    const { cert, private: key } = await generate([{ name: "commonName", value: host }], {
      ...common,
      notBeforeDate,
      notAfterDate: new Date(nowMs + SERVER_DAYS * DAY_MS),
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
        // Routes: a server is the client of the others.
        { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        { name: "subjectAltName", altNames: namesOf(host) },
      ],
    });
    signed.set(name, { cert, key });
  }
  return { authority: { cert: authority.cert, key: authority.private }, servers: signed };
}

/** What a server may be called; on its own machine by the loopback's names too. */
function namesOf(host: string): { type: 2 | 7; value?: string; ip?: string }[] {
  const all = [...new Set([host, "localhost", "127.0.0.1"])];
  return all.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name }));
}
