/**
 * Streams of small chunks, read to their end: each chunk a new object, with credit and sequence.
 *
 * The limit is an async generator iterated directly.
 */
import { actor, createSystem, protocol, silentLog, stream } from "../../runtime/index.ts";
import type { Benchmark, RateVariant } from "../benchmark.ts";
import { Stopwatch } from "../stopwatch.ts";

const CHUNKS = 1_000;

interface Chunk {
  readonly token: number;
}

const Counter = protocol("counter@1", {
  count: stream<{ readonly to: number }, Chunk, { readonly sum: number }>(),
});

const counter = actor(Counter, () => undefined, {
  async *count(_ctx, { to }) {
    let sum = 0;
    for (let token = 1; token <= to; token++) {
      sum += token;
      yield { token };
    }
    return { sum };
  },
});

async function ours(): Promise<RateVariant> {
  const system = createSystem({ log: silentLog });
  const ref = system.spawn(counter);
  await ref.ready;
  return {
    kind: "rate",
    batch: CHUNKS,
    run: async (count) => {
      let completed = 0;
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= CHUNKS) {
        const chunks = ref.stream("count", { to: CHUNKS });
        let sum = 0;
        for await (const { token } of chunks) {
          sum += token;
          completed++;
        }
        const result = await chunks.result;
        if (result.sum !== sum) throw new Error(`the chunks' sum is ${sum}, not ${result.sum}`);
      }
      return { completed, elapsedMs: watch.elapsedMs };
    },
    end: () => system.shutdown(),
  };
}

async function* bareCount(to: number): AsyncGenerator<Chunk, void> {
  for (let token = 1; token <= to; token++) yield { token };
}

function bare(): RateVariant {
  return {
    kind: "rate",
    batch: CHUNKS,
    run: async (count) => {
      let completed = 0;
      let sum = 0;
      const watch = new Stopwatch();
      for (let left = count; left > 0; left -= CHUNKS) {
        for await (const { token } of bareCount(CHUNKS)) {
          sum += token;
          completed++;
        }
      }
      const { elapsedMs } = watch;
      if (sum !== (count / CHUNKS) * ((CHUNKS * (CHUNKS + 1)) / 2))
        throw new Error("a chunk is wrong");
      return { completed, elapsedMs };
    },
  };
}

/** Chunks of one stream after the other. */
export const streaming: Benchmark = {
  name: "stream",
  about: "One reader takes streams of 1,000 small chunks, one after the other.",
  unit: "chunks/s",
  better: "more",
  variants: { troupe: { make: ours }, "bare generator": { make: bare } },
  rows: [{ name: "stream vs bare generator", against: ["bare generator"], goal: 0.15 }],
};
