/**
 * The stash and offers against two arrays.
 *
 * One actor with a small mailbox puts messages aside while it is closed and takes them back when it is
 * opened; senders tell, and wait for room. It is held up, crashes and stops in between.
 *
 * Checks S6 (an offer waits for room, first come first served, and ends by its deadline), S8 (a restart
 * puts the stash back to the front), S9 and T3 (what is left over is counted), S3.
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { protocol, tell } from "../../runtime/protocol.ts";
import { isPassing, listOf, type Model, model } from "./model.ts";
import { type Gate, gate, ModelWorld, type Passing } from "./model-world.ts";

const Store = protocol("store@1", {
  put: tell<number>(),
  hold: tell<number>(),
  close: tell<number>(),
  open: tell<number>(),
  crash: tell<number>(),
});
const OPERATIONS = ["put", "hold", "close", "open", "crash"] as const;
/** Before a restart; every other span of time here is a multiple of it. */
const PAUSE_MS = 5;
type Operation = (typeof OPERATIONS)[number];

type Command =
  | { readonly type: "tell"; readonly operation: Operation }
  | { readonly type: "offer"; readonly operation: Operation; readonly timeoutMs: number }
  | { readonly type: "go" }
  | Passing;

interface Plan {
  readonly capacity: number;
  readonly onFull: "reject" | "drop-newest";
  readonly commands: readonly Command[];
  readonly end: "stop" | "kill";
}

const operation: fc.Arbitrary<Operation> = fc.constantFrom(
  "put",
  "put",
  "put",
  "put",
  "put",
  "hold",
  "close",
  "open",
  "crash",
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("tell" as const), operation }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("offer" as const),
      operation,
      // Never due at the instant of anything else, where the order is nobody's.
      timeoutMs: fc.integer({ min: 0, max: 12 }).map((n) => n * PAUSE_MS + 3),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Command>({ type: "go" }) },
  { weight: 3, arbitrary: fc.constant<Command>({ type: "settle" }) },
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 6 })
      .map((n): Command => ({ type: "advance", ms: n * PAUSE_MS })),
  },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  capacity: fc.integer({ min: 1, max: 4 }),
  onFull: fc.constantFrom("reject", "drop-newest"),
  commands: listOf(command, 40),
  end: fc.constantFrom("stop", "kill"),
});

/** An offer that waits. */
interface Waiting {
  readonly n: number;
  readonly deadlineMs: number;
}

async function run({ capacity, onFull, commands, end }: Plan, seed: number): Promise<void> {
  const world = new ModelWorld(seed);
  /** The reference: what is queued, what is put aside, who waits for room. */
  let queue: number[] = [];
  let stash: number[] = [];
  let offers: Waiting[] = [];
  const fates = new Map<number, "handled" | "mailbox-full" | "stopped" | "failed">();
  const told = new Map<number, boolean>();
  let held: Gate | undefined;
  let inHand: number | undefined;
  let isClosed: boolean = false;
  let isEnding: boolean = false;
  let messages = 0;

  const expire = (): void => {
    for (const { n, deadlineMs } of offers) {
      if (deadlineMs > world.nowMs) continue;
      fates.set(n, "mailbox-full");
      offers = offers.filter((one) => one.n !== n);
    }
  };
  const admit = (): void => {
    expire();
    while (queue.length < capacity) {
      const first = offers.shift();
      if (first === undefined) return;
      queue.push(first.n);
    }
  };
  const take = (n: number): void => {
    world.expect(!isEnding, `S9: ${n} was handled after the end`);
    world.expect(inHand === undefined, `S1: ${n} was handled while ${inHand} was`);
    if (queue.length === 0) admit();
    world.expect(queue[0] === n, `S3, S8: ${n} was handled; waiting: ${queue.join()}`);
    queue = queue.filter((one) => one !== n);
    world.expect(!fates.has(n), `T1: ${n} was handled, it was ${fates.get(n)} already`);
    admit();
  };
  const putBack = (): void => {
    queue = [...stash, ...queue];
    stash = [];
  };
  const store = actor(
    Store,
    () => {
      inHand = undefined;
      isClosed = false;
      return 0;
    },
    {
      put: (ctx, n) => {
        take(n);
        if (!isClosed) {
          fates.set(n, "handled");
          return;
        }
        const hasRoom = stash.length < capacity;
        world.expect(ctx.stash() === hasRoom, `S6: ${stash.length} of ${capacity} are stashed`);
        if (hasRoom) stash.push(n);
        else fates.set(n, "mailbox-full");
      },
      hold: async (_ctx, n) => {
        take(n);
        fates.set(n, "handled");
        inHand = n;
        held = gate();
        await held.passed;
        inHand = undefined;
      },
      close: (_ctx, n) => {
        take(n);
        fates.set(n, "handled");
        isClosed = true;
      },
      open: (ctx, n) => {
        take(n);
        fates.set(n, "handled");
        isClosed = false;
        ctx.unstash();
        putBack();
      },
      crash: (_ctx, n) => {
        take(n);
        fates.set(n, "failed");
        putBack();
        throw new Error("crash");
      },
    },
    {
      mailbox: { capacity, onFull },
      backoff: { initial: PAUSE_MS, max: PAUSE_MS, jitter: 0 },
      shutdown: 20,
    },
  );
  const ref = world.system.spawn(store, { name: "store" });
  let hasEnded: boolean = false;
  world.system.watch(ref, () => {
    hasEnded = true;
  });
  await world.settle();

  for (const each of commands) {
    if (hasEnded) break;
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "go") {
      held?.open();
      held = undefined;
    } else {
      const n = messages++;
      const hasRoom = queue.length < capacity && offers.length === 0;
      if (each.type === "tell") {
        const accepted = ref.tell(each.operation, n);
        world.expect(accepted === hasRoom, `S6: ${n} accepted: ${accepted}, room: ${hasRoom}`);
        if (accepted) queue.push(n);
        else fates.set(n, "mailbox-full");
      } else {
        const { operation, timeoutMs } = each;
        ref.offer(operation, n, { timeout: timeoutMs }).then(
          (queued) => told.set(n, queued),
          () => world.expect(false, `S6: offer ${n} rejected`),
        );
        if (hasRoom) queue.push(n);
        else if (offers.length < capacity) {
          offers.push({ n, deadlineMs: world.nowMs + timeoutMs });
        } else fates.set(n, "mailbox-full");
      }
    }
    await world.settle();
    admit();
    world.verdict();
  }
  isEnding = true;
  const stopped = world.system.stop(ref, end);
  held?.open();
  await world.until(stopped, 1_000, "S9: it ends");
  await world.settle();
  for (const n of [...stash, ...queue, ...offers.map((one) => one.n)]) fates.set(n, "stopped");
  const dead = new Map(world.letters.map(({ body, reason }) => [body, reason]));
  world.expect(dead.size === world.letters.length, "T3: a message is two dead letters");
  for (let n = 0; n < messages; n++) {
    const fate = fates.get(n);
    const letter = dead.get(n);
    // One that was cut short is a letter as well.
    const fits =
      fate === "handled" ? letter === undefined || letter === "stopped" : letter === fate;
    world.expect(fits, `T3: ${n} was ${fate}, its letter ${letter}`);
  }
  for (const [n, queued] of told) {
    const isDue = fates.get(n) !== "mailbox-full" && fates.get(n) !== "stopped";
    world.expect(queued || !isDue, `S6: offer ${n} was told ${queued} and ${fates.get(n)}`);
  }
  await world.end();
}

/** See the file's header. */
export const stashes: Model = model("stash", "S3, S6, S8, S9, T3", plans, run);
