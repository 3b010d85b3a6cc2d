/**
 * Ed25519 signatures of nodes: the twin of the port `runtime/ports/signatures.ts`.
 *
 * Owns: this start's key, the keys of other nodes as their leases say them, and what was used already.
 * Its neighbour `membership/lease.ts` writes the key where only its holder may write (`permissions.ts`).
 *
 * E1: a key lives as long as its node's start: it is made anew each time and never stored.
 * E2: a key is read from the lease, by compare with the incarnation that signed; one that cannot be had is
 *     asked for again after {@link RETRY_MS} at the earliest.
 * E3: of each sender the last {@link MOST_SEEN} envelopes are remembered; what is older than all of them
 *     counts as a repetition. Large bodies may overtake one another by that much.
 * E4: the body is signed as every node packs it after it has travelled: packing and unpacking changes
 *     minus zero and leaves out what is `undefined`, once.
 *
 * Cost: 60 to 130 µs a signature; a reading of the lease for each start of a sender.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signed,
  verify,
} from "node:crypto";
import type { Log } from "../../runtime/log.ts";
import type { Clock } from "../../runtime/ports/clock.ts";
import type { KeyValue } from "../../runtime/ports/key-value.ts";
import type { Membership, NodeIdentity } from "../../runtime/ports/membership.ts";
import type { SignatureFault, Signatures } from "../../runtime/ports/signatures.ts";
import type { Envelope, Signature } from "../../runtime/remote/envelope.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import { holderOf, leaseKey } from "../membership/lease.ts";
import { pack, unpack } from "../wire/packing.ts";

/** A key pair for one start of a node. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** 32 bytes as base64url, as the lease says it. */
  readonly publicKey: string;
}

/** Makes a key pair. Cost: under a millisecond. */
export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: publicKey.export({ format: "jwk" }).x ?? "" };
}

/** What {@link NodeSignatures} is made of. */
export interface NodeSignaturesOptions {
  readonly self: NodeIdentity;
  readonly key: SigningKey;
  readonly membership: Pick<Membership, "members">;
  /** The bucket of leases. */
  readonly leases: Pick<KeyValue, "get">;
  readonly clock: Clock;
  readonly log: Log;
}

interface KnownSender {
  /** The newest that was read; empty when none was. */
  incarnation: string;
  key: KeyObject | undefined;
  readAtMs: number;
  /** Envelopes of this incarnation that were accepted. */
  readonly seen: Set<number>;
  /** All up to this one count as seen. */
  floor: number;
}

const DOMAIN = "troupe signed envelope 1";
const RETRY_MS = 500;
const MOST_SEEN = 4_096;

/** Signatures over NATS; see the file's header. */
export class NodeSignatures implements Signatures {
  readonly #options: NodeSignaturesOptions;
  readonly #senders = new Map<string, KnownSender>();

  constructor(options: NodeSignaturesOptions) {
    this.#options = options;
  }

  sign(to: string, envelope: Envelope): Signature | undefined {
    const { self, key, membership } = this.#options;
    const receiver = membership
      .members()
      .find(({ name, phase }) => name === to && phase !== "down");
    if (receiver === undefined) return undefined;
    const bytes = signed(undefined, signedBytes(self, receiver, envelope), key.privateKey);
    return { incarnation: self.incarnation, bytes };
  }

  isReady(from: string, { incarnation }: Signature): boolean {
    const sender = this.#senders.get(from);
    if (sender === undefined) return false;
    if (incarnation <= sender.incarnation) return true;
    return this.#options.clock.monotonicMs() - sender.readAtMs < RETRY_MS;
  }

  async prepare(from: string): Promise<void> {
    const { leases, clock, log } = this.#options;
    try {
      const entry = await leases.get(leaseKey(from));
      const holder = entry === undefined ? undefined : holderOf(entry);
      this.#learn(from, holder?.incarnation ?? "", keyFrom(holder?.publicKey));
    } catch (error) {
      log.warn({ from, error: messageOf(error) }, "the key of a node was not readable");
      this.#learn(from, "", undefined);
    }
    const sender = this.#senders.get(from);
    if (sender !== undefined) sender.readAtMs = clock.monotonicMs();
  }

  faultOf(from: string, envelope: Envelope): SignatureFault | undefined {
    const { signature, id } = envelope;
    if (signature === undefined) return "unsigned";
    const sender = this.#senders.get(from);
    if (sender === undefined || signature.incarnation > sender.incarnation) return "unknown-key";
    if (signature.incarnation < sender.incarnation) return "stale";
    if (sender.key === undefined) return "unknown-key";
    const signer = { name: from, incarnation: signature.incarnation };
    const { self } = this.#options;
    let bytes: Uint8Array;
    try {
      bytes = signedBytes(signer, self, envelope);
    } catch {
      return "wrong";
    }
    if (!verify(undefined, bytes, sender.key, signature.bytes)) return "wrong";
    return this.#use(sender, id) ? undefined : "replayed";
  }

  #learn(from: string, incarnation: string, key: KeyObject | undefined): void {
    const sender = this.#senders.get(from);
    // Incarnations only grow: what is read of an older one changes nothing.
    if (sender !== undefined && incarnation <= sender.incarnation) return;
    const fresh = { incarnation, key, readAtMs: 0, seen: new Set<number>(), floor: 0 };
    this.#senders.set(from, fresh);
  }

  /** Counts an envelope as used; `false` when it was before (E3). */
  #use(sender: KnownSender, id: number): boolean {
    const { seen } = sender;
    if (id <= sender.floor || seen.has(id)) return false;
    seen.add(id);
    if (seen.size > MOST_SEEN) {
      const oldest = [...seen].toSorted((a, b) => a - b).slice(0, MOST_SEEN / 2);
      for (const used of oldest) seen.delete(used);
      sender.floor = oldest.at(-1) ?? sender.floor;
    }
    return true;
  }
}

/** What is signed: see G1 of the port. */
function signedBytes(from: NodeIdentity, to: NodeIdentity, envelope: Envelope): Uint8Array {
  const { kind, id, correlation, type, attempt = 0, idempotencyKey = "" } = envelope;
  const travelled = unpack(pack(envelope.body));
  return pack([
    DOMAIN,
    from.name,
    from.incarnation,
    to.name,
    to.incarnation,
    kind,
    id,
    envelope.to,
    envelope.from,
    correlation,
    type,
    attempt,
    idempotencyKey,
    travelled.ok ? travelled.value : undefined,
  ]);
}

function keyFrom(publicKey: string | undefined): KeyObject | undefined {
  if (publicKey === undefined) return undefined;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  } catch {
    return undefined;
  }
}
