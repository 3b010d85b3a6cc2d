/**
 * Keyed timers against a map from key to when it is due.
 *
 * One actor sets, replaces and cancels timers, is held up while they fire, restarts and stops. Time is
 * never late here, so that every instant is known.
 *
 * Checks S13 (a timer is a message to its actor, at its instant; gone once cancelled, replaced, restarted
 * or stopped, also when it was queued; at most one message of a periodic timer waits) and S1.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { protocol, tell } from "../../runtime/protocol.ts";
import { isPassing, listOf, type Model, model } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

interface Setting {
  readonly key: string;
  readonly ms: number;
}
interface Tick {
  readonly key: string;
  readonly id: number;
}
const Ticker = protocol("ticker@1", {
  after: tell<Setting>(),
  every: tell<Setting>(),
  cancel: tell<string>(),
  /** Busy for a while. */
  busy: tell<number>(),
  crash: tell(),
  tick: tell<Tick>(),
});

type Command =
  | { readonly type: "after" | "every"; readonly key: string; readonly ms: number }
  | { readonly type: "cancel"; readonly key: string }
  | { readonly type: "busy"; readonly ms: number }
  | { readonly type: "crash" }
  | Passing;

const key = fc.constantFrom("x", "y", "z");
const ms = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(16, 32, 9_000));
const period = fc.oneof(fc.integer({ min: 5, max: 40 }), fc.constantFrom(16, 32, 9_000));
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("after" as const), key, ms }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("every" as const), key, ms: period }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("cancel" as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("busy" as const),
      ms: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ type: "crash" }) },
  {
    weight: 6,
    arbitrary: fc.oneof(
      fc.integer({ min: 1, max: 50 }).map((ms): Command => ({ type: "advance", ms })),
      fc.constantFrom<Command>({ type: "turn" }, { type: "tick" }, { type: "settle" }),
    ),
  },
);

/** The reference: a timer that stands. */
interface Standing {
  readonly id: number;
  readonly setAtMs: number;
  /** 0 for one that fires once. */
  readonly periodMs: number;
  /** The earliest instant at which its next message may be handled. */
  dueMs: number;
}

async function run(commands: readonly Command[], seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const standing = new Map<string, Standing>();
  let ids = 0;
  let isBusy: boolean = false;
  let hasStopped: boolean = false;

  const set = ({ key, ms }: Setting, periodMs: number): Tick => {
    const id = ids++;
    const setAtMs = world.nowMs;
    standing.set(key, { id, setAtMs, periodMs, dueMs: setAtMs + ms });
    return { key, id };
  };
  const ticker = actor(
    Ticker,
    () => {
      standing.clear();
      isBusy = false;
      return 0;
    },
    {
      after: (ctx, setting) => {
        ctx.timers.after(setting.key, setting.ms, "tick", set(setting, 0));
      },
      every: (ctx, setting) => {
        ctx.timers.every(setting.key, setting.ms, "tick", set(setting, setting.ms));
      },
      cancel: (ctx, key) => {
        standing.delete(key);
        ctx.timers.cancel(key);
      },
      busy: async (_ctx, ms) => {
        isBusy = true;
        await world.after(ms);
        isBusy = false;
      },
      crash: () => {
        standing.clear();
        throw new Error("crash");
      },
      tick: (_ctx, { key, id }) => {
        const nowMs = world.nowMs;
        world.expect(!hasStopped, `S13: timer ${key} was handled after the stop`);
        world.expect(!isBusy, `S1: timer ${key} was handled while another message was`);
        const timer = standing.get(key);
        const stands = timer?.id === id;
        world.expect(stands, `S13: timer ${key} ${id} does not stand any more and was handled`);
        if (timer === undefined || !stands) return;
        world.expect(nowMs >= timer.dueMs, `S13: ${key} was due at ${timer.dueMs}, not yet`);
        if (timer.periodMs === 0) {
          standing.delete(key);
          return;
        }
        // The instants are multiples of the period from the setting on; those missed are skipped. At
        // one of them its own message may still be on its way.
        const periods = Math.ceil((nowMs - timer.setAtMs) / timer.periodMs);
        const atInstant = periods * timer.periodMs + timer.setAtMs === nowMs;
        const isOwn = atInstant && timer.dueMs === nowMs;
        timer.dueMs = timer.setAtMs + (isOwn ? periods + 1 : periods) * timer.periodMs;
      },
    },
    { backoff: { initial: 5, max: 5, jitter: 0 }, shutdown: 10 },
  );
  const ref = world.system.spawn(ticker, { name: "ticker", mailbox: { capacity: 50 } });
  await world.settle();

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "crash") ref.tell("crash");
    else if (each.type === "cancel") ref.tell("cancel", each.key);
    else if (each.type === "busy") ref.tell("busy", each.ms);
    else ref.tell(each.type, { key: each.key, ms: each.ms });
    world.verdict();
  }
  // Long enough for all that was asked of it; then every timer has fired up to now.
  await world.advance(2_000);
  const lastMs = Math.max(0, ...[...standing.values()].map(({ dueMs }) => dueMs));
  await world.advance(Math.max(0, lastMs - world.nowMs) + 2_000);
  for (const [key, { dueMs, periodMs }] of standing) {
    // Whether the message of the last instant came or was skipped is not known: one period of grace.
    const late = world.nowMs - dueMs;
    world.expect(late <= periodMs, `S13: ${key} was due at ${dueMs} and never handled`);
  }
  if (standing.size === 0) {
    // What the kernel itself set on the clock for a cancelled timer goes within a turn of its wheel.
    await world.advance(9_000);
    const { pending } = world.clock;
    world.expect(pending === 0, `S13: ${pending} timers of the clock are left`);
  }
  const stopped = world.system.stop(ref);
  hasStopped = true;
  await world.until(stopped, 100, "S9: it stops");
  await world.advance(10_000);
  await world.end();
}

/** See the file's header. */
export const timers: Model = model("timer", "S13, S1", listOf(command, 30), run);
