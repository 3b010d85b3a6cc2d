/**
 * Chunks of a stream that leave together, as one envelope: data in, data out.
 *
 * Owns: what may be put together. Its neighbour `departures.ts` owns when anything leaves, and whether the peer
 * reads it; at the other end `remote-calls.ts` takes them apart.
 *
 * R1: chunks of one stream keep their order and follow one another without a gap.
 * R2: a chunk passes no envelope but chunks of other streams: what lies between two chunks parts them.
 * R3: a chunk that stands alone, or whose body is claimed, stays as it is.
 *
 * Cost: a comparison per envelope that is none; a chunk costs a push, and where streams mix a lookup.
 */
import { type Envelope, EnvelopeKind } from "../../runtime/remote/envelope.ts";

interface Run {
  readonly first: Envelope;
  /** Where it stands among what leaves. */
  readonly at: number;
  /** The sequence that would continue it. */
  next: number;
  /** Once it has two. */
  bodies: unknown[] | undefined;
}

/** The envelopes of a frame, with chunks put together. */
export function withChunkRuns(batch: readonly Envelope[]): readonly Envelope[] {
  if (batch.length < 2) return batch;
  const leaving: Envelope[] = [];
  let runs: Map<number, Run> | undefined;
  let run: Run | undefined;
  for (const envelope of batch) {
    const { kind, correlation, sequence, claim } = envelope;
    if (kind !== EnvelopeKind.chunk || sequence === undefined || claim !== undefined) {
      run = undefined;
      runs = undefined;
      leaving.push(envelope);
      continue;
    }
    if (run?.first.correlation !== correlation) {
      // Mostly one stream at a time: it needs no map.
      if (run !== undefined) {
        runs ??= new Map();
        runs.set(run.first.correlation, run);
      }
      run = runs?.get(correlation);
    }
    if (run === undefined || run.next !== sequence || run.first.from !== envelope.from) {
      run = { first: envelope, at: leaving.length, next: sequence + 1, bodies: undefined };
      leaving.push(envelope);
      continue;
    }
    run.next++;
    if (run.bodies !== undefined) {
      run.bodies.push(envelope.body);
      continue;
    }
    run.bodies = [run.first.body, envelope.body];
    leaving[run.at] = together(run.first, run.bodies);
  }
  return leaving;
}

/** Field by field, so that it has the shape of other envelopes. */
function together(first: Envelope, body: readonly unknown[]): Envelope {
  return {
    kind: EnvelopeKind.chunks,
    id: first.id,
    to: first.to,
    from: first.from,
    correlation: first.correlation,
    type: first.type,
    body,
    ttlMs: first.ttlMs,
    sequence: first.sequence,
    traceparent: first.traceparent,
    attempt: first.attempt,
    idempotencyKey: first.idempotencyKey,
    askChain: first.askChain,
    claim: undefined,
    token: first.token,
    signature: first.signature,
  };
}
