/**
 * Tells between two processes, counted where they are received.
 *
 * The limit is one publish per message on the bare client, JSON of 128 bytes, which drops what it
 * cannot send and says nothing; a second one publishes bytes that nobody encodes or reads. With one in
 * flight each message, of bytes, waits until the one before has come back.
 */
import { connect, type NatsConnection } from "nats";
import { actor, type Node } from "../../index.ts";
import type { Benchmark, RateVariant, Setting, VariantSpec } from "../benchmark.ts";
import { median } from "../samples.ts";
import { Stopwatch } from "../stopwatch.ts";
import { startPeer } from "./asking-side.ts";
import { BARE_COUNT, BARE_PING, BARE_PONG, BARE_TELL, type BareTell } from "./bare-peer.ts";
import { ECHO_ADDRESS, Echo, Returns, startBenchNode } from "./troupe-peer.ts";

const SIZE_BYTES = 128;
/** With its operation, as JSON, 128 bytes. */
const TEXT = "x".repeat(95);
const BATCH = 8_192;
const PACE = { runMs: 500, warmMs: 1_500 };
const OPTIONS = { timeout: 30_000 } as const;
const ROUND_TRIPS = 2_000;
const WARM_ROUND_TRIPS = 3_000;

async function tellingTroupe(setting: Setting): Promise<RateVariant> {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("teller", url);
  const ref = node.refOf(Echo, ECHO_ADDRESS);
  let before = await ref.ask("counted", undefined, OPTIONS);
  return {
    kind: "rate",
    batch: BATCH,
    pace: PACE,
    run: async (count) => {
      const watch = new Stopwatch();
      for (let sent = 0; sent < count; sent++) {
        const body = { text: TEXT };
        // A full link refuses: whoever is faster than it waits.
        if (!ref.tell("count", body)) await ref.offer("count", body, OPTIONS);
      }
      const counted = await ref.ask("counted", undefined, OPTIONS);
      const completed = counted - before;
      before = counted;
      return { completed, elapsedMs: watch.elapsedMs };
    },
    end: async () => {
      await node.stop();
      await end();
    },
  };
}

/** One message after the other, each when the one before has come back. */
type RoundTrip = () => Promise<void>;

const bytes = new Uint8Array(SIZE_BYTES);
const publishBytes = (connection: NatsConnection): void => connection.publish(BARE_COUNT, bytes);
const publishJson = (connection: NatsConnection): void => {
  const told: BareTell = { operation: "count", text: TEXT };
  connection.publish(BARE_TELL, JSON.stringify(told));
};

async function publishing(
  setting: Setting,
  publish: (connection: NatsConnection) => void,
): Promise<RateVariant> {
  const { url, peer, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  const roundTrip = bareRoundTrip(connection);
  return {
    kind: "rate",
    batch: BATCH,
    pace: PACE,
    run: async (count) => {
      const watch = new Stopwatch();
      for (let sent = 1; sent <= count; sent++) {
        publish(connection);
        // Nothing brakes it: without a wait now and then the server cuts it off.
        if (sent % BATCH === 0) await connection.flush();
      }
      // One connection keeps its order: when this is back, all before it were counted.
      await roundTrip();
      const { elapsedMs } = watch;
      return { completed: await peer.count(), elapsedMs };
    },
    end: async () => {
      await connection.close();
      await end();
    },
  };
}

function bareRoundTrip(connection: NatsConnection): RoundTrip {
  const body = new Uint8Array(SIZE_BYTES);
  let back = (): void => {};
  connection.subscribe(BARE_PONG, { callback: () => back() });
  return () =>
    new Promise((resolve) => {
      back = resolve;
      connection.publish(BARE_PING, body);
    });
}

function troupeRoundTrip(node: Node): RoundTrip {
  const body = new Uint8Array(SIZE_BYTES);
  let back = (): void => {};
  const returns = actor(Returns, () => undefined, { pong: () => back() });
  const to = node.spawn(returns, { name: "returns" }).address;
  const ref = node.refOf(Echo, ECHO_ADDRESS);
  return () =>
    new Promise((resolve) => {
      back = resolve;
      ref.tell("ping", { to, body });
    });
}

async function medianUs(roundTrip: RoundTrip, count: number): Promise<number> {
  const timesUs: number[] = [];
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    await roundTrip();
    timesUs.push((performance.now() - startMs) * 1_000);
  }
  return median(timesUs);
}

const aloneTroupe: VariantSpec["make"] = async (setting) => {
  const { url, end } = await startPeer("troupe", setting);
  const node = await startBenchNode("teller", url);
  await node.refOf(Echo, ECHO_ADDRESS).ask("counted", undefined, OPTIONS);
  const roundTrip = troupeRoundTrip(node);
  await medianUs(roundTrip, WARM_ROUND_TRIPS);
  return {
    kind: "figure",
    measure: () => medianUs(roundTrip, ROUND_TRIPS),
    end: async () => {
      await node.stop();
      await end();
    },
  };
};

const aloneBare: VariantSpec["make"] = async (setting) => {
  const { url, end } = await startPeer("bare", setting);
  const connection = await connect({ servers: url });
  const roundTrip = bareRoundTrip(connection);
  await medianUs(roundTrip, WARM_ROUND_TRIPS);
  return {
    kind: "figure",
    measure: () => medianUs(roundTrip, ROUND_TRIPS),
    end: async () => {
      await connection.close();
      await end();
    },
  };
};

/** As many as go. */
export const remoteTell: Benchmark = {
  name: "remote tell, 128 B",
  about: "One program tells an actor on another node 128 bytes, as often as it takes them.",
  unit: "tells/s",
  better: "more",
  variants: {
    troupe: { make: tellingTroupe },
    "a publish each": { make: (setting) => publishing(setting, publishJson) },
    "a publish of bytes each": { make: (setting) => publishing(setting, publishBytes) },
  },
  rows: [
    { name: "remote tell, 128 B vs a publish each", against: ["a publish each"], goal: 2.2 },
    { name: "remote tell, 128 B vs a publish of bytes each", against: ["a publish of bytes each"] },
  ],
};

/** One at a time, there and back. */
export const remoteTellAlone: Benchmark = {
  name: "remote tell 1, 128 B",
  about:
    "A tell to another node that comes back as a tell, one at a time; the median time of both.",
  unit: "µs",
  better: "less",
  variants: { troupe: { make: aloneTroupe }, "a publish each": { make: aloneBare } },
  rows: [
    { name: "remote tell 1, 128 B vs a publish each", against: ["a publish each"], goal: 0.95 },
  ],
};
