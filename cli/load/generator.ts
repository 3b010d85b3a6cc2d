/**
 * A generator process: sends its share of a load from a node of its own, and reports.
 *
 * Owns: this process. It is started by `generator-process.ts` and told what to do over its channel.
 *
 * G1: it ends with the command, whatever happens to it: when the channel closes, it exits.
 * G2: an interruption from the terminal is the command's business; it is told over the channel.
 * G3: it begins at the instant that all were given, so that their windows are one.
 */
import { type Node, startNode } from "../../cluster/index.ts";
import {
  errorRecord,
  type Pace,
  pinoLog,
  runLoadPart,
  seededRandom,
  systemClock,
  systemScheduler,
} from "../../runtime/index.ts";
import { credentialsOf } from "../credential-flags.ts";
import {
  type FromGenerator,
  GENERATOR_ROLE,
  type GeneratorPlan,
  type ToGenerator,
} from "./generator-plan.ts";
import { ProcessSampler } from "./process-sampler.ts";
import { type Sender, senderOf } from "./sender.ts";

const STOP_MS = 5_000;

interface Prepared {
  readonly plan: GeneratorPlan;
  readonly node: Node;
  readonly sender: Sender;
}

const stop = new AbortController();
let prepared: Promise<Prepared> | undefined;

function say(message: FromGenerator): void {
  // The channel may have closed just now; then there is nobody to tell.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

async function prepare(plan: GeneratorPlan): Promise<Prepared> {
  const node = await startNode({
    name: plan.name,
    roles: [GENERATOR_ROLE],
    ingress: "closed",
    nats: plan.nats,
    cluster: plan.cluster,
    ...credentialsOf(plan.credentials),
    log: pinoLog("error"),
  });
  const sender = await senderOf(plan, node);
  say({ type: "ready" });
  return { plan, node, sender };
}

async function run({ plan, node, sender }: Prepared, atMs: number): Promise<void> {
  const sampler = new ProcessSampler(systemClock);
  const part = await runLoadPart({
    clock: systemClock,
    scheduler: systemScheduler,
    random: seededRandom(plan.seed),
    send: sender.send,
    durationMs: plan.durationMs,
    warmupMs: plan.warmupMs,
    maxInFlight: plan.maxInFlight,
    drainMs: plan.drainMs,
    signal: stop.signal,
    startAtMs: systemClock.monotonicMs() + (atMs - systemClock.nowMs()),
    watch: (live) => {
      const sample = { atMs: live.elapsedMs - plan.warmupMs, ...sampler.read() };
      say({ type: "live", live, sample });
    },
    ...paceOf(plan),
  });
  sampler.stop();
  say({ type: "done", part });
  await sender.end();
  await node.stop({ deadline: STOP_MS });
  process.disconnect();
}

function paceOf({ pace, index, of }: GeneratorPlan): Pace {
  switch (pace.kind) {
    case "rate":
      return { rateHz: pace.rateHz, arrivals: pace.arrivals, share: { index, of } };
    case "instants":
      return { instants: pace.instants };
    case "concurrency":
      return { concurrency: pace.concurrency };
  }
}

process.on("disconnect", () => process.exit());
process.on("message", (message: ToGenerator) => {
  switch (message.type) {
    case "prepare":
      prepared = prepare(message.plan);
      prepared.catch(fail);
      return;
    case "begin":
      prepared?.then((ready) => run(ready, message.atMs)).catch(fail);
      return;
    case "stop":
      stop.abort();
      return;
  }
});

function fail(error: unknown): void {
  const { code, message } = errorRecord(error);
  say({ type: "failed", code, message });
}
