/**
 * How a program that is no node finds a gateway: one question to all of them, one answer.
 *
 * Owns: the two messages, `[version, incarnation]` and `[version, gateway, incarnation]`. Its
 * neighbours `client-transport.ts` and `ingress.ts` go on from there with frames.
 */
import type { Result } from "../../runtime/result.ts";
import { err, ok } from "../../runtime/result.ts";
import { pack, unpack } from "../wire/packing.ts";

const VERSION = 1;

/** What a gateway answers. */
export interface Welcome {
  readonly gateway: string;
  readonly incarnation: string;
}

/** The bytes of a client's question. */
export function helloBytes(incarnation: string): Uint8Array {
  return pack([VERSION, incarnation]);
}

/** The client's incarnation, or in one line why the bytes are no question. */
export function parseHello(bytes: Uint8Array): Result<string, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const [version, incarnation] = Array.isArray(unpacked.value) ? unpacked.value : [];
  if (version !== VERSION || typeof incarnation !== "string") return err("not a hello");
  return ok(incarnation);
}

/** The bytes of a gateway's answer. */
export function welcomeBytes({ gateway, incarnation }: Welcome): Uint8Array {
  return pack([VERSION, gateway, incarnation]);
}

/** The gateway's answer, or in one line why the bytes are none. */
export function parseWelcome(bytes: Uint8Array): Result<Welcome, string> {
  const unpacked = unpack(bytes);
  if (!unpacked.ok) return err(unpacked.error);
  const [version, gateway, incarnation] = Array.isArray(unpacked.value) ? unpacked.value : [];
  if (version !== VERSION || typeof gateway !== "string" || typeof incarnation !== "string")
    return err("not a welcome");
  return ok({ gateway, incarnation });
}
