import { actor, ask, createSystem, protocol, tell } from "troupe";

const Counter = protocol("counter@1", {
  add: tell<number>(),
  total: ask<undefined, number>(),
});

const counter = actor(Counter, (input: { start: number }) => ({ total: input.start }), {
  add: (ctx, n) => {
    ctx.state.total += n;
  },
  total: (ctx) => ctx.state.total,
});

const system = createSystem();
const ref = system.spawn(counter, { name: "clicks", input: { start: 40 } });
ref.tell("add", 2);
process.stdout.write(`total: ${await ref.ask("total")}\n`);
await system.shutdown();
