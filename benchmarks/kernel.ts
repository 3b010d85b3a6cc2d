/**
 * How close the kernel comes to the bare loop that it cannot beat.
 *
 * Tell fan-in: four senders each tell one actor in turn, in batches that fit its mailbox; counted
 * where the handler counts. The rival is an array of new messages, filled and emptied by a plain
 * loop that calls a handler by name: the same payloads, no actor.
 */
import { actor, ask, createSystem, protocol, silentLog, tell } from "../runtime/index.ts";
import { type Report, row } from "./report.ts";

const MESSAGES = 1_000_000;
const BATCH = 1_000;
const SENDERS = 4;
const ROUNDS = 7;
const GOAL = 0.25;

const Counter = protocol("counter@1", { add: tell<number>(), total: ask<undefined, number>() });
const counter = actor(Counter, () => ({ total: 0 }), {
  add: (ctx, n) => {
    ctx.state.total += n;
  },
  total: (ctx) => ctx.state.total,
});

/** Messages handled per second. */
async function tellFanIn(): Promise<number> {
  const system = createSystem({ log: silentLog });
  const ref = system.spawn(counter);
  const refs = Array.from({ length: SENDERS }, () => system.refOf(Counter, ref.address));
  await ref.ready;
  const startMs = performance.now();
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    for (let i = 0; i < BATCH / SENDERS; i++) {
      for (const sender of refs) sender.tell("add", 1);
    }
    await ref.ask("total");
  }
  const elapsedMs = performance.now() - startMs;
  const handled = await ref.ask("total");
  await system.shutdown();
  if (handled !== MESSAGES) throw new Error(`handled ${handled} of ${MESSAGES}`);
  return (handled / elapsedMs) * 1_000;
}

/** The same work without actors. */
async function bareLoop(): Promise<number> {
  const state = { total: 0 };
  const handlers: Record<string, (of: { total: number }, n: number) => void> = {
    add: (of, n) => {
      of.total += n;
    },
  };
  const queue: { readonly operation: string; readonly payload: number }[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    for (let i = 0; i < BATCH; i++) queue.push({ operation: "add", payload: 1 });
    for (const { operation, payload } of queue) handlers[operation]?.(state, payload);
    queue.length = 0;
    await Promise.resolve();
  }
  const elapsedMs = performance.now() - startMs;
  if (state.total !== MESSAGES) throw new Error(`handled ${state.total} of ${MESSAGES}`);
  return (MESSAGES / elapsedMs) * 1_000;
}

/** Runs the suite. */
export async function kernelSuite(seed: number): Promise<Report> {
  const ours: number[] = [];
  const rival: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await tellFanIn());
    rival.push(await bareLoop());
  }
  return {
    v: 1,
    suite: "kernel",
    seed,
    rows: [row("tell fan-in", "messages/s", { ours, rival }, GOAL)],
  };
}
