/**
 * How a program that is no node finds a gateway: one question to all of them, one answer.
 *
 * Owns: the messages, `[version, incarnation, reads]`, its answer `[version, gateway, incarnation, reads]`, and
 * `[version, why]` of a gateway that takes the client not; what each reads of the wire is left out when it is
 * nothing, and what follows is ignored. Its neighbours `client-transport.ts` and `ingress.ts` go on from there with
 * frames.
 */
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { pack, unpack } from "../wire/packing.ts";
import { parseFeatures } from "../wire/wire-features.ts";

const VERSION = 1;
const LONGEST_REFUSAL = 200;

/** What a client asks. */
export interface Hello {
  readonly incarnation: string;
  /** What of the wire it reads beyond the first release. */
  readonly reads: readonly string[];
}

/** What a gateway answers. */
export interface Welcome extends Hello {
  readonly gateway: string;
}

/** The bytes of a client's question. */
export function helloBytes({ incarnation, reads }: Hello): Uint8Array {
  return pack(reads.length === 0 ? [VERSION, incarnation] : [VERSION, incarnation, reads]);
}

/** A client's question, or in one line why the bytes are none. */
export function parseHello(bytes: Uint8Array): Result<Hello, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const [version, incarnation, reads] = Array.isArray(unpacked.value) ? unpacked.value : [];
  if (version !== VERSION || typeof incarnation !== "string") return err("not a hello");
  return ok({ incarnation, reads: parseFeatures(reads) });
}

/** The bytes of a gateway's answer. */
export function welcomeBytes({ gateway, incarnation, reads }: Welcome): Uint8Array {
  const welcome = [VERSION, gateway, incarnation];
  return pack(reads.length === 0 ? welcome : [...welcome, reads]);
}

/** The gateway's answer, or in one line why the bytes are none. */
export function parseWelcome(bytes: Uint8Array): Result<Welcome, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const [version, gateway, incarnation, reads] = Array.isArray(unpacked.value)
    ? unpacked.value
    : [];
  if (version !== VERSION || typeof gateway !== "string" || typeof incarnation !== "string")
    return err("not a welcome");
  return ok({ gateway, incarnation, reads: parseFeatures(reads) });
}

/** The bytes of a gateway's answer to a client that it does not take; one line says why. */
export function refusalBytes(why: string): Uint8Array {
  return pack([VERSION, why.slice(0, LONGEST_REFUSAL)]);
}

/** Why a gateway does not take a client; an error when the bytes say no such thing. */
export function parseRefusal(bytes: Uint8Array): Result<string, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const [version, why, ...more] = Array.isArray(unpacked.value) ? unpacked.value : [];
  if (version !== VERSION || typeof why !== "string" || more.length > 0)
    return err("not a refusal");
  return ok(why.slice(0, LONGEST_REFUSAL));
}
