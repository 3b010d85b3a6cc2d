/**
 * Streams of tokens between two processes: how many arrive, and how soon the first.
 *
 * The limit is one publish per token on the bare client, JSON each, without credit, sequence or cancel.
 * A single stream is asked for with room for as much as fills a round trip; many at a time keep the
 * credit that is given by default.
 */
import { connect } from "nats";
import type { Benchmark, RateVariant, Setting, VariantSpec } from "../benchmark.ts";
import { median } from "../samples.ts";
import { Stopwatch } from "../stopwatch.ts";
import { askingOwnInbox, askingRequest, startPeer } from "./asking-side.ts";
import { BARE_TOKENS } from "./bare-peer.ts";
import { Echo, READER_ADDRESS, startBenchNode } from "./troupe-peer.ts";

const TOKENS = 1_000;
const PACE = { runMs: 500, warmMs: 1_500 };
const OPTIONS = { timeout: 30_000 } as const;
const FIRSTS = 1_000;
const WARM_FIRSTS = 2_000;
const SIZE_BYTES = 128;

async function ours(
  setting: Setting,
  streams: number,
  credit: { readonly credit?: number },
): Promise<RateVariant> {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("reader", url);
  const ref = node.refOf(Echo, READER_ADDRESS);
  return {
    kind: "rate",
    batch: TOKENS * streams,
    pace: PACE,
    run: async (count) => {
      let completed = 0;
      const options = { ...OPTIONS, ...credit };
      const reader = async (): Promise<void> => {
        for (let left = count / streams; left > 0; left -= TOKENS) {
          const stream = ref.stream("tokens", { count: TOKENS }, options);
          for await (const { token } of stream) if (token !== "") completed++;
          await stream.result;
        }
      };
      const watch = new Stopwatch();
      await Promise.all(Array.from({ length: streams }, reader));
      return { completed, elapsedMs: watch.elapsedMs };
    },
    end: async () => {
      await node.stop();
      await end();
    },
  };
}

async function publishing(setting: Setting, streams: number): Promise<RateVariant> {
  const { url, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  const prefix = "_INBOX_tokens.";
  let completed = 0;
  const ended = new Map<string, () => void>();
  connection.subscribe(`${prefix}*`, {
    callback: (_error, message) => {
      if (message.data.length === 0) ended.get(message.subject)?.();
      else if (message.json<{ readonly token: string }>().token !== "") completed++;
    },
  });
  return {
    kind: "rate",
    batch: TOKENS * streams,
    pace: PACE,
    run: async (count) => {
      completed = 0;
      const reader = async (_: unknown, number: number): Promise<void> => {
        const reply = `${prefix}${number}`;
        for (let left = count / streams; left > 0; left -= TOKENS) {
          await new Promise<void>((resolve) => {
            ended.set(reply, resolve);
            connection.publish(BARE_TOKENS, String(TOKENS), { reply });
          });
        }
      };
      const watch = new Stopwatch();
      await Promise.all(Array.from({ length: streams }, reader));
      return { completed, elapsedMs: watch.elapsedMs };
    },
    end: async () => {
      await connection.close();
      await end();
    },
  };
}

async function medianUs(count: number, once: () => Promise<void>): Promise<number> {
  const timesUs: number[] = [];
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    await once();
    timesUs.push((performance.now() - startMs) * 1_000);
  }
  return median(timesUs);
}

/** The time to the first chunk, left after it. */
const firstChunk: VariantSpec["make"] = async (setting) => {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("reader", url);
  const ref = node.refOf(Echo, READER_ADDRESS);
  const timesUs = async (count: number): Promise<number> => {
    const firstUs: number[] = [];
    for (let i = 0; i < count; i++) {
      const startMs = performance.now();
      const stream = ref.stream("tokens", { count: 1 }, OPTIONS);
      for await (const _token of stream) firstUs.push((performance.now() - startMs) * 1_000);
      await stream.result;
    }
    return median(firstUs);
  };
  await timesUs(WARM_FIRSTS);
  return {
    kind: "figure",
    measure: () => timesUs(FIRSTS),
    end: async () => {
      await node.stop();
      await end();
    },
  };
};

function requestTime(start: typeof askingRequest): VariantSpec["make"] {
  return async (setting) => {
    const side = await start(setting);
    const body = new Uint8Array(SIZE_BYTES);
    const once = async (): Promise<void> => {
      await side.ask(body);
    };
    await medianUs(WARM_FIRSTS, once);
    return { kind: "figure", measure: () => medianUs(FIRSTS, once), end: side.end };
  };
}

function streamsOf(
  name: string,
  about: string,
  streams: number,
  credit: { readonly credit?: number },
): Benchmark {
  return {
    name,
    about,
    unit: "tokens/s",
    better: "more",
    variants: {
      troupe: { make: (setting) => ours(setting, streams, credit) },
      "a publish each": { make: (setting) => publishing(setting, streams) },
    },
    rows: [{ name: `${name} vs a publish each`, against: ["a publish each"], goal: 2 }],
  };
}

/** One stream after the other. */
export const remoteStream: Benchmark = streamsOf(
  "remote stream",
  "One reader takes streams of 1,000 tokens from an actor on another node, one after the other.",
  1,
  { credit: 1_024 },
);

/** Many at a time. */
export const remoteStreams64: Benchmark = streamsOf(
  "remote streams 64",
  "64 readers take streams of 1,000 tokens from an actor on another node, with the default credit.",
  64,
  {},
);

/** Until the first chunk. A goal of 0.8 is a time of at most 1.25 times the request's. */
export const remoteFirstChunk: Benchmark = {
  name: "remote first chunk",
  about: "From opening a stream on another node to its first chunk; the median time.",
  unit: "µs",
  better: "less",
  variants: {
    troupe: { make: firstChunk },
    "NATS request": { make: requestTime(askingRequest) },
    "own inbox": { make: requestTime(askingOwnInbox) },
  },
  rows: [
    { name: "remote first chunk vs NATS request", against: ["NATS request"], goal: 0.8 },
    { name: "remote first chunk vs own inbox", against: ["own inbox"] },
  ],
};
