/** A timer is a message to oneself, a topic reaches whoever has subscribed, and a watch tells of an end. */
import { actor, ask, createSystem, protocol, tell } from "troupe";

const Ticker = protocol("ticker@1", { tick: tell() });
const ticker = actor(
  Ticker,
  (_: undefined, ctx) => {
    ctx.timers.every("pace", "10ms", "tick"); // gone with a restart or a stop
    return { ticks: 0 };
  },
  {
    tick: (ctx) => {
      ctx.state.ticks += 1;
      ctx.publish("ticks", ctx.state.ticks); // on every node, to each subscriber at most once
      if (ctx.state.ticks === 3) ctx.stop();
    },
  },
);

const Guest = protocol("guest@1", {
  heard: tell<number>(),
  story: ask<undefined, readonly string[]>(),
});
const guest = actor(
  Guest,
  (_: undefined, ctx) => {
    ctx.subscribe("ticks", "heard");
    ctx.watch(ctx.spawn(ticker, { name: "ticker" })); // an address will do, of any node
    return { story: [] as string[], isOver: false };
  },
  {
    heard: (ctx, tick) => {
      ctx.state.story.push(`tick ${tick}`);
    },
    story: (ctx) => {
      if (!ctx.state.isOver) ctx.stash(); // answered later
      return ctx.state.story;
    },
  },
  {
    terminated: (ctx, { address, reason }) => {
      ctx.state.story.push(`${address} ended: ${reason}`);
      ctx.state.isOver = true;
      ctx.unstash();
    },
  },
);

const system = createSystem();
const story = await system.spawn(guest, { name: "guest" }).ask("story");
process.stdout.write(`${story.join("\n")}\n`);
await system.shutdown();
