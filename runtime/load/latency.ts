/**
 * Spans of time as a distribution: the one home of `hdr-histogram-js`.
 *
 * Owns: recording, merging, and the form in which a distribution travels between processes and lies in
 * a report.
 *
 * H1: three significant digits (or two) from 1 µs to an hour; what is longer counts as an hour.
 * H2: recording allocates nothing.
 * H3: merged distributions are what one that had recorded everything would be.
 *
 * Cost: 95 KB a histogram of three digits, 14 KB one of two; in travel 1 to 10 KB.
 * Source: HdrHistogram (Gil Tene); the encoding is its V2, compressed.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";
import { messageOf } from "../troupe-error.ts";

/** A distribution, in milliseconds with microsecond resolution. */
export interface LatencySummary {
  readonly count: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The whole of it: an HdrHistogram of microseconds (V2, compressed, base64). */
  readonly hdr: string;
}

/** A distribution on its way to another process; plain data. */
export interface LatencyRecord {
  readonly hdr: string;
  readonly minMs: number;
  readonly maxMs: number;
}

const LONGEST_MICROS = 3_600_000_000;
const BITS = 32;

/** Collects spans. */
export class LatencyHistogram {
  readonly #histogram: Histogram;
  /** The histogram knows its extremes only as buckets. */
  #minMicros = LONGEST_MICROS;
  #maxMicros = 0;

  /** @param digits - how many digits of a span are kept; default 3 */
  constructor({ digits = 3 }: { readonly digits?: 2 | 3 } = {}) {
    this.#histogram = build({
      bitBucketSize: BITS,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: LONGEST_MICROS,
      numberOfSignificantValueDigits: digits,
      useWebAssembly: false,
    });
  }

  /**
   * The distribution that travelled.
   *
   * @throws {TypeError} when it is none
   */
  static from(record: LatencyRecord): LatencyHistogram {
    const histogram = new LatencyHistogram();
    histogram.addRecord(record);
    return histogram;
  }

  /** How many spans were recorded. */
  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Records a span; a negative one, from a clock that cannot be trusted, counts as 0. */
  record(spanMs: number): void {
    const micros = Math.min(LONGEST_MICROS, Math.max(0, Math.round(spanMs * 1_000)));
    this.#histogram.recordValue(micros);
    if (micros < this.#minMicros) this.#minMicros = micros;
    if (micros > this.#maxMicros) this.#maxMicros = micros;
  }

  /** Adds what another process recorded (H3). */
  addRecord({ hdr, minMs, maxMs }: LatencyRecord): void {
    this.#histogram.add(decoded(hdr));
    this.#minMicros = Math.min(this.#minMicros, Math.round(minMs * 1_000));
    this.#maxMicros = Math.max(this.#maxMicros, Math.round(maxMs * 1_000));
  }

  /**
   * The span that `percentile` percent of all are no longer than, in milliseconds; 0 when there are
   * none.
   */
  at(percentile: number): number {
    if (this.count === 0) return 0;
    const micros = percentile <= 0 ? 0 : this.#histogram.getValueAtPercentile(percentile);
    // A percentile is the upper edge of its bucket, which may lie above the largest value.
    return Math.min(Math.max(micros, this.#minMicros), this.#maxMicros) / 1_000;
  }

  /** As it travels; `undefined` when nothing was recorded. */
  toRecord(): LatencyRecord | undefined {
    if (this.count === 0) return undefined;
    return {
      hdr: encodeIntoCompressedBase64(this.#histogram),
      minMs: this.#minMicros / 1_000,
      maxMs: this.#maxMicros / 1_000,
    };
  }

  /** What was recorded; `undefined` when nothing was. */
  summary(): LatencySummary | undefined {
    const record = this.toRecord();
    if (record === undefined) return undefined;
    return {
      count: this.count,
      minMs: record.minMs,
      meanMs: Math.round(this.#histogram.mean) / 1_000,
      p50Ms: this.at(50),
      p90Ms: this.at(90),
      p95Ms: this.at(95),
      p99Ms: this.at(99),
      p999Ms: this.at(99.9),
      maxMs: record.maxMs,
      hdr: record.hdr,
    };
  }

  /** Forgets everything. */
  clear(): void {
    this.#histogram.reset();
    this.#minMicros = LONGEST_MICROS;
    this.#maxMicros = 0;
  }
}

function decoded(hdr: string): Histogram {
  try {
    return decodeFromCompressedBase64(hdr, BITS, false);
  } catch (cause) {
    throw new TypeError(`hdr: no HdrHistogram: ${messageOf(cause)}`, { cause });
  }
}
