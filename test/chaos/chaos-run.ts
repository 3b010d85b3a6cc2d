/**
 * A chaos run: storms and single faults over real processes in turn, each followed by a quiet window, and the judgement of its history.
 *
 * Owns: the rounds. What befalls is `storm.ts` and `nemesis.ts`, what judges `test/invariants/`, what is told
 * of it `chaos-report.ts`.
 *
 * R1: a round ends in a quiet window: every fault is mended, every node serves, every key that is wanted acts,
 *     the flows pause, every task that was accepted is asked for until it has ended or its time is up.
 * R2: the history is judged as a whole, by every invariant.
 *
 * Cost: some 400 records a second; a minute of history about 6 MB.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "nats";
import { natsDurableQueue } from "../../cluster/stores/nats-durable-queue.ts";
import { natsKeyValues } from "../../cluster/stores/nats-key-values.ts";
import { createTasks } from "../../runtime/durable/create-tasks.ts";
import type { Tasks } from "../../runtime/durable/tasks.ts";
import { EventFeed } from "../../runtime/event-feed.ts";
import { silentLog } from "../../runtime/log.ts";
import { systemClock } from "../../runtime/ports/clock.ts";
import { seededRandom, systemRandom } from "../../runtime/ports/random.ts";
import { HistoryFile, machineMs, merged, recordsIn } from "../invariants/history-file.ts";
import { type Bounds, defaultBounds, type Verdict } from "../invariants/invariant.ts";
import { invariants } from "../invariants/invariants.ts";
import { Judgement } from "../invariants/judge.ts";
import { recordedTasks } from "../invariants/recorded-tasks.ts";
import { Recorder } from "../invariants/recorder.ts";
import { ToldMembership } from "../runtime/durable/tasks-under-test.ts";
import { ChaosProcess } from "./chaos-process.ts";
import { startChaosServers } from "./chaos-servers.ts";
import { ChaosTally } from "./chaos-tally.ts";
import { Fleet } from "./fleet.ts";
import { Nemesis } from "./nemesis.ts";
import { Recoveries } from "./recoveries.ts";
import { Crashes, drawnLoneFault, drawnStorm } from "./storm.ts";

/** How a run is made. */
export interface ChaosOptions {
  readonly seed: number;
  readonly servers: 1 | 3;
  readonly nodes: number;
  /** How many virtual actors of each type. */
  readonly keys: number;
  /** A round is begun only before that; at least a storm and a single fault are. */
  readonly forMs: number;
  /** How long a storm lasts, and about how far its faults are apart. */
  readonly stormMs: number;
  readonly everyMs: number;
  /** About how long each flow waits between two steps. */
  readonly paceMs: number;
  /** Where the history goes; what is there of a former run is removed. */
  readonly folder: string;
  /** By how much the machine may be slower than the bounds want; default 1. */
  readonly patience?: number;
  /** Told of each round. */
  readonly say?: (line: string) => void;
}

/** What came of it. */
export interface ChaosOutcome {
  readonly verdicts: readonly Verdict[];
  readonly recoveries: Recoveries;
  readonly tally: ChaosTally;
  readonly mishaps: readonly string[];
  readonly rounds: number;
  readonly tookMs: number;
}

const CLUSTER = "chaos";
/** How soon an owner is found for what somebody wants, on one server and on three. */
const MOVE_MS = { 1: 6_000, 3: 25_000 } as const;
/** How soon what was accepted has ended once all is well; the longest hand-over, or an election and a retry. */
const SETTLE_MS = 12_000;
/** How late an ask may settle: 100 ms are promised of a machine that has nothing else to do. */
const ASK_MS = 1_000;
const BACK_MS = 60_000;
const POLL_MS = 250;
const AT_A_TIME = 16;

/** Makes a run. */
export async function chaosRun(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, servers: size, folder, patience = 1, say = () => {} } = options;
  const startMs = systemClock.monotonicMs();
  const random = seededRandom(seed);
  const names = Array.from({ length: options.nodes }, (_, n) => `n${n + 1}`);
  const keys = Array.from({ length: options.keys }, (_, n) => `k${n + 1}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const files = [join(folder, "harness.jsonl")];
  const file = new HistoryFile(files[0] ?? "");
  const recorder = new Recorder({
    node: "harness",
    life: "1",
    nowMs: machineMs,
    write: file.write,
  });
  const servers = await startChaosServers(size, names);
  const connection = await connect({
    servers: servers.url.split(","),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1_000,
  });
  let isStorming: boolean = false;
  const crashes = new Crashes(random.fork("crashes"));
  const fleet = new Fleet({
    names,
    recorder,
    nextCrash: () => (isStorming ? crashes.next() : undefined),
    start: (name, life, crashAt) => {
      const history = join(folder, `${name}-${life}.jsonl`);
      files.push(history);
      const { paceMs } = options;
      const nats = servers.urlOf(name);
      return new ChaosProcess(
        { name, life, nats, cluster: CLUSTER, history, seed, names, keys, paceMs },
        crashAt,
      );
    },
  });
  const nemesis = new Nemesis({ fleet, servers, recorder, connection, cluster: CLUSTER });
  const reader = recordedTasks(tasksOf(), recorder);
  const outcomes = new Map<string, boolean>();
  let rounds = 0;
  try {
    fleet.start();
    await fleet.allUp(BACK_MS);
    await fleet.flow();
    do {
      // Storms show what breaks, single faults how soon it is mended.
      isStorming = ++rounds % 2 === 1;
      const draw = isStorming ? drawnStorm : drawnLoneFault;
      const storm = draw(random.fork(`round ${rounds}`), {
        nodes: names,
        servers: size,
        forMs: options.stormMs,
        everyMs: options.everyMs,
      });
      await nemesis.storm(storm);
      isStorming = false;
      await fleet.disarm();
      await fleet.allUp(BACK_MS * patience);
      recorder.tell({ type: "run.healed" });
      await fleet.want(MOVE_MS[size] * patience);
      await fleet.pause();
      const open = await settle();
      await fleet.stock();
      recorder.tell({ type: "run.quiet" });
      say(`round ${rounds}: ${storm.length} faults, ${outcomes.size} tasks so far, ${open} open`);
      await fleet.flow();
    } while (rounds < 2 || systemClock.monotonicMs() - startMs < options.forMs);
    await fleet.pause();
  } finally {
    await fleet.end();
    await connection.close();
    await servers.end();
    file.close();
  }
  const bounds: Partial<Bounds> = {
    askMs: ASK_MS * patience,
    flightMs: defaultBounds.flightMs,
    moveMs: MOVE_MS[size] * patience,
  };
  const tookMs = systemClock.monotonicMs() - startMs;
  return { ...judged(files, bounds, size), mishaps: fleet.mishaps, rounds, tookMs };

  /** Asks for the outcome of every task until all have ended or their time is up; how many have not. */
  async function settle(): Promise<number> {
    for (const path of files)
      for (const record of recordsIn(path))
        if (record.type === "task.confirmed" && !outcomes.has(record.task))
          outcomes.set(record.task, false);
    const untilMs = systemClock.monotonicMs() + SETTLE_MS * patience;
    for (;;) {
      const open = [...outcomes].flatMap(([task, hasEnded]) => (hasEnded ? [] : [task]));
      const asking = open.values();
      const askNext = async (): Promise<void> => {
        for (const task of asking) {
          const outcome = await reader.outcomeOf(task).catch(() => undefined);
          if (outcome !== undefined) outcomes.set(task, true);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, askNext));
      const left = open.filter((task) => outcomes.get(task) === false).length;
      if (left === 0 || systemClock.monotonicMs() > untilMs) return left;
      await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
    }
  }

  function tasksOf(): Tasks {
    const own = systemRandom();
    const kept = { cluster: CLUSTER, replicas: size };
    return createTasks({
      queue: natsDurableQueue(connection, kept),
      keyValues: natsKeyValues(connection, { ...kept, random: own.fork("stores") }),
      clock: systemClock,
      membership: new ToldMembership("harness", new Map()),
      random: own,
      events: new EventFeed("harness", systemClock),
      log: silentLog,
    });
  }
}

/** What the files of a run come to. */
function judged(
  files: readonly string[],
  bounds: Partial<Bounds>,
  servers: number,
): Pick<ChaosOutcome, "verdicts" | "recoveries" | "tally"> {
  const judgement = new Judgement(invariants, bounds);
  const recoveries = new Recoveries(servers);
  const tally = new ChaosTally();
  for (const record of merged(files.map(recordsIn))) {
    judgement.see(record);
    recoveries.see(record);
    tally.see(record);
  }
  return { verdicts: judgement.verdicts(), recoveries, tally };
}
