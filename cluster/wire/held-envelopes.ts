/**
 * Envelopes that wait for a body to be kept or fetched, and those that must not overtake them: data in,
 * data out.
 *
 * Owns: the order. Its neighbours `outgoing-claims.ts` and `incoming-claims.ts` own what is waited for.
 *
 * H1: what belongs to one pair of actors, or to one ask or stream, keeps its order; everything else
 *     passes (S3).
 * H2: an envelope of a kind that orders the whole link (`moved`, `barrier` and `passed`: they say that all before
 *     them has come) waits for all before it, and all after it wait for it.
 *
 * Cost: a lookup or two per envelope while anything is held; O(held) when a wait is over.
 */
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";

/** An envelope that waits. */
export interface HeldEnvelope {
  envelope: Envelope;
  /** What it waits for itself is over; what is before it may still hold it. */
  ready: boolean;
  /** When it came, on the monotonic clock. */
  readonly cameAtMs: number;
  readonly lanes: readonly string[];
}

/** Envelopes that wait, in the order in which they came. */
export class HeldEnvelopes {
  #held: HeldEnvelope[] = [];
  readonly #lanes = new Map<string, number>();
  #fences = 0;

  get size(): number {
    return this.#held.length;
  }

  /** Whether an envelope that comes now must wait for one that is held. */
  mustWait(envelope: Envelope): boolean {
    if (this.#held.length === 0) return false;
    if (this.#fences > 0 || isFence(envelope)) return true;
    return lanesOf(envelope).some((lane) => this.#lanes.has(lane));
  }

  /** Adds one at the end. */
  add(envelope: Envelope, ready: boolean, cameAtMs: number): HeldEnvelope {
    const held: HeldEnvelope = { envelope, ready, cameAtMs, lanes: lanesOf(envelope) };
    this.#held.push(held);
    for (const lane of held.lanes) this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + 1);
    if (isFence(envelope)) this.#fences++;
    return held;
  }

  /** Takes one out, wherever it stands. */
  remove(held: HeldEnvelope): void {
    const at = this.#held.indexOf(held);
    if (at < 0) return;
    this.#held.splice(at, 1);
    this.#forget(held);
  }

  /** Takes out those that nothing holds any more, in order. */
  takeReady(): readonly HeldEnvelope[] {
    const ready: HeldEnvelope[] = [];
    const left: HeldEnvelope[] = [];
    const blocked = new Set<string>();
    let fenced = false;
    for (const held of this.#held) {
      const fence = isFence(held.envelope);
      const isFree = fence ? left.length === 0 : !held.lanes.some((lane) => blocked.has(lane));
      if (held.ready && !fenced && isFree) {
        ready.push(held);
        continue;
      }
      left.push(held);
      for (const lane of held.lanes) blocked.add(lane);
      fenced ||= fence;
    }
    if (ready.length === 0) return ready;
    this.#held = left;
    for (const held of ready) this.#forget(held);
    return ready;
  }

  /** Takes all out, in order. */
  clear(): readonly HeldEnvelope[] {
    const all = this.#held;
    this.#held = [];
    this.#lanes.clear();
    this.#fences = 0;
    return all;
  }

  #forget({ envelope, lanes }: HeldEnvelope): void {
    for (const lane of lanes) {
      const count = (this.#lanes.get(lane) ?? 0) - 1;
      if (count > 0) this.#lanes.set(lane, count);
      else this.#lanes.delete(lane);
    }
    if (isFence(envelope)) this.#fences--;
  }
}

function isFence({ kind }: Envelope): boolean {
  return kind > EnvelopeKind.topic && kind !== EnvelopeKind.chunks;
}

/** What an envelope must keep its order in. */
function lanesOf({ kind, from, to, correlation }: Envelope): readonly string[] {
  switch (kind) {
    case EnvelopeKind.tell:
      return [`${from}>${to}`];
    case EnvelopeKind.ask:
    case EnvelopeKind.open:
      return [`${from}>${to}`, `#${correlation}`];
    case EnvelopeKind.reply:
    case EnvelopeKind.failure:
    case EnvelopeKind.chunk:
    case EnvelopeKind.chunks:
    case EnvelopeKind.credit:
    case EnvelopeKind.end:
    case EnvelopeKind.cancel:
      return [`#${correlation}`];
    default:
      return [];
  }
}
