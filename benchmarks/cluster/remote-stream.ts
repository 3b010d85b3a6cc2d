/**
 * A stream of tokens between two processes: how many arrive, and how soon the first.
 *
 * The limit is one publish per token on the bare client, JSON each, without credit, sequence or cancel.
 */
import { connect } from "nats";
import type { Benchmark, RateVariant, Setting, VariantSpec } from "../benchmark.ts";
import { median } from "../samples.ts";
import { Stopwatch } from "../stopwatch.ts";
import { askingOwnInbox, askingRequest, startPeer } from "./asking-side.ts";
import { BARE_TOKENS } from "./bare-peer.ts";
import { ECHO_ADDRESS, Echo, startBenchNode } from "./troupe-peer.ts";

const TOKENS = 1_000;
const PACE = { runMs: 500, warmMs: 1_500 };
const OPTIONS = { timeout: 30_000 } as const;
const FIRSTS = 1_000;
const WARM_FIRSTS = 2_000;
const SIZE_BYTES = 128;

async function ours(setting: Setting): Promise<RateVariant> {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("reader", url);
  const ref = node.refOf(Echo, ECHO_ADDRESS);
  return {
    kind: "rate",
    batch: TOKENS,
    pace: PACE,
    run: async (count) => {
      let completed = 0;
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= TOKENS) {
        const stream = ref.stream("tokens", { count: TOKENS }, OPTIONS);
        for await (const { token } of stream) if (token !== "") completed++;
        await stream.result;
      }
      return { completed, elapsedMs: watch.elapsedMs };
    },
    end: async () => {
      await node.stop();
      await end();
    },
  };
}

async function publishing(setting: Setting): Promise<RateVariant> {
  const { url, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  const inbox = "_INBOX_tokens";
  let completed = 0;
  let ended = (): void => {};
  connection.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.data.length === 0) ended();
      else if (message.json<{ readonly token: string }>().token !== "") completed++;
    },
  });
  return {
    kind: "rate",
    batch: TOKENS,
    pace: PACE,
    run: async (count) => {
      completed = 0;
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= TOKENS) {
        await new Promise<void>((resolve) => {
          ended = resolve;
          connection.publish(BARE_TOKENS, String(TOKENS), { reply: inbox });
        });
      }
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
  const ref = node.refOf(Echo, ECHO_ADDRESS);
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

/** Whole streams. */
export const remoteStream: Benchmark = {
  name: "remote stream",
  about:
    "One reader takes streams of 1,000 tokens from an actor on another node, one after the other.",
  unit: "tokens/s",
  better: "more",
  variants: { troupe: { make: ours }, "a publish each": { make: publishing } },
  rows: [{ name: "remote stream vs a publish each", against: ["a publish each"], goal: 2 }],
};

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
