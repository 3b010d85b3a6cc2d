/** What the types of protocols, definitions and refs must refuse; compiled, never run. */
import {
  actor,
  ask,
  child,
  createSystem,
  protocol,
  stream,
  supervisor,
  tell,
} from "../../runtime/index.ts";

const Summariser = protocol("summariser@1", {
  reset: tell(),
  cost: ask<{ sinceMs: number }, { usd: number }>(),
  total: ask<undefined, number>(),
  summarise: stream<{ text: string }, { token: string }, { tokens: number }>(),
});
const summariser = actor(
  Summariser,
  async (_input: { model: string }, ctx) => ({ usd: 0, at: ctx.signal.aborted }),
  {
    reset: (ctx) => {
      ctx.state.usd = 0;
    },
    cost: (ctx, { sinceMs }) => ({ usd: ctx.state.usd + sinceMs * ctx.input.model.length }),
    total: (ctx) => ctx.state.usd,
    async *summarise(ctx, { text }) {
      for (const token of text.split(" ")) {
        if (ctx.signal.aborted) break;
        yield { token };
      }
      return { tokens: 9 };
    },
  },
);
const plain = actor(Summariser, () => ({ usd: 0 }), {
  reset: () => {},
  cost: () => ({ usd: 1 }),
  total: () => 1,
  async *summarise() {
    yield { token: "" };
    return { tokens: 1 };
  },
});

export async function use(): Promise<void> {
  const system = createSystem();
  const ref = system.spawn(summariser, { name: "s1", input: { model: "auto" } });
  ref.tell("reset") satisfies boolean;
  (await ref.ask("cost", { sinceMs: 0 }, { timeout: "2s" })).usd satisfies number;
  (await ref.ask("total")) satisfies number;
  (await ref.ask("total", undefined, { timeout: "2s" })) satisfies number;
  const chunks = ref.stream("summarise", { text: "a b" });
  for await (const { token } of chunks) token satisfies string;
  (await chunks.result).tokens satisfies number;
  system.spawn(plain);
  system.spawn(
    supervisor({ children: [child(plain), child(summariser, { input: { model: "m" } })] }),
  );

  // @ts-expect-error wrong payload
  await ref.ask("cost", { sinceMs: "x" });
  // @ts-expect-error an ask on a tell
  await ref.ask("reset");
  // @ts-expect-error a tell on an ask
  ref.tell("cost", { sinceMs: 0 });
  // @ts-expect-error unknown operation
  ref.tell("nope");
  // @ts-expect-error missing payload
  await ref.ask("cost");
  // @ts-expect-error options in the place of the payload
  await ref.ask("total", { timeout: "2s" });
  // @ts-expect-error a payload that is not taken
  ref.tell("reset", 1);
  // @ts-expect-error missing input
  system.spawn(summariser, { name: "s2" });
  // @ts-expect-error wrong input
  system.spawn(summariser, { input: { model: 1 } });
  // @ts-expect-error missing input of a child
  child(summariser, { name: "s3" });
  // @ts-expect-error unknown strategy
  supervisor({ strategy: "one-for-two", children: [] });
}

// @ts-expect-error missing handler
actor(Summariser, () => ({ usd: 0 }), { cost: () => ({ usd: 1 }), total: () => 1 });
actor(Summariser, () => ({ usd: 0 }), {
  reset() {},
  // @ts-expect-error wrong reply
  cost: () => ({ usd: "x" }),
  total: () => 1,
  async *summarise() {
    yield { token: "" };
    return { tokens: 1 };
  },
});
actor(Summariser, () => ({ usd: 0 }), {
  reset() {},
  cost: () => ({ usd: 1 }),
  total: () => 1,
  // @ts-expect-error wrong chunk
  async *summarise() {
    yield { token: 1 };
    return { tokens: 1 };
  },
});
