/**
 * Sends a node, a gateway and a client wrong messages, as many as one likes, and says what became of them.
 *
 * Owns: the course of a run. What is sent is a function of the seed, and so is what happens: the clock is
 * manual. Its neighbour `fuzz-world.ts` is what is attacked.
 *
 * Z1: nothing throws, not where it would be caught either, and after every round whoever does nothing wrong is
 *     served.
 * Z2: the heap is as large at the end as after the first tenth, give or take {@link MOST_GROWTH_BYTES}.
 * Z3: of each kind of line at most ten are logged per ten seconds, and no line is long, whatever is sent.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { unpack } from "../../cluster/wire/packing.ts";
import { messageOf } from "../../runtime/index.ts";
import { type Random, seededRandom } from "../../runtime/ports/random.ts";
import { frameVectors, greetingVectors } from "../cluster/wire/golden-vectors.ts";
import { DOORS, type Door, FuzzWorld } from "./fuzz-world.ts";
import { changedBytes, changedEnvelope, changedValue, oddFrame, oneOf } from "./mutation.ts";

/** How a run goes. */
export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Called after each round. */
  readonly progress?: (frames: number) => void;
}

/** What became of it. */
export interface FuzzReport {
  readonly v: 1;
  readonly suite: "fuzz";
  readonly seed: number;
  readonly frames: number;
  /** How many came in by which door. */
  readonly doors: Readonly<Record<Door, number>>;
  /** How many messages came through to an actor: the rest of the way was tried too. */
  readonly taken: number;
  readonly seconds: number;
  /** On the clock of what was attacked. */
  readonly simulatedSeconds: number;
  readonly heapGrowthBytes: number;
  readonly logLines: number;
  readonly logBytes: number;
  readonly longestLine: number;
  /** What was wrong, each in one line; empty when all held. */
  readonly faults: readonly string[];
}

/** Most of what is done with a message is done behind these doors. */
const BUSY: readonly Door[] = ["node", "client"];
const ROUND = 500;
const REST_EVERY = 50;
const PASS_MS = 1;
const MOST_GROWTH_BYTES = 16 * 1_024 * 1_024;
const MOST_LINE = 2_048;
/** Ten each of the node's transport, its gateway and the client's transport. */
const LINES_PER_WINDOW = 30;
const WINDOW_MS = 10_000;
const MOST_FAULTS = 10;
/** What a transport says of a throw behind it. */
const THREW = "the receiver of envelopes threw";

/** Runs it. */
export async function fuzz({ frames, seed, progress }: FuzzOptions): Promise<FuzzReport> {
  const random = seededRandom(seed);
  const sent = new Sent(random);
  const faults: string[] = [];
  let at = "before the first message";
  const failed = (thrown: unknown): void => {
    if (faults.length < MOST_FAULTS) faults.push(`${at}: ${messageOf(thrown)}`);
  };
  process.on("uncaughtException", failed);
  process.on("unhandledRejection", failed);
  const startedMs = performance.now();
  const world = await FuzzWorld.start(random.fork("world"));
  const doors: Record<Door, number> = {
    node: 0,
    topic: 0,
    greeting: 0,
    client: 0,
    gateway: 0,
    heartbeat: 0,
  };
  let heapBefore = 0;
  let done = 0;
  while (done < frames && faults.length < MOST_FAULTS) {
    await world.beginRound();
    for (let n = 0; n < ROUND && done < frames; n++) {
      const { door, bytes, manner } = sent.next(world);
      doors[door]++;
      done++;
      at = `message ${done} by ${door}, ${Buffer.from(bytes).toString("hex")}`;
      const threw = world.log.kinds.get(THREW);
      try {
        world.deliver(door, bytes, manner);
        world.pass(PASS_MS);
        if (world.log.kinds.get(THREW) !== threw) failed(THREW);
      } catch (thrown) {
        failed(thrown);
      }
      if (n % REST_EVERY === 0) await world.rest();
    }
    const fault = await world.faultAfterwards();
    if (fault !== undefined) failed(fault);
    if (heapBefore === 0 && done >= frames / 10) heapBefore = heapBytes();
    progress?.(done);
  }
  const heapGrowthBytes = heapBytes() - heapBefore;
  await world.end();
  process.off("uncaughtException", failed);
  process.off("unhandledRejection", failed);
  const { log, clock } = world;
  const windows = Math.ceil(clock.monotonicMs() / WINDOW_MS) + 1;
  if (heapGrowthBytes > MOST_GROWTH_BYTES) faults.push(`the heap grew by ${heapGrowthBytes} bytes`);
  for (const [kind, lines] of log.kinds)
    if (lines > windows * LINES_PER_WINDOW) faults.push(`${lines} lines said: ${kind}`);
  if (log.longest > MOST_LINE) faults.push(`a line had ${log.longest} characters`);
  return {
    v: 1,
    suite: "fuzz",
    seed,
    frames: done,
    doors,
    taken: world.taken,
    seconds: (performance.now() - startedMs) / 1_000,
    simulatedSeconds: clock.monotonicMs() / 1_000,
    heapGrowthBytes,
    logLines: log.lines,
    logBytes: log.bytes,
    longestLine: log.longest,
    faults,
  };
}

interface SentMessage {
  readonly door: Door;
  readonly bytes: Uint8Array;
  /** `wild` = it may spoil the link that it comes on. */
  readonly manner: "tame" | "wild";
}

/** What is sent. */
class Sent {
  readonly #random: Random;
  readonly #messages: readonly Buffer[];
  readonly #envelopes: readonly (readonly unknown[])[];
  readonly #greetings: readonly unknown[];

  constructor(random: Random) {
    this.#random = random;
    const frames = frameVectors().map(({ hex }) => Buffer.from(hex, "hex"));
    const greetings = greetingVectors().map(({ hex }) => Buffer.from(hex, "hex"));
    this.#messages = [...frames, ...greetings];
    this.#envelopes = frames.flatMap((bytes) => arrayIn(bytes)[4] as (readonly unknown[])[]);
    this.#greetings = greetings.map(arrayIn);
  }

  next(world: FuzzWorld): SentMessage {
    const random = this.#random;
    const door = random.int(4) === 0 ? oneOf(random, DOORS) : oneOf(random, BUSY);
    if (random.int(4) === 0) return { door, bytes: this.#changedMessage(), manner: "wild" };
    if (door === "greeting" || door === "heartbeat") {
      const bytes = this.#packed(changedValue(random, oneOf(random, this.#greetings)));
      return { door, bytes, manner: "wild" };
    }
    const envelopes = Array.from({ length: 1 + random.int(4) }, () =>
      changedEnvelope(random, oneOf(random, this.#envelopes), world.pools),
    );
    const manner = random.int(20) === 0 ? "wild" : "tame";
    const header = world.nextHeader(door);
    const said = manner === "wild" ? changedValue(random, header) : header;
    try {
      return { door, bytes: oddFrame(said as readonly unknown[], envelopes), manner };
    } catch {
      // What no writer carries is sent as bytes.
      return { door, bytes: this.#changedMessage(), manner: "wild" };
    }
  }

  #changedMessage(): Uint8Array {
    const random = this.#random;
    return changedBytes(random, oneOf(random, this.#messages), oneOf(random, this.#messages));
  }

  #packed(value: unknown): Uint8Array {
    try {
      return oddFrame([...(value as readonly unknown[])].slice(0, 4), []);
    } catch {
      return this.#changedMessage();
    }
  }
}

function arrayIn(bytes: Uint8Array): readonly unknown[] {
  const unpacked = unpack(bytes);
  if (!unpacked.ok || !Array.isArray(unpacked.value)) throw new Error("a vector is an array");
  return unpacked.value;
}

/** What is in use after everything that is not was collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}
