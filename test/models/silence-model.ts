/**
 * What an actor has running beside its mailbox: background tasks and the receive time-out.
 *
 * One actor starts tasks that end well, fail or outlive it, sets and calls off its receive time-out, is
 * held up, crashes and stops. The reference is one record per task and the instant of the last activity.
 * Time is never late here, so that every instant is known.
 *
 * Checks B1 (a result is told once, a failure fails the actor), B2 (of a generation that is gone nothing
 * comes), V1 to V3 (silence is told of when there was some, no later than twice its span, and only to the
 * generation that asked), S1.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { child } from "../../runtime/child-spec.ts";
import { protocol, tell } from "../../runtime/protocol.ts";
import { supervisor } from "../../runtime/supervisor.ts";
import { isPassing, listOf, type Model, model } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

interface Errand {
  readonly ms: number;
  readonly end: "resolves" | "rejects";
}
const Quiet = protocol("quiet@1", {
  start: tell<Errand>(),
  /** 0 calls the time-out off. */
  wait: tell<number>(),
  busy: tell<number>(),
  crash: tell(),
  done: tell<number>(),
  silent: tell<number>(),
});
const SHUTDOWN_MS = 15;
const PAUSE_MS = 5;

type Command =
  | ({ readonly type: "start" } & Errand)
  | { readonly type: "wait" | "busy"; readonly ms: number }
  | { readonly type: "crash" }
  | Passing;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("start" as const),
      ms: fc.constantFrom(0, 3, 10, 30, 60),
      end: fc.constantFrom("resolves", "resolves", "resolves", "rejects"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 7, 20, 40),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("busy" as const),
      ms: fc.constantFrom(0, 0, 0, 12, 50),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ type: "crash" }) },
  {
    weight: 6,
    arbitrary: fc.oneof(
      fc.integer({ min: 1, max: 40 }).map((ms): Command => ({ type: "advance", ms })),
      fc.constant<Command>({ type: "settle" }),
    ),
  },
);

/** The reference: what is known of one task. */
interface Task {
  readonly generation: number;
  /** When its work was over; absent while it is not. */
  endedAtMs: number | undefined;
  /** Its actor lived on in the same generation until then. */
  isInTime: boolean;
  readonly end: Errand["end"];
  told: number;
}

/** The reference: the silence that is waited for. */
interface Wait {
  readonly id: number;
  readonly spanMs: number;
}

async function run(commands: readonly Command[], seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  const tasks: Task[] = [];
  let generation = 0;
  /** A generation runs, as far as is known: a task's failure shows with the next one's start. */
  let isUp: boolean = false;
  let isBusy: boolean = false;
  let wait: Wait | undefined;
  let activeMs = 0;
  let ids = 0;
  /** The first wait of the present generation. */
  let firstId = 0;
  /**
   * Told of to a later generation. One message of each may come: what fell due while the actor was taken
   * down lies in its queue, which a restart keeps (S8).
   */
  const leftOver = new Set<number>();

  const handles = (what: string, generationOf: number): void => {
    world.expect(!isBusy, `S1: ${what} was handled while another message was`);
    world.expect(generationOf === generation, `S8: ${what} was handled by a generation gone by`);
    activeMs = world.nowMs;
  };
  const fails = (): void => {
    isUp = false;
    wait = undefined;
  };
  const quiet = actor(
    Quiet,
    () => {
      generation++;
      firstId = ids;
      isUp = true;
      isBusy = false;
      wait = undefined;
      return generation;
    },
    {
      start: (ctx, { ms, end }) => {
        handles("start", ctx.state);
        const n = tasks.length;
        const task: Task = { generation, endedAtMs: undefined, isInTime: false, end, told: 0 };
        tasks.push(task);
        ctx.task(async () => {
          if (ms > 0) await world.after(ms);
          task.endedAtMs = world.nowMs;
          task.isInTime = task.generation === generation;
          if (end === "resolves") return n;
          throw new Error(`task ${n}`);
        }, "done");
      },
      wait: (ctx, ms) => {
        handles("wait", ctx.state);
        wait = ms === 0 ? undefined : { id: ids++, spanMs: ms };
        if (wait === undefined) ctx.receiveTimeout(undefined);
        else ctx.receiveTimeout(ms, "silent", wait.id);
      },
      busy: async (ctx, ms) => {
        handles("busy", ctx.state);
        if (ms === 0) return;
        isBusy = true;
        await world.after(ms);
        if (ctx.state !== generation) return;
        isBusy = false;
        activeMs = world.nowMs;
      },
      crash: (ctx) => {
        handles("crash", ctx.state);
        fails();
        throw new Error("crash");
      },
      done: (ctx, n) => {
        handles(`the result of task ${n}`, ctx.state);
        const task = tasks[n];
        if (task === undefined) return world.expect(false, `B1: there is no task ${n}`);
        world.expect(task.isInTime, `B2: task ${n} ended after its generation and was told of`);
        world.expect(task.end === "resolves", `B1: task ${n} failed and was told of`);
        world.expect(++task.told === 1, `B1: the result of task ${n} was told twice`);
      },
      silent: (ctx, id) => {
        const silentMs = world.nowMs - activeMs;
        handles("silence", ctx.state);
        const isOld = id < firstId;
        if (isOld && !leftOver.has(id)) {
          leftOver.add(id);
          return;
        }
        world.expect(wait?.id === id, `V3: told of silence ${id}, waiting for ${wait?.id}`);
        const spanMs = wait?.spanMs ?? 0;
        world.expect(silentMs >= spanMs, `V1: told of ${spanMs} ms of silence after ${silentMs}`);
      },
    },
    { backoff: { initial: PAUSE_MS, max: PAUSE_MS, jitter: 0 }, shutdown: SHUTDOWN_MS },
  );
  const top = world.system.spawn(
    supervisor({
      intensity: { restarts: 1_000, within: "1h" },
      children: [child(quiet, { name: "quiet" })],
    }),
    { name: "top" },
  );
  await world.until(top.ready, 0, "S10: the actor starts");
  const ref = world.system.refOf(Quiet, "local/top/quiet");

  /** What must have happened by now, wherever nothing is on its way. */
  const checkRest = (): void => {
    if (!isUp || isBusy) return;
    const ended = tasks.filter((task) => task.generation === generation && task.isInTime);
    const failed = ended.find(({ end }) => end === "rejects");
    if (failed !== undefined) {
      const fromMs = Math.max(failed.endedAtMs ?? 0, activeMs);
      const isLate = world.nowMs > fromMs + SHUTDOWN_MS + PAUSE_MS;
      world.expect(!isLate, `B1: a task failed at ${failed.endedAtMs} and the actor went on`);
      return;
    }
    world.expect(
      ended.every(({ told }) => told === 1),
      "B1: the result of a task was not told",
    );
    const silentMs = world.nowMs - activeMs;
    const mostMs = wait === undefined ? Infinity : 2 * wait.spanMs;
    world.expect(silentMs <= mostMs, `V1: silent for ${silentMs} ms and not told`);
  };
  for (const each of commands) {
    if (isPassing(each)) {
      await world.pass(each);
      checkRest();
    } else if (each.type === "start") ref.tell("start", { ms: each.ms, end: each.end });
    else if (each.type === "crash") ref.tell("crash");
    else ref.tell(each.type, each.ms);
    world.verdict();
  }
  await world.advance(3_000);
  checkRest();
  const stopped = world.system.stop(ref);
  await world.until(stopped, SHUTDOWN_MS * 5, "S9: it stops");
  const handled = activeMs;
  await world.advance(10_000);
  world.expect(activeMs === handled, "V3: told of silence after the end");
  const { pending } = world.clock;
  world.expect(pending === 0, `V3: ${pending} timers of the clock are left`);
  await world.end();
}

/** See the file's header. */
export const silence: Model = model("silence", "B1, B2, V1, V2, V3, S1", listOf(command, 30), run);
