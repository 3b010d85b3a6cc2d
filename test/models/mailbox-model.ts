/**
 * The mailbox and its overflow policies against an array.
 *
 * One actor with a small mailbox is told and asked, held up, and told of the ends of others meanwhile.
 * The reference is the array of what waits: a message is taken from its front when it is handled, and
 * a policy says what happens at its end. That may come while it is restarted.
 *
 * Checks S3 (order; the system lane first), S6 (overflow), S9 (what is left over), T3 (every message is
 * handled or counted).
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { ask, protocol, tell } from "../../runtime/protocol.ts";
import { TroupeError } from "../../runtime/troupe-error.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { type Gate, gate, ModelWorld, type Passing } from "./model-world.ts";

const Sink = protocol("sink@1", {
  put: tell<number>(),
  hold: tell<number>(),
  get: ask<number, number>(),
  crash: tell<number>(),
});
const Brief = protocol("brief@1", {});
const brief = actor(Brief, () => 0, {});

/** Actors whose ends the sink is told of. */
const OTHERS = 3;

type Command =
  | { readonly type: "put" | "hold" | "get" }
  | { readonly type: "open" }
  /** One of the others ends while the sink is held up. */
  | { readonly type: "news"; readonly other: number }
  | Passing;

interface Plan {
  readonly capacity: number;
  readonly onFull: "reject" | "drop-oldest" | "drop-newest";
  readonly commands: readonly Command[];
  /** It crashes before the end, and so many messages come while it is restarted. */
  readonly afterCrash: number | undefined;
  readonly end: "stop" | "drain" | "kill";
}

const put = fc.constant<Command>({ type: "put" });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: put },
  { weight: 3, arbitrary: fc.constant<Command>({ type: "hold" }) },
  { weight: 3, arbitrary: fc.constant<Command>({ type: "get" }) },
  { weight: 3, arbitrary: fc.constant<Command>({ type: "open" }) },
  {
    weight: 2,
    arbitrary: fc.nat(OTHERS - 1).map((other): Command => ({ type: "news", other })),
  },
  { weight: 5, arbitrary: passing(5) },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  capacity: fc.integer({ min: 1, max: 4 }),
  onFull: fc.constantFrom("reject", "drop-oldest", "drop-newest"),
  commands: listOf(command, 40),
  afterCrash: fc.option(fc.nat(4), { nil: undefined }),
  end: fc.constantFrom("stop", "drain", "kill"),
});

/** What became of a message: handled, or a reason why not. */
type Fate = "handled" | "failed" | "mailbox-full" | "stopped";

async function run(plan: Plan, seed: number): Promise<void> {
  const { capacity, onFull, commands, afterCrash, end } = plan;
  const world = new ModelWorld(seed);
  /** The reference: what waits, oldest first. */
  const waiting: number[] = [];
  const fates = new Map<number, Fate>();
  /** How asks ended; only their asker is told. */
  const asks = new Map<number, string>();
  /** Ends that the sink was not told of yet. */
  const news = new Set<string>();
  const gone = new Set<string>();
  let held: Gate | undefined;
  /** The message in hand, while it is awaited. */
  let inHand: number | undefined;
  let isEnding: boolean = false;
  let ended = false;
  let isRestarted: boolean = false;
  let messages = 0;

  const settle = (n: number, fate: Fate): void => {
    world.expect(!fates.has(n), `T1: message ${n} was ${fates.get(n)} and then ${fate}`);
    fates.set(n, fate);
  };
  const take = (n: number, fate: Fate = "handled"): void => {
    world.expect(!ended, `S9: message ${n} was handled after the end`);
    world.expect(news.size === 0, `S3, M2: message ${n} was handled before news of the runtime`);
    world.expect(inHand === undefined, `S1: ${n} was handled while ${inHand} was`);
    world.expect(waiting[0] === n, `S3: ${n} was handled, the oldest was ${waiting[0]}`);
    const at = waiting.indexOf(n);
    if (at >= 0) waiting.splice(at, 1);
    settle(n, fate);
  };
  const sink = actor(
    Sink,
    (others: readonly string[], ctx) => {
      // Of those that have ended it would be told again.
      if (!isRestarted) for (const other of others) ctx.watch(other);
      return 0;
    },
    {
      put: (_ctx, n) => take(n),
      get: (_ctx, n) => {
        take(n);
        return n;
      },
      hold: async (_ctx, n) => {
        take(n);
        inHand = n;
        const mine = gate();
        held = mine;
        // Nobody opens it any more.
        if (isEnding) mine.open();
        await mine.passed;
        inHand = undefined;
      },
      crash: (_ctx, n) => {
        take(n, "failed");
        isRestarted = true;
        throw new Error("crash");
      },
    },
    {
      backoff: { initial: 50, max: 50, jitter: 0 },
      terminated: (_ctx, { address }) => {
        world.expect(news.delete(address), `S12: told of ${address}, which had not ended`);
      },
    },
  );
  const others = Array.from({ length: OTHERS }, (_, i) =>
    world.system.spawn(brief, { name: `other-${i}` }),
  );
  const ref = world.system.spawn(sink, {
    name: "sink",
    input: others.map(({ address }) => address),
    mailbox: { capacity, onFull },
  });
  await world.settle();

  const expectFull = (n: number, isAsk: boolean, accepted: boolean | undefined): void => {
    if (waiting.length < capacity) {
      world.expect(accepted !== false, `S6: message ${n} was refused with room for it`);
      waiting.push(n);
    } else if (onFull === "drop-oldest") {
      world.expect(accepted !== false, `S6: drop-oldest refused message ${n}`);
      const oldest = waiting.shift() ?? -1;
      if (!asks.has(oldest)) settle(oldest, "mailbox-full");
      waiting.push(n);
    } else {
      world.expect(accepted !== true, `S6: message ${n} was taken into a full mailbox`);
      if (!isAsk) settle(n, "mailbox-full");
    }
  };
  const send = (type: "put" | "hold" | "get" | "crash"): void => {
    const n = messages++;
    if (type !== "get") {
      expectFull(n, false, ref.tell(type, n));
      return;
    }
    asks.set(n, "waits");
    const note = (how: string): void => {
      world.expect(asks.get(n) === "waits", `A1: ask ${n} settled twice`);
      asks.set(n, how);
    };
    ref.ask("get", n, { timeout: "1h" }).then(
      (value) => note(value === n ? "answered" : `answered with ${value}`),
      (error: unknown) => {
        note(error instanceof TroupeError ? `${error.code} ${error.outcome}` : String(error));
      },
    );
    expectFull(n, true, undefined);
  };

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "open") {
      held?.open();
      held = undefined;
    } else if (each.type === "news") {
      // Only while the sink is held up is it known when the news is queued.
      const other = others[each.other];
      if (held === undefined || other === undefined || gone.has(other.address)) continue;
      gone.add(other.address);
      await world.until(world.system.stop(other), 0, "S9: an idle actor stops at once");
      news.add(other.address);
    } else send(each.type);
    world.verdict();
  }
  world.verdict();

  if (afterCrash !== undefined) {
    await world.settle();
    while (held !== undefined) {
      const opened: Gate = held;
      held = undefined;
      opened.open();
      await world.settle();
    }
    send("crash");
    await world.settle();
    world.expect(isRestarted, "S3: the crash of an idle actor is its next message");
    for (let i = 0; i < afterCrash; i++) send("put");
  }
  isEnding = true;
  const stopped = world.system.stop(ref, end);
  ended = end !== "drain";
  const cut = end === "kill" ? inHand : undefined;
  held?.open();
  await world.until(stopped, 30_000, `S9: ${end} ends an actor`);
  ended = true;
  await world.settle();
  if (end === "drain") {
    world.expect(waiting.length === 0, `S9: drain left ${waiting.length} messages unhandled`);
  }
  for (const n of waiting) if (!asks.has(n)) settle(n, "stopped");
  for (const [n, how] of asks) {
    const expected =
      fates.get(n) === "handled"
        ? "answered"
        : waiting.includes(n)
          ? "actor.stopped never-ran"
          : "mailbox.full never-ran";
    world.expect(how === expected, `S6, S9: ask ${n} ended as ${how}, not as ${expected}`);
  }
  // T3: what was not handled is counted, once, with its reason.
  const dead = new Map(world.letters.map(({ body, reason }) => [body, reason]));
  world.expect(dead.size === world.letters.length, "T3: a message is two dead letters");
  for (let n = 0; n < messages; n++) {
    if (asks.has(n)) continue;
    const fate = fates.get(n);
    if (n === cut) continue; // It was handled in part; whether in time is not for a kill to wait.
    const expected = fate === "handled" ? undefined : fate;
    world.expect(dead.get(n) === expected, `T3: ${n} was ${fate}, its letter ${dead.get(n)}`);
  }
  await world.end();
}

/** See the file's header. */
export const mailbox: Model = model("mailbox", "S3, S6, S9, T1, T3", plans, run);
