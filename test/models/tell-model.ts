/**
 * Tells between actors that crash, restart and stop: none is lost without a trace.
 *
 * Two senders are told to tell two receivers, at once or a little later; all four live in one group,
 * so that a crash takes others down in the middle of their work. The reference gives every message one
 * fate: handled, a dead letter, or refused because its sender's generation was gone.
 *
 * Checks T1 (at most once, only what was sent), T2 (in order per pair), T3 (sent = handled + counted),
 * S1, S7 (a failed tell is a dead letter and is not tried again), S8 (queues survive, late sends are
 * fenced).
 */
import fc from "fast-check";
import { actor } from "../../runtime/actor.ts";
import { child } from "../../runtime/child-spec.ts";
import { protocol, tell } from "../../runtime/protocol.ts";
import type { RestartType, Strategy } from "../../runtime/supervision.ts";
import { supervisor } from "../../runtime/supervisor.ts";
import { isPassing, listOf, type Model, model, passing } from "./model.ts";
import { ModelWorld, type Passing } from "./model-world.ts";

/** What a sender is to send, `afterMs` from now; 0 for at once. */
interface Errand {
  readonly to: number;
  readonly count: number;
  readonly afterMs: number;
  readonly what: "plain" | "slow" | "bad";
}
interface Parcel {
  readonly n: number;
  readonly from: string;
  readonly what: Errand["what"];
}
const Sender = protocol("sender@1", { send: tell<Errand>(), crash: tell() });
const Receiver = protocol("receiver@1", { take: tell<Parcel>(), crash: tell() });
const SENDERS = ["s0", "s1"] as const;
const RECEIVERS = ["r0", "r1"] as const;
const ALL = [...SENDERS, ...RECEIVERS];

type Command =
  | { readonly type: "errand"; readonly sender: number; readonly errand: Errand }
  | { readonly type: "crash"; readonly who: number }
  | { readonly type: "stop"; readonly who: number; readonly how: "stop" | "drain" | "kill" }
  | Passing;

interface Plan {
  readonly capacity: number;
  readonly onFull: "reject" | "drop-oldest" | "drop-newest";
  readonly strategy: Strategy;
  readonly restart: RestartType;
  readonly commands: readonly Command[];
}

const who = fc.nat(ALL.length - 1);
const errand: fc.Arbitrary<Errand> = fc.record({
  to: fc.nat(RECEIVERS.length - 1),
  count: fc.integer({ min: 1, max: 4 }),
  afterMs: fc.constantFrom(0, 0, 1, 10, 40),
  what: fc.constantFrom("plain", "plain", "plain", "slow", "bad"),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("errand" as const),
      sender: fc.nat(SENDERS.length - 1),
      errand,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("crash" as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("stop" as const),
      who,
      how: fc.constantFrom("stop" as const, "drain" as const, "kill" as const),
    }),
  },
  { weight: 8, arbitrary: passing(15) },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  capacity: fc.integer({ min: 1, max: 6 }),
  onFull: fc.constantFrom("reject", "drop-oldest", "drop-newest"),
  strategy: fc.constantFrom("one-for-one", "one-for-all", "rest-for-one"),
  restart: fc.constantFrom("permanent", "transient", "transient", "temporary"),
  commands: listOf(command, 30),
});

/** The reference: what became of one message. */
interface Sent {
  readonly accepted: boolean;
  begun: number;
  /** Its handler ended well. */
  done: boolean;
}

async function run(plan: Plan, seed: number): Promise<void> {
  const { capacity, onFull, strategy, restart, commands } = plan;
  const world = new ModelWorld(seed);
  const sent = new Map<number, Sent>();
  /** The last message of a pair that was handled. */
  const lastOf = new Map<string, number>();
  const inHand = new Map<unknown, number>();
  let messages = 0;
  const options = {
    mailbox: { capacity, onFull },
    shutdown: 20,
    restart,
    backoff: { initial: 5, max: 5, jitter: 0 },
  } as const;

  const sender = actor(
    Sender,
    (name: string) => ({ name }),
    {
      send: async (ctx, { to, count, afterMs, what }) => {
        if (afterMs > 0) await world.after(afterMs);
        const ref = ctx.refOf(Receiver, `local/top/${RECEIVERS[to]}`);
        for (let i = 0; i < count; i++) {
          const n = messages++;
          const fencedBefore = world.system.fenced;
          const accepted = ref.tell("take", { n, from: ctx.state.name, what });
          if (world.system.fenced > fencedBefore) {
            world.expect(!accepted, `S8: message ${n} of a generation that is gone was taken`);
            continue;
          }
          sent.set(n, { accepted, begun: 0, done: false });
        }
      },
      crash: () => {
        throw new Error("crash");
      },
    },
    { ...options, mailbox: { capacity: 100 } },
  );
  const receiver = actor(
    Receiver,
    (name: string) => ({ name }),
    {
      take: async (ctx, { n, from, what }) => {
        const known = sent.get(n);
        world.expect(known !== undefined, `T1: message ${n} was never sent`);
        if (known === undefined) return;
        world.expect(++known.begun === 1, `T1: message ${n} was handled twice`);
        const pair = `${from} ${ctx.input}`;
        const last = lastOf.get(pair) ?? -1;
        world.expect(n > last, `T2: ${pair}: ${n} came after ${last}`);
        lastOf.set(pair, n);
        const other = inHand.get(ctx);
        world.expect(other === undefined, `S1: ${n} was handled while ${other} was`);
        inHand.set(ctx, n);
        if (what === "slow") await world.after(30);
        inHand.delete(ctx);
        if (what === "bad") throw new Error("bad");
        known.done = true;
      },
      crash: () => {
        throw new Error("crash");
      },
    },
    options,
  );
  const top = world.system.spawn(
    supervisor({
      strategy,
      intensity: { restarts: 1_000, within: "1h" },
      children: [
        ...SENDERS.map((name) => child(sender, { name, input: name })),
        ...RECEIVERS.map((name) => child(receiver, { name, input: name })),
      ],
    }),
    { name: "top" },
  );
  await world.until(top.ready, 0, "S10: the actors start");
  const senders = SENDERS.map((name) => world.system.refOf(Sender, `local/top/${name}`));
  const receivers = RECEIVERS.map((name) => world.system.refOf(Receiver, `local/top/${name}`));
  const all = [...senders, ...receivers];
  const crash = [
    ...senders.map((ref) => () => ref.tell("crash")),
    ...receivers.map((ref) => () => ref.tell("crash")),
  ];

  for (const each of commands) {
    if (isPassing(each)) await world.pass(each);
    else if (each.type === "errand") senders[each.sender]?.tell("send", each.errand);
    else {
      const ref = all[each.who];
      if (ref === undefined) continue;
      if (each.type === "stop") void world.system.stop(ref, each.how);
      else crash[each.who]?.();
    }
    world.verdict();
  }
  await world.advance(500);
  await world.end();

  /** T3: every message has exactly one fate. */
  const letters = new Map<number, string[]>();
  for (const { type, body, reason } of world.letters) {
    if (type !== "receiver.take@1") continue;
    const { n } = body as Parcel;
    letters.set(n, [...(letters.get(n) ?? []), reason]);
  }
  for (const [n, { accepted, begun, done }] of sent) {
    const reasons = letters.get(n) ?? [];
    const fates = reasons.length + (done ? 1 : 0);
    // A handler that was given up ends as it likes afterwards; its message is the letter already.
    const isCut = begun === 1 && reasons.length === 1 && reasons[0] === "stopped";
    world.expect(
      fates === 1 || isCut,
      `T3: ${n} was handled ${begun} times, done ${done}, letters: ${reasons.join()}`,
    );
    world.expect(
      !accepted || begun === 1 || reasons.length === 1,
      `T3: ${n} was accepted and vanished`,
    );
    world.expect(
      accepted || (begun === 0 && reasons.length === 1),
      `S6: ${n} was refused; handled ${begun} times, letters: ${reasons.join()}`,
    );
    world.expect(
      !reasons.includes("failed") || begun === 1,
      `S7: ${n} failed without having been handled`,
    );
  }
  world.verdict();
}

/** See the file's header. */
export const tells: Model = model("tell", "T1, T2, T3, S1, S6, S7, S8", plans, run);
