/**
 * Bodies that are too large for a frame between two nodes: kept in a blob store while their envelopes go
 * without them (a claim check), and fetched by whoever is told.
 *
 * Owns: what is kept and under which key. Its neighbours `outgoing-claims.ts` and `incoming-claims.ts`
 * own the order meanwhile, `stores/nats-blob-store.ts` the chunks in which bytes go to the server.
 *
 * K1: a key names its keeper, and no key is used twice; a claim of another keeper's body is refused, so
 *     that nobody is made to read, or to take away, what was meant for somebody else.
 * K2: whoever has fetched a body takes it away; what nobody fetches goes when its time is over.
 *
 * Between nodes bodies are not cut into parts on the link itself (`link-parts.ts`): a peer that is slow or
 * down would have to be kept in memory by all who speak to it.
 *
 * Cost: the store's per body, about 8 requests per MB.
 */
import type { BlobStore } from "../../runtime/ports/blob-store.ts";
import type { Claim } from "../../runtime/remote/envelope.ts";
import type { Result } from "../../runtime/result.ts";
import { err } from "../../runtime/result.ts";
import { messageOf } from "../../runtime/troupe-error.ts";
import type { BodyStore, KeptBody } from "./body-store.ts";
import { bodyOf } from "./body-store.ts";

/** What a node keeps for others; see the file's header. */
export class ClaimStore {
  readonly #blobs: BlobStore;
  readonly #prefix: string;
  #kept = 0;

  /** @param incarnation - the keeper's, so that its successor's keys are others */
  constructor(blobs: BlobStore, node: string, incarnation: string) {
    this.#blobs = blobs;
    this.#prefix = `node.${node}.${incarnation}`;
  }

  /** The size of the largest body, in bytes. */
  get mostBytes(): number {
    return this.#blobs.mostBytes;
  }

  /** The store as the link to `peer` sees it. */
  between(peer: string): BodyStore {
    return {
      mostBytes: this.mostBytes,
      feature: "claims",
      keep: (body) => this.#keep(body),
      fetch: (claim) => this.#fetch(claim, peer),
      discard: (claim) => this.#discard(claim),
    };
  }

  async #keep({ bytes, form }: KeptBody): Promise<Claim> {
    this.#kept++;
    const key = await this.#blobs.put(bytes, `${this.#prefix}.${this.#kept}`);
    return { key, sizeBytes: bytes.byteLength, form };
  }

  async #fetch({ key, sizeBytes, form }: Claim, peer: string): Promise<Result<unknown, string>> {
    if (!key.startsWith(`node.${peer}.`)) return err(`${key} is not kept by ${peer}`);
    if (sizeBytes > this.mostBytes) return err(`${sizeBytes} bytes, more than ${this.mostBytes}`);
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#blobs.get(key);
    } catch (thrown) {
      return err(messageOf(thrown));
    }
    if (bytes === undefined) return err(`${key} is not kept any more`);
    if (bytes.byteLength !== sizeBytes)
      return err(`${key} has ${bytes.byteLength} bytes, not ${sizeBytes}`);
    return bodyOf({ bytes, form });
  }

  async #discard({ key }: Claim): Promise<void> {
    try {
      await this.#blobs.delete(key);
    } catch {
      // It goes when its time is over.
    }
  }
}
