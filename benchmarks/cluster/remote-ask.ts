/**
 * Asks between two processes: callers that each wait for an answer before they ask again.
 *
 * The limits are the client's own `request` and a table of own inboxes, both with bytes that nobody
 * encodes. With one in flight the figure is the median time of an ask, otherwise asks per second.
 */
import type { Benchmark, RateVariant, RowSpec, Setting, VariantSpec } from "../benchmark.ts";
import { median } from "../samples.ts";
import { Stopwatch } from "../stopwatch.ts";
import {
  type AskingSide,
  askingMoleculer,
  askingOwnInbox,
  askingRequest,
  askingTroupe,
} from "./asking-side.ts";

type Start = (setting: Setting) => Promise<AskingSide>;

const WAYS: Readonly<Record<string, { readonly start: Start; readonly rival?: string }>> = {
  troupe: { start: askingTroupe },
  "NATS request": { start: askingRequest },
  "own inbox": { start: askingOwnInbox },
  moleculer: { start: askingMoleculer, rival: "moleculer" },
};

const LATENCIES = 2_000;
const WARM_LATENCIES = 3_000;

/** The median time of one ask after the other, in µs. */
function latencyOf(start: Start, sizeBytes: number): VariantSpec["make"] {
  return async (setting) => {
    const side = await start(setting);
    const body = new Uint8Array(sizeBytes);
    const measure = async (count: number): Promise<number> => {
      const timesUs: number[] = [];
      for (let i = 0; i < count; i++) {
        const startMs = performance.now();
        const { length } = await side.ask(body);
        timesUs.push((performance.now() - startMs) * 1_000);
        if (length !== sizeBytes) throw new Error(`asked for ${sizeBytes} bytes, got ${length}`);
      }
      return median(timesUs);
    };
    await measure(WARM_LATENCIES);
    return { kind: "figure", measure: () => measure(LATENCIES), end: side.end };
  };
}

/** Asks per second of `callers` at a time. */
function rateOf(start: Start, callers: number, sizeBytes: number): VariantSpec["make"] {
  return async (setting): Promise<RateVariant> => {
    const side = await start(setting);
    const body = new Uint8Array(sizeBytes);
    return {
      kind: "rate",
      batch: callers,
      pace: { runMs: 500, warmMs: 1_500 },
      run: async (count) => {
        let completed = 0;
        const caller = async (): Promise<void> => {
          for (let left = count / callers; left > 0; left--) {
            const { length } = await side.ask(body);
            if (length !== sizeBytes)
              throw new Error(`asked for ${sizeBytes} bytes, got ${length}`);
            completed++;
          }
        };
        const watch = new Stopwatch();
        await Promise.all(Array.from({ length: callers }, caller));
        return { completed, elapsedMs: watch.elapsedMs };
      },
      end: side.end,
    };
  };
}

interface Goals {
  readonly request?: number;
  readonly inbox?: number;
  readonly moleculer?: number;
}

function rowsOf(name: string, goals: Goals): readonly RowSpec[] {
  const rows: RowSpec[] = [];
  const against = (way: string, goal: number | undefined): void => {
    if (goal !== undefined) rows.push({ name: `${name} vs ${way}`, against: [way], goal });
  };
  against("NATS request", goals.request);
  against("own inbox", goals.inbox);
  against("moleculer", goals.moleculer);
  return rows;
}

function variantsOf(rows: readonly RowSpec[], make: (start: Start) => VariantSpec["make"]) {
  const names = new Set(["troupe", ...rows.flatMap(({ against }) => against)]);
  const variants: Record<string, VariantSpec> = {};
  for (const name of names) {
    const way = WAYS[name];
    if (way === undefined) throw new Error(`no way to ask by ${name}`);
    variants[name] = {
      make: make(way.start),
      ...(way.rival === undefined ? {} : { rival: way.rival }),
    };
  }
  return variants;
}

function asks(callers: number, sizeBytes: number, goals: Goals): Benchmark {
  const name = `remote ask ${callers}, ${sizeBytes} B`;
  const rows = rowsOf(name, goals);
  return {
    name,
    about: `${callers} callers ask an actor on another node to send ${sizeBytes} bytes back.`,
    unit: "asks/s",
    better: "more",
    variants: variantsOf(rows, (start) => rateOf(start, callers, sizeBytes)),
    rows,
  };
}

const ALONE = "remote ask 1, 128 B";
const ALONE_ROWS = rowsOf(ALONE, { request: 1, inbox: 0.8 });

/** One ask at a time: its median time. A goal of 0.8 is a time of at most 1.25 times the limit's. */
export const remoteAskAlone: Benchmark = {
  name: ALONE,
  about: "One caller asks an actor on another node to send 128 bytes back; the median time.",
  unit: "µs",
  better: "less",
  variants: variantsOf(ALONE_ROWS, (start) => latencyOf(start, 128)),
  rows: ALONE_ROWS,
};

/** 64 asks in flight. */
export const remoteAsk64: Benchmark = asks(64, 128, { request: 4, inbox: 1.3, moleculer: 2.5 });

/** 512 asks in flight. */
export const remoteAsk512: Benchmark = asks(512, 128, { request: 9, inbox: 1.7, moleculer: 5 });

/** Large bodies, 64 in flight. */
export const remoteAskLarge: Benchmark = asks(64, 4_096, { inbox: 0.8, moleculer: 1.5 });
