/**
 * The frames that were published on a link and that its peer has not acknowledged.
 *
 * Owns: their numbers, their bound, and when they are due again. Its neighbour `link.ts` owns what is
 * published, and when.
 *
 * S1: at most {@link WINDOW_FRAMES} frames or {@link WINDOW_BYTES} bytes are held, one frame's excess apart.
 * S2: a frame keeps its number and its bytes until it is acknowledged or abandoned.
 * S3: without progress all are due again, first after a second, then twice as late each time.
 */

const WINDOW_FRAMES = 512;
const WINDOW_BYTES = 8 * 1024 * 1024;
const RESEND_FIRST_MS = 1_000;
const RESEND_MOST_MS = 8_000;

/** A frame on its way. */
export interface SentFrame {
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** How many envelopes it carries. */
  readonly envelopes: number;
}

/** What is in flight on a link; see the file's header. */
export class SendWindow {
  #frames: SentFrame[] = [];
  #bytes = 0;
  #nextSeq = 1;
  #progressAtMs = 0;
  #resendAfterMs: number = RESEND_FIRST_MS;

  /** The number of the next frame, from 1. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The first frame that can still be sent again. */
  get baseSeq(): number {
    return this.#frames[0]?.seq ?? this.#nextSeq;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasRoom(): boolean {
    return this.#frames.length < WINDOW_FRAMES && this.#bytes < WINDOW_BYTES;
  }

  /** Whether the peer has acknowledged nothing through several attempts, about 3 s. */
  get stalled(): boolean {
    return !this.isEmpty && this.#resendAfterMs > 2 * RESEND_FIRST_MS;
  }

  /** In the order of their numbers. */
  frames(): readonly SentFrame[] {
    return this.#frames;
  }

  /** Adds the frame of the next number. */
  push(bytes: Uint8Array, envelopes: number, nowMs: number): void {
    if (this.isEmpty) this.#progressAtMs = nowMs;
    this.#frames.push({ seq: this.#nextSeq, bytes, envelopes });
    this.#bytes += bytes.length;
    this.#nextSeq++;
  }

  /** Forgets what the peer has; numbers that it has acknowledged before change nothing. */
  acknowledged(ackSeq: number, nowMs: number): void {
    let done = 0;
    for (const frame of this.#frames) {
      if (frame.seq > ackSeq) break;
      this.#bytes -= frame.bytes.length;
      done++;
    }
    if (done === 0) return;
    this.#frames.splice(0, done);
    this.#progressAtMs = nowMs;
    this.#resendAfterMs = RESEND_FIRST_MS;
  }

  /** Whether all are to be sent again; if so, the next time is later (S3). */
  takeDue(nowMs: number): boolean {
    if (this.isEmpty || nowMs - this.#progressAtMs < this.#resendAfterMs) return false;
    this.#resendAfterMs = Math.min(this.#resendAfterMs * 2, RESEND_MOST_MS);
    this.#progressAtMs = nowMs;
    return true;
  }

  /** Gives all up; returns how many envelopes they carried. */
  abandon(): number {
    const envelopes = this.#frames.reduce((sum, frame) => sum + frame.envelopes, 0);
    this.#frames = [];
    this.#bytes = 0;
    return envelopes;
  }
}
